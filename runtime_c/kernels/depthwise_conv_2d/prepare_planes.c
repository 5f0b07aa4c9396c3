/* Packing of DEPTHWISE_CONV_2D for the DSP extension (planes.h). Host only. */
#include "../common/prepare_channels.h"
#include "../common/prepare_finish.h"
#include "../window_16/prepare_finish_16.h"
#include "prepare_planes.h"

/* The output may overlap all of the input but some more rows than these. */
enum { LEAST_PLANES = 1024, INPUT_PER_PLANES = 8, MOST_ROWS = 8 };

int32_t rlt_depthwise_weight(const rlt_window *w, const rlt_depthwise_tensors *t, int32_t y, int32_t x,
                             int32_t channel) {
    if (x >= w->kernel_w) return 0;
    const size_t at = ((size_t)y * (size_t)w->kernel_w + (size_t)x) * (size_t)w->out_c + (size_t)channel;
    return (int8_t)t->weights->data[at] - rlt_zero_point(t->weights, 0);
}

rlt_status rlt_depthwise_finish(rlt_prepare_state *p, const rlt_window *w, const rlt_depthwise_tensors *t, int32_t c,
                                rlt_finish *f, int *fits) {
    int64_t sum = 0, size = 0;
    for (int32_t y = 0; y < w->kernel_h; y++) {
        for (int32_t x = 0; x < w->kernel_w; x++) {
            const int32_t weight = rlt_depthwise_weight(w, t, y, x, c);
            sum += weight;
            size += weight < 0 ? -weight : weight;
        }
    }
    rlt_channel_sum s = {.largest = 128 * size, .zero_point = rlt_zero_point(t->output, 0)};
    s.bias = (t->bias ? rlt_const_i32(t->bias, (uint32_t)c) : 0) - rlt_zero_point(t->input, 0) * sum;
    RLT_TRY(rlt_channel_multiplier(p, t->input, t->weights, t->output, (uint32_t)c, &s.multiplier, &s.shift));
    *fits = rlt_finish_for(&s, 0, f);
    return RLT_OK;
}

void rlt_depthwise_transpose(rlt_window *w) {
    w->in_w = w->in_h, w->out_w = w->out_h, w->kernel_w = w->kernel_h;
    w->stride_w = w->stride_h, w->dilation_w = w->dilation_h, w->pad_left = w->pad_top;
    w->in_h = w->out_h = w->kernel_h = w->stride_h = w->dilation_h = 1;
    w->pad_top = 0;
}

/* Whether every output row may take the place of the input row of its number, channel by channel. */
static int is_in_place(const rlt_depthwise_planes_params *k) {
    const rlt_window *w = &k->window;
    return k->multiplier == 1 && w->stride_h == 1 && w->out_h == w->in_h && w->out_w == w->in_w &&
           w->pad_top < w->kernel_h;
}

/* Planes for as many output rows as fit a small part of the input's size. 0: too large to handle. */
static int64_t plan_planes(rlt_depthwise_planes_params *k, uint32_t input_bytes) {
    const rlt_window *w = &k->window;
    const int64_t even_out = ((int64_t)w->out_w + 1) & ~1; /* rows of three come out by twos */
    const int64_t needed = k->three ? (even_out - 1) * w->stride_w + 2 + w->stride_w
                                    : (int64_t)(w->out_w - 1) * w->stride_w + ((int64_t)k->pairs - 1) * k->pair_step + 2;
    const int64_t width = (needed + 1) & ~1;
    const int64_t reach = (int64_t)(w->kernel_h - 1) * w->dilation_h + 1;
    if (width > INT16_MAX || reach > INT16_MAX) return 0;
    const int64_t row_bytes = width * RLT_DEPTHWISE_PLANES * (int64_t)sizeof(int16_t);
    const int64_t part = input_bytes / INPUT_PER_PLANES, wanted = part > LEAST_PLANES ? part : LEAST_PLANES;
    const int64_t rows = (wanted / row_bytes - reach) / w->stride_h + 1;
    const int32_t most = w->out_h < MOST_ROWS || is_in_place(k) ? w->out_h : MOST_ROWS;
    k->rows = rows < 1 ? 1 : rows > most ? most : (int32_t)rows;
    k->width = (int32_t)width;
    k->height = (k->rows - 1) * w->stride_h + (int32_t)reach;
    return row_bytes * k->height < INT32_MAX / 4 ? row_bytes * k->height : 0;
}

