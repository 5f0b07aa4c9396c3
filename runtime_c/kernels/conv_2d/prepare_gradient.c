/* rillet.CONV_2D_INPUT_GRADIENT (filter, dy, input shape; dx) and rillet.CONV_2D_FILTER_GRADIENT (input, dy, filter shape;
 * dw). Options are those of the convolution. */
#include <float.h>
#include <stddef.h>
#include <string.h>

#include "../common/gemm_f32.h"
#include "../common/prepare_f32.h"
#include "../move/prepare_move.h"
#include "gradient.h"
#include "prepare_pack_f32.h"

/* Fields of Conv2DOptions. */
enum { PADDING, STRIDE_W, STRIDE_H, ACTIVATION, DILATION_W, DILATION_H };

enum { MOST_TASKS = 16 };

/* The convolution's window from the shapes of its operands; `dy` is what it would give. */
static rlt_status read_window(rlt_prepare_state *p, const rlt_op *op, const int32_t *input, const int32_t *filter,
                              const rlt_tensor *dy, rlt_window *w, int32_t *groups) {
    RLT_TRY(rlt_need_type(p, dy, RLT_FLOAT32));
    RLT_TRY(rlt_need_rank(p, dy, 4));
    for (int i = 0; i < 4; i++)
        if (input[i] < 1 || filter[i] < 1) return rlt_fail(p, RLT_ERROR_SHAPE, NULL, "a size is not positive");
    if (rlt_option_u8(op, ACTIVATION, RLT_ACT_NONE) != RLT_ACT_NONE)
        return rlt_fail(p, RLT_ERROR_OPTION, NULL, "a gradient has no fused activation");
    *w = (rlt_window){
        .out_c = filter[0], .kernel_h = filter[1], .kernel_w = filter[2],
        .stride_h = rlt_option_i32(op, STRIDE_H, 0), .stride_w = rlt_option_i32(op, STRIDE_W, 0),
        .dilation_h = rlt_option_i32(op, DILATION_H, 1), .dilation_w = rlt_option_i32(op, DILATION_W, 1),
    };
    if (input[3] % filter[3]) return rlt_fail(p, RLT_ERROR_SHAPE, dy, "input channels are not a multiple of the filter's");
    *groups = input[3] / filter[3];
    if (filter[0] % *groups) return rlt_fail(p, RLT_ERROR_SHAPE, dy, "output channels are not a multiple of the groups");
    return rlt_gradient_window(p, input, dy, rlt_option_u8(op, PADDING, 0), w);
}

/* dy between whose pixels zeros lie, in scratch: *values; `w` is the convolution's window. */
static rlt_status spread(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *dy, const rlt_window *w,
                         rlt_window *over, rlt_ref *values) {
    over->in_h = (w->out_h - 1) * w->stride_h + 1;
    over->in_w = (w->out_w - 1) * w->stride_w + 1;
    const uint64_t floats = (uint64_t)w->batches * (uint64_t)over->in_h * (uint64_t)over->in_w * (uint64_t)w->out_c;
    rlt_conv_2d_spread_params *k =
        rlt_add_step(p, op, RLT_KERNEL_conv_2d_spread_f32, sizeof *k, RLT_CONV_2D_SPREAD_REFS,
                     rlt_tasks(p, RLT_COST_OPERATION, floats, (uint64_t)w->batches * (uint64_t)over->in_h));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, dy);
    k->output = *values = rlt_add_scratch(p, op, floats < UINT32_MAX / 4 ? (size_t)floats * sizeof(float) : SIZE_MAX);
    k->batches = w->batches;
    k->height = w->out_h;
    k->width = w->out_w;
    k->channels = w->out_c;
    k->step_h = w->stride_h;
    k->step_w = w->stride_w;
    return RLT_OK;
}

/* Taps of an axis that meet input positions of remainder `rest` by the stride: the first, how many, and the padding of the
 * convolution of dy with them, which may be negative. */
static void axis_of_phase(int32_t rest, int32_t pad, int32_t kernel, int32_t stride, int32_t *tap, int32_t *taps,
                          int32_t *phase_pad) {
    *tap = (rest + pad) % stride;
    *taps = kernel > *tap ? (kernel - *tap + stride - 1) / stride : 0;
    *phase_pad = *taps - 1 - (rest + pad) / stride;
}

