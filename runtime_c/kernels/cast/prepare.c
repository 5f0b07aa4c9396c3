/* CAST. The types are those of the tensors; the options repeat them. */
#include "../move/prepare_move.h"
#include "cast.h"

static int castable(uint32_t type) {
    switch (type) {
    case RLT_FLOAT32:
    case RLT_BOOL:
    case RLT_INT8:
    case RLT_UINT8:
    case RLT_INT16:
    case RLT_UINT16:
    case RLT_INT32:
    case RLT_UINT32:
    case RLT_INT64: return 1;
    default: return 0;
    }
}

rlt_status rlt_prepare_cast(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    rlt_tensor *input = rlt_input(p, op, 0), *output = rlt_output(p, op, 0);
    if (!castable(input->type)) return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, input, "cannot be cast");
    if (!castable(output->type)) return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, output, "cannot be cast to");
    RLT_TRY(rlt_same_shape(p, output, input));
    if (input->type == output->type) return rlt_share_or_copy(p, op, output, input);
    rlt_cast_params *k = rlt_add_step(p, op, RLT_KERNEL_cast, sizeof *k, RLT_CAST_REFS,
                                      rlt_tasks(p, RLT_COST_SELECT, output->elements, output->elements));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = rlt_ref_of(p, output);
    k->count = output->elements;
    k->input_type = input->type;
    k->output_type = output->type;
    return RLT_OK;
}