rlt_status rlt_depthwise_finish_any(rlt_prepare_state *p, const rlt_window *w, const rlt_depthwise_tensors *t,
                                    const rlt_window_16 *wide, int32_t c, void *to, int *fits) {
    if (!wide) return rlt_depthwise_finish(p, w, t, c, to, fits);
    return rlt_finish_16_long_for(p, wide, c, to, fits);
}

static uint32_t *pack_channel(const rlt_depthwise_planes_params *k, const rlt_depthwise_tensors *t, int32_t c, int fits,
                              uint32_t *to) {
    const rlt_window *w = &k->window;
    for (int32_t y = 0; y < w->kernel_h; y++) {
        for (int32_t pair = 0; pair < k->pairs; pair++) {
            const int32_t x = k->three ? pair : pair * k->pair_step / w->dilation_w;
            const uint32_t first = (uint16_t)rlt_depthwise_weight(w, t, y, x, c);
            const uint32_t second = w->dilation_w == 1 ? (uint32_t)rlt_depthwise_weight(w, t, y, x + 1, c) : 0;
            *to++ = fits < 0 ? 0 : first | second << 16;
        }
    }
    return to;
}

rlt_status rlt_depthwise_planes(rlt_prepare_state *p, const rlt_op *op, const rlt_depthwise_tensors *t,
                                const rlt_window_16 *wide, const rlt_window *window, int32_t multiplier,
                                int32_t activation, int *done) {
    rlt_depthwise_planes_params plan = {.window = *window, .multiplier = multiplier};
    rlt_window *w = &plan.window;
    *done = 0;
    if (!rlt_has(p, RLT_ISA_DSP) || !t->output->elements) return RLT_OK;
    if (w->in_w == 1 && w->kernel_w == 1 && w->out_w == 1) rlt_depthwise_transpose(w);
    plan.three = w->kernel_h == 3 && w->kernel_w == 3 && w->stride_w <= 2 && w->dilation_h == 1 && w->dilation_w == 1;
    plan.pair_step = w->dilation_w == 1 ? 2 : w->dilation_w;
    plan.pairs = plan.three ? 2 : w->dilation_w == 1 ? (w->kernel_w + 1) / 2 : w->kernel_w;
    const int64_t scratch = plan_planes(&plan, t->input->bytes);
    const size_t weights_bytes = (size_t)w->out_c * (size_t)w->kernel_h * (size_t)plan.pairs * sizeof(uint32_t);
    const size_t each = wide ? sizeof(rlt_finish_16_long) : sizeof(rlt_finish);
    if (!scratch || weights_bytes + (size_t)w->out_c * each > rlt_constant_room(p) / 2) return RLT_OK;
    int32_t f[sizeof(rlt_finish) / sizeof(int32_t)]; /* either has four words */
    for (int32_t c = 0; c < w->out_c; c++) {
        int fits;
        RLT_TRY(rlt_depthwise_finish_any(p, w, t, wide, c, f, &fits));
        if (!fits) return RLT_OK;
    }
    *done = 1;
    RLT_TRY(rlt_range_s8(p, t->output, activation, &plan.low, &plan.high));
    const uint32_t kernel = wide ? RLT_KERNEL_depthwise_conv_2d_s16_dsp : RLT_KERNEL_depthwise_conv_2d_s8_dsp;
    rlt_depthwise_planes_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_DEPTHWISE_PLANES_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    *k = plan;
    k->together = is_in_place(k) ? w->out_h : k->rows;
    k->input = rlt_ref_of(p, t->input);
    k->output = rlt_ref_of(p, t->output);
    k->input_zero_point = rlt_zero_point(t->input, 0);
    k->scratch = rlt_add_scratch(p, op, (size_t)scratch);
    uint32_t *weights = rlt_add_constant(p, weights_bytes, &k->weights);
    if (!weights) return RLT_ERROR_MEMORY;
    uint8_t *to = rlt_add_constant(p, (size_t)w->out_c * each, &k->channels);
    if (!to) return RLT_ERROR_MEMORY;
    for (int32_t c = 0; c < w->out_c; c++, to += each) {
        int fits;
        RLT_TRY(rlt_depthwise_finish_any(p, w, t, wide, c, to, &fits));
        weights = pack_channel(k, t, c, fits, weights);
    }
    if (is_in_place(k)) rlt_may_overwrite(p, t->output, t->input);
    else rlt_may_stream(p, t->output, t->input, w, k->rows);
    return RLT_OK;
}
