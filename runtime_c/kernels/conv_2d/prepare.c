/* CONV_2D: input [batches, h, w, in_c], weights [out_c, h, w, in_c / groups], optional bias [out_c]. */
#include "../common/prepare_channels.h"
#include "../common/prepare_f32.h"
#include "../quantize/prepare_rows.h"
#include "../window_16/prepare_window_16.h"
#include "conv_2d.h"
#include "prepare_dense.h"
#include "prepare_pack_f32.h"
#include "prepare_winograd_f32.h"

/* Fields of Conv2DOptions. */
enum { PADDING, STRIDE_W, STRIDE_H, ACTIVATION, DILATION_W, DILATION_H };
enum { SHARED_CHANNELS = 16 }; /* where rows are few, tasks may share channels instead, in blocks of at least so many */

typedef struct {
    rlt_tensor *input, *weights, *bias, *output;
    rlt_window window;
    int32_t groups, activation;
    uint32_t tasks;
} conv;

static rlt_status read_conv(rlt_prepare_state *p, const rlt_op *op, conv *c) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    rlt_pads pads;
    c->input = rlt_unpadded_input(p, op, 0, &pads);
    c->weights = rlt_input(p, op, 1);
    c->bias = rlt_input(p, op, 2);
    c->output = rlt_output(p, op, 0);
    RLT_TRY(rlt_need_rank(p, c->weights, 4));
    RLT_TRY(rlt_need_rank(p, c->input, 4));
    rlt_window *w = &c->window;
    w->out_c = c->weights->dims[0];
    w->kernel_h = c->weights->dims[1];
    w->kernel_w = c->weights->dims[2];
    w->stride_h = rlt_option_i32(op, STRIDE_H, 0);
    w->stride_w = rlt_option_i32(op, STRIDE_W, 0);
    w->dilation_h = rlt_option_i32(op, DILATION_H, 1);
    w->dilation_w = rlt_option_i32(op, DILATION_W, 1);
    const int32_t depth = c->weights->dims[3];
    if (depth < 1 || c->input->dims[3] % depth) {
        return rlt_fail(p, RLT_ERROR_SHAPE, c->weights, "input channels are not a multiple of the filter's");
    }
    c->groups = c->input->dims[3] / depth;
    if (c->groups < 1 || w->out_c < 1 || w->out_c % c->groups) {
        return rlt_fail(p, RLT_ERROR_SHAPE, c->weights, "output channels are not a multiple of the groups");
    }
    RLT_TRY(rlt_prepare_padded_window(p, c->input, &pads, c->output, rlt_option_u8(op, PADDING, 0), w));
    c->activation = rlt_option_u8(op, ACTIVATION, RLT_ACT_NONE);
    const uint64_t macs = (uint64_t)c->output->elements * (c->weights->elements / (uint32_t)w->out_c);
    const uint64_t cost = rlt_product_cost(p, c->input, c->weights, c->output, macs);
    const uint32_t shares = ((uint32_t)w->out_c + SHARED_CHANNELS - 1) / SHARED_CHANNELS;
    c->tasks = rlt_pieces(p, cost, (uint64_t)w->batches * w->out_h * shares);
    return RLT_OK;
}

static void note_rows(rlt_prepare_state *p, const conv *c) {
    rlt_makes_rows(p, c->output, (uint32_t)c->window.batches * (uint32_t)c->window.out_h);
    rlt_may_stream(p, c->output, c->input, &c->window, 1);
}

static rlt_status prepare_f32(rlt_prepare_state *p, const rlt_op *op, const conv *c) {
    RLT_TRY(rlt_need_type(p, c->weights, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, c->output, RLT_FLOAT32));
    RLT_TRY(rlt_need_bias(p, c->bias, (uint32_t)c->window.out_c, RLT_FLOAT32));
    float low, high;
    RLT_TRY(rlt_range_f32(p, c->activation, &low, &high));
    const int32_t lanes = rlt_f32_lanes(p);
    const rlt_conv_f32 dense = {c->input, c->weights, c->bias, c->output, c->window, low, high, c->tasks, 0, NULL};
    if (lanes > 1 && c->groups == 1) {
        int done;
        RLT_TRY(rlt_conv_2d_f32_winograd(p, op, &dense, lanes, &done));
        if (done) return RLT_OK;
    }
    if (lanes > 1 && c->groups == 1 && rlt_conv_2d_f32_can_pack(p, &dense, lanes)) {
        return rlt_conv_2d_f32_pack(p, op, &dense, RLT_S8_KERNEL(p, conv_2d_f32), lanes);
    }
    rlt_conv_2d_f32_params *k =
        rlt_add_step(p, op, RLT_KERNEL_conv_2d_f32, sizeof *k, RLT_CONV_2D_REFS, c->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, c->input);
    k->output = rlt_ref_of(p, c->output);
    k->weights = rlt_ref_of(p, c->weights);
    k->bias = rlt_ref_of(p, c->bias);
    k->window = c->window;
    k->groups = c->groups;
    k->low = low;
    k->high = high;
    note_rows(p, c);
    return RLT_OK;
}

