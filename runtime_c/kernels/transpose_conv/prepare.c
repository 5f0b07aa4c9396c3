/* TRANSPOSE_CONV: output shape (constant), weights [out_c, h, w, in_c], input [batches, h, w, in_c], optional bias.
 * Convolution2DTransposeBias, MediaPipe's custom operator: input, weights, bias; it computes its output's shape. */
#include "../common/prepare_channels.h"
#include "../common/prepare_f32.h"
#include "../window_16/prepare_window_16.h"
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

static rlt_status check_window(rlt_prepare_state *p, conv *c) {
    const int32_t limit = 1 << 15;
    RLT_TRY(rlt_need_rank(p, c->weights, 4));
    RLT_TRY(rlt_need_rank(p, c->input, 4));
    rlt_window *w = &c->window;
    w->batches = c->input->dims[0];
    w->in_h = c->input->dims[1];
    w->in_w = c->input->dims[2];
    w->in_c = c->input->dims[3];
    w->out_c = c->weights->dims[0];
    w->kernel_h = c->weights->dims[1];
    w->kernel_w = c->weights->dims[2];
    w->dilation_h = w->dilation_w = 1;
    if (w->stride_h < 1 || w->stride_w < 1 || w->stride_h > limit || w->stride_w > limit || w->kernel_h < 1 ||
        w->kernel_w < 1 || w->kernel_h > limit || w->kernel_w > limit) {
        return rlt_fail(p, RLT_ERROR_OPTION, c->weights, "kernel or stride out of range");
    }
    if (c->weights->dims[3] != w->in_c || w->out_c < 1 || w->in_c < 1) {
        return rlt_fail(p, RLT_ERROR_SHAPE, c->weights, "channels differ from the input's");
    }
    const uint64_t macs = (uint64_t)c->input->elements * (c->weights->elements / (uint32_t)w->in_c);
    const rlt_cost_kind cost = c->input->type == RLT_FLOAT32 ? RLT_COST_TRANSPOSE_CONV_F32 : RLT_COST_TRANSPOSE_CONV_S8;
    c->tasks = rlt_tasks(p, cost, macs, (uint64_t)w->batches * (uint64_t)w->in_h);
    return RLT_OK;
}

static rlt_status read_conv(rlt_prepare_state *p, const rlt_op *op, conv *c) {
    int32_t dims[4];
    RLT_TRY(rlt_operands(p, op, 3, 1));
    c->weights = rlt_input(p, op, 1);
    c->input = rlt_input(p, op, 2);
    c->bias = rlt_input(p, op, 3);
    c->output = rlt_output(p, op, 0);
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 0), 4, dims, NULL));
    rlt_window *w = &c->window;
    w->stride_h = rlt_option_i32(op, STRIDE_H, 0);
    w->stride_w = rlt_option_i32(op, STRIDE_W, 0);
    const int32_t padding = rlt_option_u8(op, PADDING, 0);
    if (padding != 0 && padding != 1) return rlt_fail(p, RLT_ERROR_OPTION, NULL, "padding is neither SAME nor VALID");
    RLT_TRY(check_window(p, c));
    if (dims[0] != w->batches || dims[3] != w->out_c || dims[1] > INT32_MAX / 4 || dims[2] > INT32_MAX / 4) {
        return rlt_fail(p, RLT_ERROR_SHAPE, c->output, "does not fit input and weights");
    }
    RLT_TRY(rlt_set_shape(p, c->output, 4, dims));
    w->out_h = dims[1];
    w->out_w = dims[2];
    w->pad_top = pad_before(padding, w->out_h, w->kernel_h, w->stride_h);
    w->pad_left = pad_before(padding, w->out_w, w->kernel_w, w->stride_w);
    c->activation = rlt_option_u8(op, ACTIVATION, RLT_ACT_NONE);
    return RLT_OK;
}

