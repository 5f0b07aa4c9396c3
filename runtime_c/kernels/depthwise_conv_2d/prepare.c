/* DEPTHWISE_CONV_2D: input [batches, h, w, in_c], weights [1, h, w, in_c * multiplier], optional bias. */
#include "../common/prepare_channels.h"
#include "../common/prepare_s8.h"
#include "../conv_2d/prepare_columns.h"
#include "../conv_2d/prepare_pack.h"
#include "../conv_2d/prepare_vectors.h"
#include "../quantize/prepare_rows.h"
#include "../window_16/prepare_window_16.h"
#include "depthwise_conv_2d.h"
#include "prepare_blocks.h"
#include "prepare_lanes.h"
#include "prepare_pack.h"
#include "prepare_patches.h"
#include "prepare_planes.h"
#include "prepare_rows.h"

/* Fields of DepthwiseConv2DOptions. The multiplier follows from the shapes. */
enum { PADDING, STRIDE_W, STRIDE_H, MULTIPLIER, ACTIVATION, DILATION_W, DILATION_H };

typedef struct {
    rlt_tensor *input, *weights, *bias, *output;
    rlt_window window;
    int32_t multiplier, activation;
    uint32_t tasks;
} conv;

static uint64_t cost_of(const rlt_prepare_state *p, const conv *c, uint64_t macs) {
    if (c->input->type == RLT_INT16) return rlt_cost(p, RLT_COST_CONV_S16, macs);
    if (c->input->type == RLT_INT8) return rlt_cost(p, RLT_COST_DEPTHWISE_S8, macs);
    return rlt_cost(p, c->weights->type == RLT_INT8 ? RLT_COST_MATMUL_S8 : RLT_COST_DEPTHWISE_F32, macs);
}

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
    w->kernel_h = c->weights->dims[1];
    w->kernel_w = c->weights->dims[2];
    w->out_c = c->weights->dims[3];
    w->stride_h = rlt_option_i32(op, STRIDE_H, 0);
    w->stride_w = rlt_option_i32(op, STRIDE_W, 0);
    w->dilation_h = rlt_option_i32(op, DILATION_H, 1);
    w->dilation_w = rlt_option_i32(op, DILATION_W, 1);
    const int32_t in_c = c->input->dims[3];
    if (c->weights->dims[0] != 1 || in_c < 1 || w->out_c < 1 || w->out_c % in_c) {
        return rlt_fail(p, RLT_ERROR_SHAPE, c->weights, "output channels are not a multiple of the input's");
    }
    c->multiplier = w->out_c / in_c;
    RLT_TRY(rlt_prepare_padded_window(p, c->input, &pads, c->output, rlt_option_u8(op, PADDING, 0), w));
    c->activation = rlt_option_u8(op, ACTIVATION, RLT_ACT_NONE);
    const uint64_t macs = (uint64_t)c->output->elements * (uint32_t)w->kernel_h * (uint32_t)w->kernel_w;
    c->tasks = rlt_pieces(p, cost_of(p, c, macs), (uint64_t)w->batches * w->out_h);
    return RLT_OK;
}

/* For kernels that work pixel by pixel. */
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
    const uint32_t kernel =
        c->multiplier == 1 ? RLT_S8_KERNEL(p, depthwise_conv_2d_f32) : RLT_KERNEL_depthwise_conv_2d_f32;
    rlt_depthwise_conv_2d_f32_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_DEPTHWISE_CONV_2D_REFS, c->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, c->input);
    k->output = rlt_ref_of(p, c->output);
    k->weights = rlt_ref_of(p, c->weights);
    k->bias = rlt_ref_of(p, c->bias);
    k->window = c->window;
    k->multiplier = c->multiplier;
    k->low = low;
    k->high = high;
    if (kernel == RLT_KERNEL_depthwise_conv_2d_f32) note_rows(p, c);
    rlt_needs_window(p, c->output, c->input, &c->window);
    return RLT_OK;
}

/* No window of an output pixel reaches into padding. */
static int no_padding(const rlt_window *w) {
    const int32_t reach_h = (w->kernel_h - 1) * w->dilation_h + 1, reach_w = (w->kernel_w - 1) * w->dilation_w + 1;
    return !w->pad_top && !w->pad_left && (int64_t)(w->out_h - 1) * w->stride_h + reach_h <= w->in_h &&
           (int64_t)(w->out_w - 1) * w->stride_w + reach_w <= w->in_w;
}

/* Any window, for Helium or the DSP extension, int8 or (`wide` is not NULL) int16. */
static rlt_status prepare_cores(rlt_prepare_state *p, const rlt_op *op, const rlt_depthwise_tensors *t,
                                const rlt_window_16 *wide, const conv *c, int *done) {
    RLT_TRY(rlt_depthwise_lanes(p, op, t, wide, &c->window, c->activation, done));
    if (*done) return RLT_OK;
    return rlt_depthwise_planes(p, op, t, wide, &c->window, c->multiplier, c->activation, done);
}

