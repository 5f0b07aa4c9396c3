/* TRANSPOSE_CONV: output shape (constant), weights [out_c, h, w, in_c], input [batches, h, w, in_c], optional bias. */
#include "../common/prepare_channels.h"
#include "transpose_conv.h"

enum { PADDING, STRIDE_W, STRIDE_H, ACTIVATION }; /* fields of TransposeConvOptions */

typedef struct {
    rlt_tensor *input, *weights, *bias, *output;
    rlt_window window;
    int32_t activation;
    uint32_t tasks;
} conv;

/* Padding before the output, from the forward convolution that this one transposes (ComputePaddingHeightWidth). */
static int32_t pad_before(int32_t padding, int32_t out, int32_t kernel, int32_t stride) {
    const int64_t forward = ((int64_t)out + stride - 1) / stride;
    const int64_t missing = (forward - 1) * stride + kernel - out;
    return padding == 0 && missing > 0 ? (int32_t)(missing / 2) : 0;
}

static rlt_status read_conv(rlt_prepare_state *p, const rlt_op *op, conv *c) {
    const int32_t limit = 1 << 15;
    int32_t dims[4];
    RLT_TRY(rlt_operands(p, op, 3, 1));
    c->weights = rlt_input(p, op, 1);
    c->input = rlt_input(p, op, 2);
    c->bias = rlt_input(p, op, 3);
    c->output = rlt_output(p, op, 0);
    RLT_TRY(rlt_need_rank(p, c->weights, 4));
    RLT_TRY(rlt_need_rank(p, c->input, 4));
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 0), 4, dims, NULL));
    rlt_window *w = &c->window;
    w->batches = c->input->dims[0];
    w->in_h = c->input->dims[1];
    w->in_w = c->input->dims[2];
    w->in_c = c->input->dims[3];
    w->out_c = c->weights->dims[0];
    w->kernel_h = c->weights->dims[1];
    w->kernel_w = c->weights->dims[2];
    w->stride_h = rlt_option_i32(op, STRIDE_H, 0);
    w->stride_w = rlt_option_i32(op, STRIDE_W, 0);
    w->dilation_h = w->dilation_w = 1;
    const int32_t padding = rlt_option_u8(op, PADDING, 0);
    if (padding != 0 && padding != 1) return rlt_fail(p, RLT_ERROR_OPTION, NULL, "padding is neither SAME nor VALID");
    if (w->stride_h < 1 || w->stride_w < 1 || w->stride_h > limit || w->stride_w > limit || w->kernel_h < 1 ||
        w->kernel_w < 1 || w->kernel_h > limit || w->kernel_w > limit) {
        return rlt_fail(p, RLT_ERROR_OPTION, c->weights, "kernel or stride out of range");
    }
    if (c->weights->dims[3] != w->in_c || w->out_c < 1 || w->in_c < 1) {
        return rlt_fail(p, RLT_ERROR_SHAPE, c->weights, "channels differ from the input's");
    }
    if (dims[0] != w->batches || dims[3] != w->out_c || dims[1] > INT32_MAX / 4 || dims[2] > INT32_MAX / 4) {
        return rlt_fail(p, RLT_ERROR_SHAPE, c->output, "does not fit input and weights");
    }
    RLT_TRY(rlt_set_shape(p, c->output, 4, dims));
    w->out_h = dims[1];
    w->out_w = dims[2];
    w->pad_top = pad_before(padding, w->out_h, w->kernel_h, w->stride_h);
    w->pad_left = pad_before(padding, w->out_w, w->kernel_w, w->stride_w);
    c->activation = rlt_option_u8(op, ACTIVATION, RLT_ACT_NONE);
    c->tasks = rlt_tasks(p, (uint64_t)c->input->elements * (c->weights->elements / (uint32_t)w->in_c),
                         (uint64_t)w->batches * w->out_h);
    return RLT_OK;
}

static rlt_status prepare_f32(rlt_prepare_state *p, const rlt_op *op, const conv *c) {
    RLT_TRY(rlt_need_type(p, c->weights, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, c->output, RLT_FLOAT32));
    RLT_TRY(rlt_need_bias(p, c->bias, (uint32_t)c->window.out_c, RLT_FLOAT32));
    float low, high;
    RLT_TRY(rlt_range_f32(p, c->activation, &low, &high));
    rlt_transpose_conv_f32_params *k =
        rlt_add_step(p, op, RLT_KERNEL_transpose_conv_f32, sizeof *k, RLT_TRANSPOSE_CONV_REFS, c->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, c->input);
    k->output = rlt_ref_of(p, c->output);
    k->weights = rlt_ref_of(p, c->weights);
    k->bias = rlt_ref_of(p, c->bias);
    k->window = c->window;
    k->low = low;
    k->high = high;
    return RLT_OK;
}

static rlt_status prepare_s8(rlt_prepare_state *p, const rlt_op *op, const conv *c) {
    const uint32_t out_c = (uint32_t)c->window.out_c;
    rlt_ref channels;
    int32_t low, high;
    RLT_TRY(rlt_add_channels(p, c->input, c->weights, c->bias, c->output, out_c, c->weights->elements / out_c, 1, 0,
                             &channels));
    RLT_TRY(rlt_range_s8(p, c->output, c->activation, &low, &high));
    rlt_transpose_conv_s8_params *k =
        rlt_add_step(p, op, RLT_KERNEL_transpose_conv_s8, sizeof *k, RLT_TRANSPOSE_CONV_REFS, c->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, c->input);
    k->output = rlt_ref_of(p, c->output);
    k->weights = rlt_ref_of(p, c->weights);
    k->channels = channels;
    k->window = c->window;
    k->input_zero_point = rlt_zero_point(c->input, 0);
    k->weights_zero_point = rlt_zero_point(c->weights, 0);
    k->output_zero_point = rlt_zero_point(c->output, 0);
    k->low = low;
    k->high = high;
    return RLT_OK;
}

rlt_status rlt_prepare_transpose_conv(rlt_prepare_state *p, const rlt_op *op) {
    conv c = {0};
    RLT_TRY(read_conv(p, op, &c));
    switch (c.input->type) {
    case RLT_FLOAT32: return prepare_f32(p, op, &c);
    case RLT_INT8: return prepare_s8(p, op, &c);
    default: return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, c.input, "TRANSPOSE_CONV takes FLOAT32 or INT8");
    }
}
