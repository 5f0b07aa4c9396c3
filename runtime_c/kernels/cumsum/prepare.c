/* CUMSUM: input, axis (constant). */
#include "../common/prepare_common.h"
#include "cumsum.h"

enum { EXCLUSIVE, REVERSE }; /* fields of CumsumOptions */

rlt_status rlt_prepare_cumsum(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    rlt_tensor *input = rlt_input(p, op, 0), *output = rlt_output(p, op, 0);
    int32_t axis;
    uint32_t kernel, outer = 1, inner = 1;
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 1), 1, &axis, NULL));
    RLT_TRY(rlt_wrap_axis(p, input, input->rank, &axis));
    RLT_TRY(rlt_need_type(p, output, input->type));
    RLT_TRY(rlt_same_shape(p, output, input));
    switch (input->type) {
    case RLT_FLOAT32: kernel = RLT_KERNEL_cumsum_f32; break;
    case RLT_INT32: kernel = RLT_KERNEL_cumsum_s32; break;
    case RLT_INT64: kernel = RLT_KERNEL_cumsum_s64; break;
    default: return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, input, "no kernel for this element type");
    }
    for (int32_t i = 0; i < (int32_t)input->rank; i++) {
        if (i < axis) outer *= (uint32_t)input->dims[i];
        if (i > axis) inner *= (uint32_t)input->dims[i];
    }
    rlt_may_overwrite(p, output, input);
    rlt_cumsum_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_CUMSUM_REFS,
                                        rlt_tasks(p, RLT_COST_ELEMENT, input->elements, (uint64_t)outer * inner));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = rlt_ref_of(p, output);
    k->outer = outer;
    k->axis = (uint32_t)input->dims[axis];
    k->inner = inner;
    k->exclusive = rlt_option_u8(op, EXCLUSIVE, 0) != 0;
    k->reverse = rlt_option_u8(op, REVERSE, 0) != 0;
    return RLT_OK;
}
