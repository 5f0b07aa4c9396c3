/* LOG_SOFTMAX and L2_NORMALIZATION, over the last dimension. */
#include "../common/prepare_common.h"
#include "normalize.h"

enum { ACTIVATION }; /* field of L2NormOptions */

static rlt_status add_rows(rlt_prepare_state *p, const rlt_op *op, uint32_t kernel) {
    rlt_tensor *input = rlt_input(p, op, 0), *output = rlt_output(p, op, 0);
    RLT_TRY(rlt_need_type(p, output, input->type));
    if (input->rank < 1 || !input->elements) return rlt_fail(p, RLT_ERROR_SHAPE, input, "has no last dimension");
    RLT_TRY(rlt_same_shape(p, output, input));
    rlt_may_overwrite(p, output, input);
    const uint32_t depth = (uint32_t)input->dims[input->rank - 1], rows = input->elements / depth;
    rlt_normalize_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_NORMALIZE_REFS,
                                           rlt_tasks(p, RLT_COST_SOFTMAX_S8, input->elements, rows));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = rlt_ref_of(p, output);
    k->rows = rows;
    k->depth = depth;
    k->zero_point = input->scale_count ? rlt_zero_point(input, 0) : 0;
    return RLT_OK;
}

rlt_status rlt_prepare_log_softmax(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    RLT_TRY(rlt_need_type(p, rlt_input(p, op, 0), RLT_FLOAT32));
    return add_rows(p, op, RLT_KERNEL_log_softmax_f32);
}

rlt_status rlt_prepare_l2_normalization(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    const rlt_tensor *input = rlt_input(p, op, 0), *output = rlt_output(p, op, 0);
    if (rlt_option_u8(op, ACTIVATION, 0)) {
        return rlt_fail(p, RLT_ERROR_OPTION, NULL, "L2_NORMALIZATION takes no fused activation");
    }
    if (input->type == RLT_FLOAT32) return add_rows(p, op, RLT_KERNEL_l2_normalization_f32);
    RLT_TRY(rlt_need_type(p, input, RLT_INT8));
    RLT_TRY(rlt_need_per_tensor(p, input));
    RLT_TRY(rlt_need_per_tensor(p, output));
    if (rlt_scale(output, 0) != 1.0f / 128 || rlt_zero_point(output, 0) != 0) {
        return rlt_fail(p, RLT_ERROR_QUANTIZATION, output, "must have scale 1/128 and zero point 0");
    }
    if (input->rank && input->dims[input->rank - 1] > 1 << 15) {
        return rlt_fail(p, RLT_ERROR_SHAPE, input, "more than 32768 values to sum up");
    }
    return add_rows(p, op, RLT_KERNEL_l2_normalization_s8);
}