/* Plans the phase of remainders y, x; 0: it cannot be. A phase without taps or pixels is left out. */
static int plan_phase(const rlt_window *w, int32_t y, int32_t x, int32_t lanes, rlt_pack_filter_f32_params *plan) {
    rlt_conv_2d_phase *phase = &plan->phases[plan->count];
    rlt_conv_2d_packed_f32_params *k = &phase->conv;
    int in_place;
    *phase = (rlt_conv_2d_phase){0};
    k->window = (rlt_window){
        .batches = w->batches, .in_h = w->out_h, .in_w = w->out_w, .in_c = w->out_c, .out_c = w->in_c,
        .out_h = (w->in_h - y + w->stride_h - 1) / w->stride_h, .out_w = (w->in_w - x + w->stride_w - 1) / w->stride_w,
        .stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1,
    };
    rlt_window *v = &k->window;
    axis_of_phase(y, w->pad_top, w->kernel_h, w->stride_h, &phase->tap_y, &v->kernel_h, &v->pad_top);
    axis_of_phase(x, w->pad_left, w->kernel_w, w->stride_w, &phase->tap_x, &v->kernel_w, &v->pad_left);
    if (!v->kernel_h || !v->kernel_w || v->out_h < 1 || v->out_w < 1) return 1;
    if (v->pad_top < 0 || v->pad_left < 0 || !rlt_conv_2d_f32_plan_band(k, lanes, &in_place)) return 0;
    k->scratch = in_place ? RLT_REF_NONE : 0;
    k->low = -FLT_MAX;
    k->high = FLT_MAX;
    k->out_gap = (w->stride_w - 1) * w->in_c;
    k->out_row = w->stride_h * w->in_w * w->in_c;
    k->out_image = w->in_h * w->in_w * w->in_c;
    k->out_first = (y * w->in_w + x) * w->in_c;
    if (plan->count) /* vectors of weights on lines of a cache */
        phase->packed_at = phase[-1].packed_at + (((uint32_t)rlt_conv_f32_weights(&phase[-1].conv) + 15) & ~15u);
    plan->count++;
    return 1;
}

static rlt_status clear(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *dx) {
    rlt_ref value;
    float *zero = rlt_add_constant(p, sizeof *zero, &value);
    if (!zero) return RLT_ERROR_MEMORY;
    *zero = 0.0f;
    return rlt_add_fill(p, op, value, dx);
}

static rlt_status add_phases(rlt_prepare_state *p, const rlt_op *op, rlt_pack_filter_f32_params *plan, uint32_t tasks) {
    const size_t phase_bytes = (size_t)plan->count * sizeof *plan->phases;
    int32_t band_floats = 0;
    rlt_ref packed, bias;
    for (int32_t i = 0; i < plan->count; i++)
        if (plan->phases[i].conv.band_floats > band_floats) band_floats = plan->phases[i].conv.band_floats;
    for (int32_t i = 0; i < plan->count; i++) plan->phases[i].conv.band_floats = band_floats;
    RLT_TRY(rlt_conv_2d_f32_pack_later(p, op, rlt_input(p, op, 0), NULL, plan, &packed, &bias));
    rlt_conv_2d_phases_f32_params *k = rlt_add_step(
        p, op, plan->lanes == 16 ? RLT_KERNEL_conv_2d_phases_f32_avx512vnni : RLT_KERNEL_conv_2d_phases_f32_avx2,
        offsetof(rlt_conv_2d_phases_f32_params, phases) + phase_bytes, RLT_CONV_2D_PHASES_REFS, tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->dy = rlt_ref_of(p, rlt_input(p, op, 1));
    k->dx = rlt_ref_of(p, rlt_output(p, op, 0));
    k->packed = packed;
    k->bias = bias;
    k->scratch = rlt_add_scratch(p, op, (size_t)band_floats * tasks * sizeof(float));
    k->count = plan->count;
    memcpy(k->phases, plan->phases, phase_bytes);
    return RLT_OK;
}

/* The gradient by phases; *done 0: it cannot be. */
static rlt_status by_phases(rlt_prepare_state *p, const rlt_op *op, const rlt_window *w, uint32_t tasks, int *done) {
    rlt_pack_filter_f32_params plan = {.lanes = rlt_f32_lanes(p), .flipped = 1, .kernel_h = w->kernel_h,
                                       .kernel_w = w->kernel_w, .step_h = w->stride_h, .step_w = w->stride_w};
    const int64_t phases = (int64_t)w->stride_h * w->stride_w;
    *done = plan.lanes > 1 && phases <= RLT_CONV_2D_MOST_PHASES && w->dilation_h == 1 && w->dilation_w == 1;
    for (int32_t i = 0; *done && i < phases; i++)
        *done = plan_phase(w, i / w->stride_w, i % w->stride_w, plan.lanes, &plan);
    *done = *done && plan.count;
    if (!*done) return RLT_OK;
    if (plan.count < phases) RLT_TRY(clear(p, op, rlt_output(p, op, 0)));
    return add_phases(p, op, &plan, tasks < MOST_TASKS ? tasks : MOST_TASKS);
}

/* The gradient as a convolution of dy with the filter turned round; *done 0: it cannot be. */
static rlt_status turn_round(rlt_prepare_state *p, const rlt_op *op, const rlt_window *w, uint32_t tasks, int *done) {
    const rlt_tensor *filter = rlt_input(p, op, 0), *dy = rlt_input(p, op, 1), *dx = rlt_output(p, op, 0);
    const int32_t lanes = rlt_f32_lanes(p);
    rlt_conv_f32 c = {
        .input = dy, .weights = filter, .output = dx, .low = -FLT_MAX, .high = FLT_MAX, .tasks = tasks, .flipped = 1,
        .window = {.batches = w->batches, .in_h = w->out_h, .in_w = w->out_w, .in_c = w->out_c,
                   .out_h = w->in_h, .out_w = w->in_w, .out_c = w->in_c, .kernel_h = w->kernel_h, .kernel_w = w->kernel_w,
                   .stride_h = 1, .stride_w = 1, .dilation_h = w->dilation_h, .dilation_w = w->dilation_w,
                   .pad_top = (w->kernel_h - 1) * w->dilation_h - w->pad_top,
                   .pad_left = (w->kernel_w - 1) * w->dilation_w - w->pad_left},
    };
    rlt_ref values;
    *done = lanes > 1 && c.window.pad_top >= 0 && c.window.pad_left >= 0 && rlt_conv_2d_f32_can_pack(p, &c, lanes);
    if (!*done) return RLT_OK;
    if (w->stride_h != 1 || w->stride_w != 1) {
        RLT_TRY(spread(p, op, dy, w, &c.window, &values));
        c.values = &values;
    }
    return rlt_conv_2d_f32_pack(p, op, &c, RLT_S8_KERNEL(p, conv_2d_f32), lanes);
}

rlt_status rlt_prepare_conv_2d_input_gradient(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 3, 1));
    const rlt_tensor *filter = rlt_input(p, op, 0), *dy = rlt_input(p, op, 1);
    rlt_tensor *dx = rlt_output(p, op, 0);
    int32_t shape[4], groups;
    rlt_window w;
    RLT_TRY(rlt_need_type(p, filter, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, dx, RLT_FLOAT32));
    RLT_TRY(rlt_need_rank(p, filter, 4));
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 2), 4, shape, NULL));
    RLT_TRY(read_window(p, op, shape, filter->dims, dy, &w, &groups));
    RLT_TRY(rlt_set_shape(p, dx, 4, shape));
    const uint64_t macs = (uint64_t)dy->elements * (filter->elements / (uint32_t)w.out_c);
    const uint32_t tasks = rlt_tasks(p, RLT_COST_CONV_F32, macs, (uint64_t)w.batches * (uint64_t)w.in_h);
    int done = 0;
    const int has_strides = w.stride_h != 1 || w.stride_w != 1;
    if (groups == 1 && has_strides) RLT_TRY(by_phases(p, op, &w, tasks, &done));
    if (groups == 1 && !done) RLT_TRY(turn_round(p, op, &w, tasks, &done));
    if (done) return RLT_OK;
    rlt_conv_2d_input_gradient_params *k = rlt_add_step(p, op, RLT_KERNEL_conv_2d_input_gradient_f32, sizeof *k,
                                                        RLT_CONV_2D_INPUT_GRADIENT_REFS, tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->filter = rlt_ref_of(p, filter);
    k->dy = rlt_ref_of(p, dy);
    k->dx = rlt_ref_of(p, dx);
    k->window = w;
    k->groups = groups;
    return RLT_OK;
}