static rlt_status prepare_s8(rlt_prepare_state *p, const rlt_op *op, const conv *c) {
    const uint32_t out_c = (uint32_t)c->window.out_c;
    rlt_ref channels;
    int32_t low, high;
    int done = 0;
    RLT_TRY(rlt_need_channels(p, c->input, c->weights, c->bias, c->output, out_c));
    const rlt_conv_tensors tensors = {c->input, c->weights, c->bias, c->output, 0};
    if (c->groups == 1) RLT_TRY(rlt_conv_2d_dense(p, op, &tensors, &c->window, c->activation, 0, c->tasks, &done));
    if (done) return RLT_OK;
    RLT_TRY(rlt_add_channels(p, c->input, c->weights, c->bias, c->output, out_c, c->weights->elements / out_c, 1, 1,
                             &channels));
    RLT_TRY(rlt_range_s8(p, c->output, c->activation, &low, &high));
    rlt_conv_2d_s8_params *k = rlt_add_step(p, op, RLT_KERNEL_conv_2d_s8, sizeof *k, RLT_CONV_2D_REFS, c->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, c->input);
    k->output = rlt_ref_of(p, c->output);
    k->weights = rlt_ref_of(p, c->weights);
    k->channels = channels;
    k->window = c->window;
    k->groups = c->groups;
    k->input_zero_point = rlt_zero_point(c->input, 0);
    k->weights_zero_point = rlt_zero_point(c->weights, 0);
    k->output_zero_point = rlt_zero_point(c->output, 0);
    k->low = low;
    k->high = high;
    note_rows(p, c);
    return RLT_OK;
}

/* LiteRT quantizes the input symmetrically where the weights have one scale (tflite/kernels/conv.cc). */
static rlt_status prepare_hybrid(rlt_prepare_state *p, const rlt_op *op, const conv *c) {
    const int per_channel = c->weights->scale_count > 1 || c->groups != 1;
    const uint32_t out_c = (uint32_t)c->window.out_c;
    rlt_ref values, rows, scales;
    float low, high;
    RLT_TRY(rlt_need_type(p, c->output, RLT_FLOAT32));
    RLT_TRY(rlt_need_bias(p, c->bias, out_c, RLT_FLOAT32));
    RLT_TRY(rlt_range_f32(p, c->activation, &low, &high));
    RLT_TRY(rlt_add_quantize_rows(p, op, c->input, (uint32_t)c->window.batches, per_channel, c->weights, out_c,
                                  &values, &rows));
    const rlt_conv_tensors tensors = {c->input, c->weights, c->bias, c->output, 0};
    rlt_conv_2d_packed_params plan = {.window = c->window, .input = values, .rows = rows, .per_channel = per_channel,
                                      .float_low = low, .float_high = high};
    const uint32_t tasks = c->groups == 1 ? rlt_conv_2d_plan(p, &tensors, c->tasks, &plan) : 0;
    if (tasks) return rlt_conv_2d_pack_hybrid(p, op, &tensors, tasks, &plan);
    RLT_TRY(rlt_add_scales(p, c->weights, out_c, &scales));
    rlt_conv_2d_hybrid_params *k =
        rlt_add_step(p, op, RLT_KERNEL_conv_2d_hybrid, sizeof *k, RLT_CONV_2D_HYBRID_REFS, c->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = values;
    k->output = rlt_ref_of(p, c->output);
    k->weights = rlt_ref_of(p, c->weights);
    k->bias = rlt_ref_of(p, c->bias);
    k->rows = rows;
    k->scales = scales;
    k->window = c->window;
    k->groups = c->groups;
    k->per_channel = per_channel;
    k->low = low;
    k->high = high;
    return RLT_OK;
}

static rlt_status prepare_s16(rlt_prepare_state *p, const rlt_op *op, const conv *c) {
    const int32_t depth = c->window.in_c / c->groups;
    const rlt_window_16 window = {c->input, c->weights, c->bias, c->output, &c->window, depth,
                                  c->window.out_c / c->groups, c->window.kernel_h * c->window.kernel_w * depth, depth,
                                  c->activation, c->tasks, 0, 0};
    return rlt_prepare_window_16(p, op, &window);
}

rlt_status rlt_prepare_conv_2d(rlt_prepare_state *p, const rlt_op *op) {
    conv c = {0};
    RLT_TRY(read_conv(p, op, &c));
    switch (c.input->type) {
    case RLT_FLOAT32: return c.weights->type == RLT_INT8 ? prepare_hybrid(p, op, &c) : prepare_f32(p, op, &c);
    case RLT_INT8: return prepare_s8(p, op, &c);
    case RLT_INT16: return prepare_s16(p, op, &c);
    default: return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, c.input, "CONV_2D takes FLOAT32, INT16 or INT8");
    }
}
