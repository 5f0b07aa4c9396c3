/* rillet.CONV_2D_INPUT_GRADIENT (filter, dy, input shape; dx) and rillet.CONV_2D_FILTER_GRADIENT (input, dy, filter shape;
 * dw). Options are those of the convolution. */
#include <float.h>

#include "../common/gemm_f32.h"
#include "../common/prepare_f32.h"
#include "../common/prepare_common.h"
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
                     rlt_tasks(p, floats, (uint64_t)w->batches * (uint64_t)over->in_h));
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
    const uint32_t tasks = rlt_tasks(p, macs, (uint64_t)w.batches * (uint64_t)w.in_h);
    int done = 0;
    if (groups == 1) RLT_TRY(turn_round(p, op, &w, tasks, &done));
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
    uint32_t tasks = rlt_tasks(p, (uint64_t)dy->elements * (dw->elements / channels), units);
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
