/* Packing of int8 CONV_2D and FULLY_CONNECTED for the DSP extension (columns.h). Host only. */
#include "../common/prepare_channels.h"
#include "../common/prepare_finish.h"
#include "prepare_columns.h"

enum { LARGEST_SECOND = 1 << 23 };

typedef struct {
    const rlt_conv_tensors *t;
    int32_t filter; /* weights of a channel */
    int exact;
} layer;

rlt_status rlt_conv_2d_finish(rlt_prepare_state *p, const rlt_conv_tensors *t, int32_t filter, int32_t c, int exact,
                              rlt_finish_exact *f, int64_t *largest, int *fits) {
    int64_t sum = 0, size = 0;
    for (int32_t i = 0; i < filter; i++) {
        const int32_t weight = rlt_conv_weight(t, filter, c, i);
        sum += weight;
        size += weight < 0 ? -weight : weight;
    }
    rlt_channel_sum s = {.largest = 128 * size, .zero_point = rlt_zero_point(t->output, 0)};
    s.bias = (t->bias ? rlt_const_i32(t->bias, (uint32_t)c) : 0) - rlt_zero_point(t->input, 0) * sum;
    if (exact) {
        const double x = (double)rlt_scale(t->input, 0), w = (double)rlt_scale(t->weights, (uint32_t)c);
        RLT_TRY(rlt_exact(p, x * w / (double)rlt_scale(t->output, 0), &f->exact));
        s.multiplier = (int32_t)(f->exact.high >> 1);
        s.shift = f->exact.exponent;
    } else {
        RLT_TRY(rlt_channel_multiplier(p, t->input, t->weights, t->output, (uint32_t)c, &s.multiplier, &s.shift));
    }
    *largest = s.largest;
    *fits = rlt_finish_for(&s, exact, &f->finish);
    return RLT_OK;
}

static rlt_status channel_finish(rlt_prepare_state *p, const layer *l, int32_t c, rlt_finish_exact *f, int *fits) {
    int64_t largest;
    RLT_TRY(rlt_conv_2d_finish(p, l->t, l->filter, c, l->exact, f, &largest, fits));
    *fits = *fits && largest < LARGEST_SECOND;
    if (*fits && l->exact) rlt_finish_widen(f, largest);
    return RLT_OK;
}

/* Two weights in a half: A below, B above. */
static int32_t both(const layer *l, int32_t channels, int32_t c, int32_t i) {
    const int32_t above = c + 1 < channels ? rlt_conv_weight(l->t, l->filter, c + 1, i) : 0;
    return 256 * above + rlt_conv_weight(l->t, l->filter, c, i);
}

static rlt_status all_fit(rlt_prepare_state *p, const layer *l, int32_t channels, int *fit) {
    for (int32_t c = 0; c < channels; c++) {
        rlt_finish_exact f = {0};
        RLT_TRY(channel_finish(p, l, c, &f, fit));
        if (!*fit) return RLT_OK;
    }
    for (int32_t c = 0; c < channels; c += 2) {
        for (int32_t i = 0; i < l->filter; i++) *fit &= both(l, channels, c, i) >= INT16_MIN;
    }
    return RLT_OK;
}

static void pack_weights(const layer *l, const rlt_conv_2d_columns_params *k, uint32_t *to) {
    for (int32_t c = 0; c < k->window.out_c; c += 2) {
        uint32_t *const end = to + k->pairs;
        for (int32_t run = 0; run < k->runs; run++) {
            for (int32_t i = 0; i < k->run_bytes; i++) {
                if (i % 4 > 1) continue; /* these go with the two before */
                const int32_t at = run * k->run_bytes + i;
                const int32_t upper = i + 2 < k->run_bytes ? both(l, k->window.out_c, c, at + 2) : 0;
                *to++ = (uint16_t)both(l, k->window.out_c, c, at) | (uint32_t)upper << 16;
            }
        }
        while (to < end) *to++ = 0;
    }
}

static rlt_status pack_channels(rlt_prepare_state *p, const layer *l, rlt_conv_2d_columns_params *k) {
    const size_t each = l->exact ? sizeof(rlt_finish_exact) : sizeof(rlt_finish);
    uint8_t *to = rlt_add_constant(p, (size_t)k->window.out_c * each, &k->channels);
    if (!to) return RLT_ERROR_MEMORY;
    for (int32_t c = 0; c < k->window.out_c; c++, to += each) {
        rlt_finish_exact f = {0};
        int fits;
        RLT_TRY(channel_finish(p, l, c, &f, &fits));
        memcpy(to, &f, each);
    }
    return RLT_OK;
}

rlt_status rlt_conv_2d_columns(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t, const rlt_window *w,
                               int32_t activation, int exact, int *done) {
    *done = 0;
    if (!rlt_has(p, RLT_ISA_DSP) || rlt_zero_point(t->weights, 0) || (int64_t)w->in_c * w->kernel_w >= 1 << 20 ||
        t->weights->elements >= 1u << 28) {
        return RLT_OK;
    }
    const layer l = {t, w->in_c * w->kernel_h * w->kernel_w, exact};
    rlt_conv_2d_columns_params plan = {.window = *w};
    const int rows = w->dilation_w == 1;
    plan.run_bytes = w->in_c * (rows ? w->kernel_w : 1);
    plan.runs = w->kernel_h * (rows ? 1 : w->kernel_w);
    const int32_t rest = plan.run_bytes % 4 < 2 ? plan.run_bytes % 4 : 2;
    plan.pairs = (plan.runs * (plan.run_bytes / 4 * 2 + rest) + 1) & ~1;
    const size_t weights_bytes = (size_t)((w->out_c + 1) / 2) * (size_t)plan.pairs * sizeof(uint32_t);
    if (weights_bytes + (size_t)w->out_c * sizeof(rlt_finish_exact) > rlt_constant_room(p) / 2) return RLT_OK;
    int fit = 1;
    RLT_TRY(all_fit(p, &l, w->out_c, &fit));
    if (!fit) return RLT_OK;
    *done = 1;
    RLT_TRY(rlt_range_s8(p, t->output, activation, &plan.low, &plan.high));
    const uint32_t kernel = exact ? RLT_KERNEL_fully_connected_s8_dsp : RLT_KERNEL_conv_2d_s8_dsp;
    rlt_conv_2d_columns_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_CONV_2D_COLUMNS_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    *k = plan;
    k->input = rlt_ref_of(p, t->input);
    k->output = rlt_ref_of(p, t->output);
    k->input_zero_point = rlt_zero_point(t->input, 0);
    k->output_zero_point = rlt_zero_point(t->output, 0);
    const size_t columns = exact ? 1 : RLT_CONV_2D_COLUMN_PIXELS;
    k->scratch = rlt_add_scratch(p, op, columns * (size_t)plan.pairs * sizeof(uint32_t));
    uint32_t *weights = rlt_add_constant(p, weights_bytes, &k->weights);
    if (!weights) return RLT_ERROR_MEMORY;
    pack_weights(&l, k, weights);
    if (!exact) rlt_makes_rows(p, t->output, (uint32_t)w->batches * (uint32_t)w->out_h);
    if (!exact) rlt_may_stream(p, t->output, t->input, w, rlt_is_pointwise(w) ? 0 : 1);
    return pack_channels(p, &l, k);
}