/* One input channel by the packed form of CONV_2D, which wants weights to lie as its own do: done for a few. */
static rlt_status pack_dense(rlt_prepare_state *p, const rlt_op *op, const conv *c, int *done) {
    enum { MOST_WEIGHTS = 4096 };
    int8_t turned[MOST_WEIGHTS];
    const int32_t taps = c->window.kernel_h * c->window.kernel_w, out_c = c->window.out_c;
    if (!c->weights->data || c->weights->type != RLT_INT8 || c->weights->elements > MOST_WEIGHTS) return RLT_OK;
    for (int32_t i = 0; i < taps * out_c; i++) turned[i % out_c * taps + i / out_c] = (int8_t)c->weights->data[i];
    rlt_tensor weights = *c->weights;
    weights.data = (const uint8_t *)turned;
    const rlt_conv_tensors tensors = {c->input, &weights, c->bias, c->output, 0};
    rlt_conv_2d_packed_params plan = {.window = c->window};
    const uint32_t tasks = rlt_conv_2d_plan(p, &tensors, c->tasks, &plan);
    *done = tasks != 0;
    if (!tasks) return RLT_OK;
    RLT_TRY(rlt_range_s8(p, c->output, c->activation, &plan.low, &plan.high));
    return rlt_conv_2d_pack(p, op, &tensors, tasks, &plan);
}

/* The same by any form there is of a dense convolution. */
static rlt_status prepare_dense(rlt_prepare_state *p, const rlt_op *op, const conv *c, int *done) {
    const rlt_conv_tensors tensors = {c->input, c->weights, c->bias, c->output, c->window.out_c};
    RLT_TRY(rlt_conv_2d_vectors(p, op, &tensors, &c->window, c->activation, 0, done));
    if (*done) return RLT_OK;
    RLT_TRY(rlt_conv_2d_columns(p, op, &tensors, &c->window, c->activation, 0, done));
    return *done ? RLT_OK : pack_dense(p, op, c, done);
}

/* The packed form if this CPU has a kernel for it and the shape allows it: then *done is 1. */
static rlt_status prepare_packed(rlt_prepare_state *p, const rlt_op *op, const conv *c, int *done) {
    static const rlt_depthwise_form avx512 = {RLT_KERNEL_depthwise_conv_2d_s8_avx512vnni, 16, 4, 1, 8, RLT_FIRST_TO_NEAREST};
    static const rlt_depthwise_form vnni = {RLT_KERNEL_depthwise_conv_2d_s8_avxvnni, 8, 4, 1, 4, RLT_FIRST_TO_ZERO};
    static const rlt_depthwise_form avx2 = {RLT_KERNEL_depthwise_conv_2d_s8_avx2, 8, 2, 2, 4, RLT_FIRST_TO_ZERO};
    const rlt_depthwise_form *form = rlt_has(p, RLT_ISA_AVX512VNNI) ? &avx512
                                     : rlt_has(p, RLT_ISA_AVXVNNI)  ? &vnni
                                     : rlt_has(p, RLT_ISA_AVX2)     ? &avx2
                                                                    : NULL;
    const rlt_depthwise_tensors tensors = {c->input, c->weights, c->bias, c->output};
    *done = 0;
    if (c->window.in_c == 1 && c->multiplier > 1) RLT_TRY(prepare_dense(p, op, c, done));
    if (*done) return RLT_OK;
    RLT_TRY(rlt_depthwise_patches(p, op, &tensors, &c->window, c->multiplier, c->activation, done));
    if (*done) return RLT_OK;
    RLT_TRY(prepare_cores(p, op, &tensors, NULL, c, done));
    if (*done) return RLT_OK;
    RLT_TRY(rlt_depthwise_rows(p, op, &tensors, &c->window, c->multiplier, c->activation, done));
    if (*done) return RLT_OK;
    rlt_depthwise_packed_params plan = {.window = c->window, .band.repeat = c->multiplier};
    *done = form && rlt_depthwise_plan(p, &plan, &tensors, form);
    if (!*done) return RLT_OK;
    RLT_TRY(rlt_range_s8(p, c->output, c->activation, &plan.low, &plan.high));
    const uint32_t tasks = c->tasks < RLT_BAND_TASKS ? c->tasks : RLT_BAND_TASKS;
    int blocks;
    RLT_TRY(rlt_depthwise_blocks(p, op, &plan, &tensors, form, tasks, &blocks));
    if (blocks) return RLT_OK;
    rlt_depthwise_packed_params *k = rlt_add_step(p, op, form->kernel, sizeof *k, RLT_DEPTHWISE_PACKED_REFS, tasks);
    if (!k) return RLT_ERROR_MEMORY;
    *k = plan;
    return rlt_depthwise_pack(p, op, k, &tensors, form, tasks);
}

