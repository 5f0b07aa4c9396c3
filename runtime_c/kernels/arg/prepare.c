/* ARG_MAX, ARG_MIN: input, axis (constant); output INT32 or INT64. */
#include "../common/prepare_common.h"
#include "arg.h"

static rlt_status prepare_arg(rlt_prepare_state *p, const rlt_op *op, uint32_t smallest) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    const rlt_tensor *input = rlt_input(p, op, 0);
    rlt_tensor *output = rlt_output(p, op, 0);
    int32_t axis, dims[RLT_MAX_RANK] = {0};
    uint32_t rank = 0, outer = 1, inner = 1, kernel;
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 1), 1, &axis, NULL));
    RLT_TRY(rlt_wrap_axis(p, input, input->rank, &axis));
    if (output->type != RLT_INT32 && output->type != RLT_INT64) {
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, output, "must be INT32 or INT64");
    }
    switch (input->type) {
    case RLT_FLOAT32: kernel = RLT_KERNEL_arg_f32; break;
    case RLT_INT8: kernel = RLT_KERNEL_arg_s8; break;
    case RLT_UINT8: kernel = RLT_KERNEL_arg_u8; break;
    case RLT_INT32: kernel = RLT_KERNEL_arg_s32; break;
    default: return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, input, "no kernel for this element type");
    }
    for (uint32_t i = 0; i < input->rank; i++) {
        if (i == (uint32_t)axis) continue;
        dims[rank++] = input->dims[i];
        if (i < (uint32_t)axis) outer *= (uint32_t)input->dims[i];
        else inner *= (uint32_t)input->dims[i];
    }
    if (!input->elements) return rlt_fail(p, RLT_ERROR_SHAPE, input, "has no elements to choose from");
    RLT_TRY(rlt_set_shape(p, output, rank, dims));
    rlt_arg_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_ARG_REFS,
                                     rlt_tasks(p, RLT_COST_ELEMENT, input->elements, (uint64_t)outer * inner));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = rlt_ref_of(p, output);
    k->outer = outer;
    k->axis = (uint32_t)input->dims[axis];
    k->inner = inner;
    k->smallest = smallest;
    k->wide = output->type == RLT_INT64;
    return RLT_OK;
}

rlt_status rlt_prepare_arg_max(rlt_prepare_state *p, const rlt_op *op) {
    return prepare_arg(p, op, 0);
}

rlt_status rlt_prepare_arg_min(rlt_prepare_state *p, const rlt_op *op) {
    return prepare_arg(p, op, 1);
}
