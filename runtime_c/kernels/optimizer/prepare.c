/* rillet.APPLY_SGD and its kin: variable, averages (resources), gradient, learning rate, other scalars; no output. */
#include "../common/prepare_f32.h"
#include "../common/prepare_common.h"
#include "optimizer.h"

static rlt_status prepare_optimizer(rlt_prepare_state *p, const rlt_op *op, uint32_t kernel, uint32_t averages,
                                    uint32_t scalars) {
    const uint32_t inputs = 2 + averages + scalars;
    if (op->input_count != inputs) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "wrong number of inputs");
    RLT_TRY(rlt_operands(p, op, inputs, 0));
    rlt_tensor *gradient = rlt_input(p, op, 1 + averages);
    RLT_TRY(rlt_need_type(p, gradient, RLT_FLOAT32));
    for (uint32_t i = 0; i <= averages; i++) RLT_TRY(rlt_bind_variable(p, rlt_input(p, op, i), gradient));
    const uint64_t operations = (uint64_t)gradient->elements * (1 + averages);
    const uint32_t pieces = (gradient->elements + RLT_OPTIMIZER_PIECE - 1) / RLT_OPTIMIZER_PIECE;
    rlt_optimizer_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_OPTIMIZER_REFS,
                                           rlt_tasks(p, RLT_COST_OPERATION, operations, pieces));
    if (!k) return RLT_ERROR_MEMORY;
    k->variable = rlt_ref_of(p, rlt_input(p, op, 0));
    k->gradient = rlt_ref_of(p, gradient);
    k->first = rlt_ref_of(p, averages > 0 ? rlt_input(p, op, 1) : NULL);
    k->second = rlt_ref_of(p, averages > 1 ? rlt_input(p, op, 2) : NULL);
    for (uint32_t i = 0; i < RLT_OPTIMIZER_SCALARS; i++) {
        const rlt_tensor *scalar = i < scalars ? rlt_input(p, op, 2 + averages + i) : NULL;
        if (scalar) {
            RLT_TRY(rlt_need_type(p, scalar, RLT_FLOAT32));
            if (scalar->elements != 1) return rlt_fail(p, RLT_ERROR_SHAPE, scalar, "must be one value");
        }
        k->scalars[i] = rlt_ref_of(p, scalar);
    }
    k->count = gradient->elements;
    return RLT_OK;
}

#define OPTIMIZER(name, averages, scalars) \
    rlt_status rlt_prepare_apply_##name(rlt_prepare_state *p, const rlt_op *op) { \
        return prepare_optimizer(p, op, RLT_S8_KERNEL(p, apply_##name##_f32), averages, scalars); \
    }

OPTIMIZER(sgd, 0, 1)
OPTIMIZER(momentum, 1, 2)
OPTIMIZER(nesterov, 1, 2)
OPTIMIZER(adam, 2, 6)
OPTIMIZER(rmsprop, 2, 4)
OPTIMIZER(adagrad, 1, 2)
