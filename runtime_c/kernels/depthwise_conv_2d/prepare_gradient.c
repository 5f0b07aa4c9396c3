/* rillet.DEPTHWISE_CONV_2D_INPUT_GRADIENT (filter, dy, input shape; dx) and rillet.DEPTHWISE_CONV_2D_FILTER_GRADIENT (input,
 * dy, filter shape; dw). Options are those of the convolution. */
#include "../common/prepare_common.h"
#include "../common/prepare_f32.h"
#include "gradient.h"

/* Fields of DepthwiseConv2DOptions. */
enum { PADDING, STRIDE_W, STRIDE_H, MULTIPLIER, ACTIVATION, DILATION_W, DILATION_H };

static rlt_status read_window(rlt_prepare_state *p, const rlt_op *op, const int32_t *input, const int32_t *filter,
                              const rlt_tensor *dy, rlt_window *w) {
    RLT_TRY(rlt_need_type(p, dy, RLT_FLOAT32));
    for (int i = 0; i < 4; i++)
        if (input[i] < 1 || filter[i] < 1) return rlt_fail(p, RLT_ERROR_SHAPE, NULL, "a size is not positive");
    if (filter[0] != 1 || filter[3] % input[3])
        return rlt_fail(p, RLT_ERROR_SHAPE, dy, "output channels are not a multiple of the input's");
    if (rlt_option_u8(op, ACTIVATION, RLT_ACT_NONE) != RLT_ACT_NONE)
        return rlt_fail(p, RLT_ERROR_OPTION, NULL, "a gradient has no fused activation");
    *w = (rlt_window){
        .out_c = filter[3], .kernel_h = filter[1], .kernel_w = filter[2],
        .stride_h = rlt_option_i32(op, STRIDE_H, 0), .stride_w = rlt_option_i32(op, STRIDE_W, 0),
        .dilation_h = rlt_option_i32(op, DILATION_H, 1), .dilation_w = rlt_option_i32(op, DILATION_W, 1),
    };
    return rlt_gradient_window(p, input, dy, rlt_option_u8(op, PADDING, 0), w);
}

rlt_status rlt_prepare_depthwise_conv_2d_input_gradient(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 3, 1));
    const rlt_tensor *filter = rlt_input(p, op, 0), *dy = rlt_input(p, op, 1);
    rlt_tensor *dx = rlt_output(p, op, 0);
    int32_t shape[4];
    rlt_window w;
    RLT_TRY(rlt_need_type(p, filter, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, dx, RLT_FLOAT32));
    RLT_TRY(rlt_need_rank(p, filter, 4));
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 2), 4, shape, NULL));
    RLT_TRY(read_window(p, op, shape, filter->dims, dy, &w));
    RLT_TRY(rlt_set_shape(p, dx, 4, shape));
    const int32_t multiplier = w.out_c / w.in_c;
    rlt_depthwise_input_gradient_params *k = rlt_add_step(
        p, op, multiplier == 1 ? RLT_S8_KERNEL(p, depthwise_input_gradient_f32) : RLT_KERNEL_depthwise_input_gradient_f32,
        sizeof *k, RLT_DEPTHWISE_GRADIENT_REFS,
        rlt_tasks(p, RLT_COST_OPERATION, (uint64_t)dy->elements * (uint32_t)w.kernel_h * (uint32_t)w.kernel_w,
                  (uint64_t)w.batches * (uint32_t)w.in_h));
    if (!k) return RLT_ERROR_MEMORY;
    k->filter = rlt_ref_of(p, filter);
    k->dy = rlt_ref_of(p, dy);
    k->dx = rlt_ref_of(p, dx);
    k->window = w;
    k->multiplier = multiplier;
    return RLT_OK;
}

rlt_status rlt_prepare_depthwise_conv_2d_filter_gradient(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 3, 1));
    const rlt_tensor *input = rlt_input(p, op, 0), *dy = rlt_input(p, op, 1);
    rlt_tensor *dw = rlt_output(p, op, 0);
    int32_t shape[4];
    rlt_window w;
    RLT_TRY(rlt_need_type(p, input, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, dw, RLT_FLOAT32));
    RLT_TRY(rlt_need_rank(p, input, 4));
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 2), 4, shape, NULL));
    RLT_TRY(read_window(p, op, input->dims, shape, dy, &w));
    RLT_TRY(rlt_set_shape(p, dw, 4, shape));
    const int32_t multiplier = w.out_c / w.in_c;
    rlt_depthwise_filter_gradient_params *k = rlt_add_step(
        p, op, multiplier == 1 ? RLT_S8_KERNEL(p, depthwise_filter_gradient_f32) : RLT_KERNEL_depthwise_filter_gradient_f32,
        sizeof *k, RLT_DEPTHWISE_GRADIENT_REFS,
        rlt_tasks(p, RLT_COST_OPERATION, (uint64_t)dy->elements * (uint32_t)w.kernel_h * (uint32_t)w.kernel_w,
                  (uint64_t)w.kernel_h * (uint32_t)w.kernel_w));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->dy = rlt_ref_of(p, dy);
    k->dw = rlt_ref_of(p, dw);
    k->window = w;
    k->multiplier = multiplier;
    return RLT_OK;
}
