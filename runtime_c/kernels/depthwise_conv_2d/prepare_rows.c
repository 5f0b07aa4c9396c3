/* Packing of int8 DEPTHWISE_CONV_2D for cores without SIMD (rows.h). Host only. */
#include "../common/prepare_channels.h"
#include "prepare_planes.h"
#include "prepare_rows.h"

enum { LEAST_PLANE = 1024, INPUT_PER_PLANE = 8 };

static int is_transposed(const rlt_window *window) { return window->out_h > window->out_w; }

/* Strides of the image as it is, or with height and width exchanged. */
static void set_directions(rlt_depthwise_rows_params *k) {
    rlt_window *w = &k->window;
    k->in_pixel = w->in_c, k->in_row = w->in_w * w->in_c;
    k->out_pixel = w->out_c, k->out_row = w->out_w * w->out_c;
    if (!is_transposed(w)) return;
    const rlt_window o = *w;
    w->in_h = o.in_w, w->in_w = o.in_h, w->out_h = o.out_w, w->out_w = o.out_h;
    w->kernel_h = o.kernel_w, w->kernel_w = o.kernel_h, w->stride_h = o.stride_w, w->stride_w = o.stride_h;
    w->pad_top = o.pad_left, w->pad_left = o.pad_top;
    k->in_pixel = o.in_w * o.in_c, k->in_row = o.in_c;
    k->out_pixel = o.out_w * o.out_c, k->out_row = o.out_c;
}

/* A plane for as many output rows as fit a small part of the input's size: its bytes, 0 where too large to handle. */
static int64_t plan_plane(rlt_depthwise_rows_params *k, uint32_t input_bytes) {
    const rlt_window *w = &k->window;
    const int64_t blocks = ((int64_t)w->out_w + RLT_DEPTHWISE_ROWS_BLOCK - 1) / RLT_DEPTHWISE_ROWS_BLOCK;
    const int64_t width = (blocks * RLT_DEPTHWISE_ROWS_BLOCK - 1) * w->stride_w + w->kernel_w;
    if (width > INT16_MAX || w->kernel_h > INT16_MAX || w->kernel_w > INT16_MAX) return 0;
    const int64_t row_bytes = width * (int64_t)sizeof(int32_t);
    const int64_t part = input_bytes / INPUT_PER_PLANE, wanted = part > LEAST_PLANE ? part : LEAST_PLANE;
    const int64_t rows = (wanted / row_bytes - w->kernel_h) / w->stride_h + 1;
    k->rows = rows < 1 ? 1 : rows > w->out_h ? w->out_h : (int32_t)rows;
    k->width = (int32_t)width;
    const int64_t bytes = row_bytes * ((k->rows - 1) * w->stride_h + w->kernel_h);
    return bytes < INT32_MAX / 4 ? bytes : 0;
}

/* Whether every channel can be finished shortly and its weights, less their zero point, are bytes. */
static rlt_status all_fit(rlt_prepare_state *p, const rlt_window *w, const rlt_depthwise_tensors *t, int *fit) {
    *fit = 1;
    for (int32_t c = 0; c < w->out_c && *fit; c++) {
        rlt_finish f;
        RLT_TRY(rlt_depthwise_finish(p, w, t, c, &f, fit));
        for (int32_t i = 0; i < w->kernel_h * w->kernel_w; i++) {
            const int32_t weight = rlt_depthwise_weight(w, t, i / w->kernel_w, i % w->kernel_w, c);
            *fit &= weight == (int8_t)weight;
        }
    }
    return RLT_OK;
}

/* `window` is not transposed, that of `k` maybe. */
static rlt_status pack(rlt_prepare_state *p, const rlt_window *window, const rlt_depthwise_tensors *t,
                       rlt_depthwise_rows_params *k) {
    const int32_t taps = window->kernel_h * window->kernel_w;
    const int transposed = is_transposed(window);
    int8_t *weights = rlt_add_constant(p, (size_t)window->out_c * (size_t)taps, &k->weights);
    if (!weights) return RLT_ERROR_MEMORY;
    rlt_finish *finishes = rlt_add_constant(p, (size_t)window->out_c * sizeof *finishes, &k->channels);
    if (!finishes) return RLT_ERROR_MEMORY;
    for (int32_t c = 0; c < window->out_c; c++) {
        for (int32_t i = 0; i < taps; i++) {
            const int32_t y = i / k->window.kernel_w, x = i % k->window.kernel_w;
            *weights++ = (int8_t)rlt_depthwise_weight(window, t, transposed ? x : y, transposed ? y : x, c);
        }
        int fits;
        RLT_TRY(rlt_depthwise_finish(p, window, t, c, &finishes[c], &fits));
    }
    return RLT_OK;
}

rlt_status rlt_depthwise_rows(rlt_prepare_state *p, const rlt_op *op, const rlt_depthwise_tensors *t,
                              const rlt_window *window, int32_t multiplier, int32_t activation, int *done) {
    rlt_depthwise_rows_params plan = {.window = *window, .multiplier = multiplier};
    const rlt_window *w = &plan.window;
    *done = 0;
    if (!rlt_has(p, RLT_ISA_MCU) || w->dilation_h != 1 || w->dilation_w != 1 || !t->output->elements) return RLT_OK;
    RLT_TRY(rlt_need_channels(p, t->input, t->weights, t->bias, t->output, (uint32_t)w->out_c));
    set_directions(&plan);
    const int64_t plane = plan_plane(&plan, t->input->bytes);
    if (!plane || t->weights->bytes + (size_t)w->out_c * sizeof(rlt_finish) > rlt_constant_room(p) / 2) return RLT_OK;
    int fit;
    RLT_TRY(all_fit(p, window, t, &fit));
    if (!fit) return RLT_OK;
    *done = 1;
    RLT_TRY(rlt_range_s8(p, t->output, activation, &plan.low, &plan.high));
    rlt_depthwise_rows_params *k =
        rlt_add_step(p, op, RLT_KERNEL_depthwise_conv_2d_s8_mcu, sizeof *k, RLT_DEPTHWISE_ROWS_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    *k = plan;
    k->input = rlt_ref_of(p, t->input);
    k->output = rlt_ref_of(p, t->output);
    k->input_zero_point = rlt_zero_point(t->input, 0);
    k->scratch = rlt_add_scratch(p, op, (size_t)plane + (size_t)(w->kernel_h * w->kernel_w) * sizeof(int32_t));
    return pack(p, window, t, k);
}
