/* rillet.ACTIVATION_GRADIENT (y, dy; dx) of fused activations and rillet.GELU_GRADIENT (x, dy; dx). */
#include "../common/prepare_common.h"
#include "../common/prepare_f32.h"
#include "activation_gradient.h"

enum { FUSED_ACTIVATION = 0, APPROXIMATE = 0 }; /* fields of AddOptions, GeluOptions */

static rlt_status prepare(rlt_prepare_state *p, const rlt_op *op, uint32_t kernel, uint32_t cost, float low, float high) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    rlt_tensor *value = rlt_input(p, op, 0), *dy = rlt_input(p, op, 1), *dx = rlt_output(p, op, 0);
    RLT_TRY(rlt_need_type(p, value, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, dy, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, dx, RLT_FLOAT32));
    if (value->elements != dy->elements) return rlt_fail(p, RLT_ERROR_SHAPE, dy, "has not the shape of the values");
    RLT_TRY(rlt_same_shape(p, dx, dy));
    rlt_may_overwrite(p, dx, dy);
    rlt_may_overwrite(p, dx, value);
    const uint32_t tasks = rlt_tasks(p, RLT_COST_OPERATION, (uint64_t)dx->elements * cost, dx->elements);
    rlt_activation_gradient_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_ACTIVATION_GRADIENT_REFS,
                                                     tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->value = rlt_ref_of(p, value);
    k->dy = rlt_ref_of(p, dy);
    k->dx = rlt_ref_of(p, dx);
    k->count = dx->elements;
    k->low = low;
    k->high = high;
    return RLT_OK;
}

rlt_status rlt_prepare_activation_gradient(rlt_prepare_state *p, const rlt_op *op) {
    const int32_t activation = rlt_option_u8(op, FUSED_ACTIVATION, RLT_ACT_NONE);
    if (activation == RLT_ACT_TANH) return prepare(p, op, RLT_S8_KERNEL(p, tanh_gradient_f32), 3, 0.0f, 0.0f);
    float low, high;
    RLT_TRY(rlt_range_f32(p, activation, &low, &high));
    return prepare(p, op, RLT_S8_KERNEL(p, clamp_gradient_f32), 2, low, high);
}

rlt_status rlt_prepare_gelu_gradient(rlt_prepare_state *p, const rlt_op *op) {
    if (rlt_option_u8(op, APPROXIMATE, 0)) return prepare(p, op, RLT_S8_KERNEL(p, gelu_tanh_gradient_f32), 40, 0.0f, 0.0f);
    return prepare(p, op, RLT_S8_KERNEL(p, gelu_gradient_f32), 40, 0.0f, 0.0f);
}
