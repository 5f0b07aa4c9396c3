/* AVERAGE_POOL_2D and MAX_POOL_2D: input [batches, h, w, channels]. */
#include "../common/prepare_common.h"
#include "../common/prepare_s8.h"
#include "pool_2d.h"

/* Fields of Pool2DOptions. */
enum { PADDING, STRIDE_W, STRIDE_H, FILTER_WIDTH, FILTER_HEIGHT, ACTIVATION };

static rlt_status prepare_pool(rlt_prepare_state *p, const rlt_op *op, uint32_t kernel_f32, uint32_t kernel_s8,
                               int is_average) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    const rlt_tensor *input = rlt_input(p, op, 0);
    rlt_tensor *output = rlt_output(p, op, 0);
    RLT_TRY(rlt_need_rank(p, input, 4));
    RLT_TRY(rlt_need_type(p, output, input->type));
    rlt_window w = {0};
    w.out_c = input->dims[3];
    w.kernel_h = rlt_option_i32(op, FILTER_HEIGHT, 0);
    w.kernel_w = rlt_option_i32(op, FILTER_WIDTH, 0);
    w.stride_h = rlt_option_i32(op, STRIDE_H, 0);
    w.stride_w = rlt_option_i32(op, STRIDE_W, 0);
    w.dilation_h = w.dilation_w = 1;
    RLT_TRY(rlt_prepare_window(p, input, output, rlt_option_u8(op, PADDING, 0), &w));
    /* Vectors can divide by no more. */
    if ((int64_t)w.kernel_h * w.kernel_w > 65536 && is_average) kernel_s8 = RLT_KERNEL_average_pool_2d_s8;
    const int core = rlt_has(p, RLT_ISA_MVE) || rlt_has(p, RLT_ISA_DSP);
    if (core && !is_average) kernel_s8 = RLT_CORE_KERNEL(p, max_pool_2d_s8);
    if (core && is_average && (int64_t)w.kernel_h * w.kernel_w < 256) { /* sums of 16 bits */
        kernel_s8 = RLT_CORE_KERNEL(p, average_pool_2d_s8);
    }
    const int32_t activation = rlt_option_u8(op, ACTIVATION, RLT_ACT_NONE);
    const uint64_t taps = (uint64_t)output->elements * (uint32_t)w.kernel_h * (uint32_t)w.kernel_w;
    const rlt_cost_kind cost = input->type == RLT_FLOAT32 ? RLT_COST_POOL_F32
                               : input->type == RLT_INT8  ? RLT_COST_POOL_S8
                                                          : RLT_COST_ELEMENT;
    const uint32_t tasks = rlt_tasks(p, cost, taps, (uint64_t)w.batches * w.out_h);
    if (input->type == RLT_FLOAT32) {
        float low, high;
        RLT_TRY(rlt_range_f32(p, activation, &low, &high));
        rlt_pool_2d_f32_params *k = rlt_add_step(p, op, kernel_f32, sizeof *k, RLT_POOL_2D_REFS, tasks);
        if (!k) return RLT_ERROR_MEMORY;
        k->input = rlt_ref_of(p, input);
        k->output = rlt_ref_of(p, output);
        k->window = w;
        k->low = low;
        k->high = high;
        rlt_may_stream(p, output, input, &w, 1);
        return RLT_OK;
    }
    const int narrow = (int64_t)w.kernel_h * w.kernel_w < 65536; /* sums of 32 bits */
    const uint32_t average_s16 = narrow ? RLT_CORE_KERNEL(p, average_pool_2d_s16) : RLT_KERNEL_average_pool_2d_s16;
    if (input->type == RLT_INT16) kernel_s8 = is_average ? average_s16 : RLT_CORE_KERNEL(p, max_pool_2d_s16);
    else if (input->type != RLT_INT8)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, input, "pools take FLOAT32, INT16 or INT8");
    int32_t low, high;
    RLT_TRY(rlt_need_per_tensor(p, input));
    RLT_TRY(rlt_need_per_tensor(p, output));
    RLT_TRY(rlt_need_same_scale(p, input, output));
    RLT_TRY(rlt_range_s8(p, output, activation, &low, &high));
    rlt_pool_2d_s8_params *k = rlt_add_step(p, op, kernel_s8, sizeof *k, RLT_POOL_2D_REFS, tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = rlt_ref_of(p, output);
    k->window = w;
    k->low = low;
    k->high = high;
    rlt_may_stream(p, output, input, &w, 1);
    return RLT_OK;
}

rlt_status rlt_prepare_average_pool_2d(rlt_prepare_state *p, const rlt_op *op) {
    return prepare_pool(p, op, RLT_S8_KERNEL(p, average_pool_2d_f32), RLT_S8_KERNEL(p, average_pool_2d_s8), 1);
}

rlt_status rlt_prepare_max_pool_2d(rlt_prepare_state *p, const rlt_op *op) {
    return prepare_pool(p, op, RLT_S8_KERNEL(p, max_pool_2d_f32), RLT_S8_KERNEL(p, max_pool_2d_s8), 0);
}

rlt_status rlt_prepare_l2_pool_2d(rlt_prepare_state *p, const rlt_op *op) {
    const rlt_tensor *input = rlt_input(p, op, 0);
    if (input && input->type != RLT_FLOAT32)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, input, "L2_POOL_2D takes FLOAT32");
    return prepare_pool(p, op, RLT_KERNEL_l2_pool_2d_f32, RLT_KERNEL_max_pool_2d_s8, 0);
}