static rlt_status prepare_s8(rlt_prepare_state *p, const rlt_op *op, const conv *c) {
    const uint32_t out_c = (uint32_t)c->window.out_c;
    int packed;
    RLT_TRY(rlt_need_channels(p, c->input, c->weights, c->bias, c->output, out_c));
    RLT_TRY(prepare_packed(p, op, c, &packed));
    if (packed) rlt_needs_window(p, c->output, c->input, &c->window);
    if (packed) return RLT_OK;
    const int fold = no_padding(&c->window) && rlt_zero_point(c->weights, 0) == 0;
    rlt_ref channels;
    int32_t low, high;
    RLT_TRY(rlt_add_channels(p, c->input, c->weights, c->bias, c->output, out_c, 1, out_c, fold, &channels));
    RLT_TRY(rlt_range_s8(p, c->output, c->activation, &low, &high));
    rlt_depthwise_conv_2d_s8_params *k =
        rlt_add_step(p, op, RLT_KERNEL_depthwise_conv_2d_s8, sizeof *k, RLT_DEPTHWISE_CONV_2D_REFS, c->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, c->input);
    k->output = rlt_ref_of(p, c->output);
    k->weights = rlt_ref_of(p, c->weights);
    k->channels = channels;
    k->window = c->window;
    k->multiplier = c->multiplier;
    k->input_zero_point = fold ? 0 : rlt_zero_point(c->input, 0);
    k->weights_zero_point = rlt_zero_point(c->weights, 0);
    k->output_zero_point = rlt_zero_point(c->output, 0);
    k->low = low;
    k->high = high;
    note_rows(p, c);
    return RLT_OK;
}

static rlt_status prepare_hybrid(rlt_prepare_state *p, const rlt_op *op, const conv *c) {
    const uint32_t out_c = (uint32_t)c->window.out_c;
    rlt_ref values, rows, scales;
    float low, high;
    RLT_TRY(rlt_need_type(p, c->output, RLT_FLOAT32));
    RLT_TRY(rlt_need_bias(p, c->bias, out_c, RLT_FLOAT32));
    RLT_TRY(rlt_range_f32(p, c->activation, &low, &high));
    RLT_TRY(rlt_add_quantize_rows(p, op, c->input, (uint32_t)c->window.batches, 1, c->weights,
                                  out_c, &values, &rows));
    RLT_TRY(rlt_add_scales(p, c->weights, out_c, &scales));
    rlt_depthwise_conv_2d_hybrid_params *k =
        rlt_add_step(p, op, RLT_KERNEL_depthwise_conv_2d_hybrid, sizeof *k, RLT_DEPTHWISE_CONV_2D_HYBRID_REFS, c->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = values;
    k->output = rlt_ref_of(p, c->output);
    k->weights = rlt_ref_of(p, c->weights);
    k->bias = rlt_ref_of(p, c->bias);
    k->rows = rows;
    k->scales = scales;
    k->window = c->window;
    k->multiplier = c->multiplier;
    k->low = low;
    k->high = high;
    return RLT_OK;
}

static rlt_status prepare_s16(rlt_prepare_state *p, const rlt_op *op, const conv *c) {
    const int32_t per_group = c->window.out_c / c->window.in_c;
    const rlt_window_16 window = {c->input, c->weights, c->bias, c->output, &c->window, 1, per_group, 1,
                                  c->window.out_c, c->activation, c->tasks, 0, 0};
    const rlt_depthwise_tensors tensors = {c->input, c->weights, c->bias, c->output};
    int done = 0;
    RLT_TRY(rlt_check_window_16(p, &window));
    if (c->window.in_c > 1) RLT_TRY(prepare_cores(p, op, &tensors, &window, c, &done));
    return done ? RLT_OK : rlt_prepare_window_16(p, op, &window);
}

rlt_status rlt_prepare_depthwise_conv_2d(rlt_prepare_state *p, const rlt_op *op) {
    conv c = {0};
    RLT_TRY(read_conv(p, op, &c));
    switch (c.input->type) {
    case RLT_FLOAT32: return c.weights->type == RLT_INT8 ? prepare_hybrid(p, op, &c) : prepare_f32(p, op, &c);
    case RLT_INT8: return prepare_s8(p, op, &c);
    case RLT_INT16: return prepare_s16(p, op, &c);
    default: return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, c.input, "DEPTHWISE_CONV_2D takes FLOAT32, INT16 or INT8");
    }
}