rlt_status rlt_prepare_conv_2d_filter_gradient(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 3, 1));
    const rlt_tensor *input = rlt_input(p, op, 0), *dy = rlt_input(p, op, 1);
    rlt_tensor *dw = rlt_output(p, op, 0);
    int32_t shape[4], in_place;
    rlt_conv_2d_filter_gradient_params plan = {.scratch = RLT_REF_NONE};
    RLT_TRY(rlt_need_type(p, input, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, dw, RLT_FLOAT32));
    RLT_TRY(rlt_need_rank(p, input, 4));
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 2), 4, shape, NULL));
    RLT_TRY(read_window(p, op, input->dims, shape, dy, &plan.band.window, &plan.groups));
    RLT_TRY(rlt_set_shape(p, dw, 4, shape));
    const int32_t lanes = rlt_f32_lanes(p);
    const int is_packed = lanes > 1 && plan.groups == 1 && rlt_conv_2d_f32_plan_band(&plan.band, lanes, &in_place);
    const uint32_t channels = (uint32_t)plan.band.window.out_c;
    const uint32_t units = is_packed ? (channels + RLT_GEMM_F32_ROWS - 1) / RLT_GEMM_F32_ROWS : channels;
    uint32_t tasks = rlt_tasks(p, RLT_COST_CONV_F32, (uint64_t)dy->elements * (dw->elements / channels), units);
    if (tasks > MOST_TASKS) tasks = MOST_TASKS;
    const uint32_t kernel = is_packed ? RLT_S8_KERNEL(p, conv_2d_filter_gradient_f32) : RLT_KERNEL_conv_2d_filter_gradient_f32;
    rlt_conv_2d_filter_gradient_params *k =
        rlt_add_step(p, op, kernel, sizeof *k, RLT_CONV_2D_FILTER_GRADIENT_REFS, tasks);
    if (!k) return RLT_ERROR_MEMORY;
    *k = plan;
    k->input = rlt_ref_of(p, input);
    k->dy = rlt_ref_of(p, dy);
    k->dw = rlt_ref_of(p, dw);
    if (is_packed && !in_place) k->scratch = rlt_add_scratch(p, op, (size_t)plan.band.band_floats * tasks * sizeof(float));
    return RLT_OK;
}