static rlt_status prepare_f32(rlt_prepare_state *p, const rlt_op *op, const conv *c) {
    RLT_TRY(rlt_need_type(p, c->weights, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, c->output, RLT_FLOAT32));
    RLT_TRY(rlt_need_bias(p, c->bias, (uint32_t)c->window.out_c, RLT_FLOAT32));
    float low, high;
    RLT_TRY(rlt_range_f32(p, c->activation, &low, &high));
    rlt_transpose_conv_f32_params *k =
        rlt_add_step(p, op, RLT_S8_KERNEL(p, transpose_conv_f32), sizeof *k, RLT_TRANSPOSE_CONV_REFS, c->tasks);
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

static rlt_status prepare_s16(rlt_prepare_state *p, const rlt_op *op, const conv *c) {
    const rlt_window *w = &c->window;
    const rlt_window_16 window = {c->input, c->weights, c->bias, c->output, w, w->in_c, w->out_c,
                                  w->kernel_h * w->kernel_w * w->in_c, w->in_c, c->activation, c->tasks, 0, 1};
    return rlt_prepare_window_16(p, op, &window);
}

rlt_status rlt_prepare_transpose_conv(rlt_prepare_state *p, const rlt_op *op) {
    conv c = {0};
    RLT_TRY(read_conv(p, op, &c));
    switch (c.input->type) {
    case RLT_FLOAT32: return prepare_f32(p, op, &c);
    case RLT_INT8: return prepare_s8(p, op, &c);
    case RLT_INT16: return prepare_s16(p, op, &c);
    default: return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, c.input, "TRANSPOSE_CONV takes FLOAT32, INT16 or INT8");
    }
}

/* Its options are a TfLiteTransposeConvParams (tflite/core/c/builtin_op_data.h) as the converter's machine had it:
 * little-endian int32 padding, stride_width, stride_height. */
enum { CUSTOM_PADDING, CUSTOM_STRIDE_W, CUSTOM_STRIDE_H, CUSTOM_FIELDS };
enum { CUSTOM_SAME = 1, CUSTOM_VALID = 2 };

static int32_t custom_option(const rlt_op *op, size_t field) {
    const uint8_t *at = op->custom_options + 4 * field;
    return (int32_t)((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
}

/* Of one axis, the output's size and the padding before it (MediaPipe: util/tflite/operations/transpose_conv_bias.cc). */
static int32_t grown(int32_t padding, int32_t in, int32_t kernel, int32_t stride, int32_t *pad) {
    const int32_t missing = kernel - (in - 1) % stride - 1, both = padding == CUSTOM_SAME && missing > 0 ? missing : 0;
    const int64_t out = (int64_t)stride * (in - 1) + kernel - both;
    *pad = both / 2;
    return out > INT32_MAX / 4 ? -1 : (int32_t)out;
}

rlt_status rlt_prepare_transpose_conv_bias(rlt_prepare_state *p, const rlt_op *op) {
    conv c = {.activation = RLT_ACT_NONE};
    RLT_TRY(rlt_operands(p, op, 3, 1));
    c.input = rlt_input(p, op, 0);
    c.weights = rlt_input(p, op, 1);
    c.bias = rlt_input(p, op, 2);
    c.output = rlt_output(p, op, 0);
    RLT_TRY(rlt_need_type(p, c.input, RLT_FLOAT32));
    if (op->custom_bytes < 4 * CUSTOM_FIELDS)
        return rlt_fail(p, RLT_ERROR_OPTION, NULL, "custom options are too short");
    const int32_t padding = custom_option(op, CUSTOM_PADDING);
    rlt_window *w = &c.window;
    w->stride_w = custom_option(op, CUSTOM_STRIDE_W);
    w->stride_h = custom_option(op, CUSTOM_STRIDE_H);
    if (padding != CUSTOM_SAME && padding != CUSTOM_VALID)
        return rlt_fail(p, RLT_ERROR_OPTION, NULL, "padding is neither SAME nor VALID");
    RLT_TRY(check_window(p, &c));
    w->out_h = grown(padding, w->in_h, w->kernel_h, w->stride_h, &w->pad_top);
    w->out_w = grown(padding, w->in_w, w->kernel_w, w->stride_w, &w->pad_left);
    const int32_t dims[4] = {w->batches, w->out_h, w->out_w, w->out_c};
    RLT_TRY(rlt_set_shape(p, c.output, 4, dims));
    return prepare_f32(p, op, &c);
}
