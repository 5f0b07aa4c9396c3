#include "pack_filter_f32.h"

#include <string.h>

/* One tap's `depth` values of each of `count` channels; `step`, `channel_step`: strides of the filter. */
static float *pack_tap(const float *from, size_t step, size_t channel_step, size_t depth, size_t count, float *to) {
    for (size_t i = 0; i < depth; i++, from += step, to += count) {
        if (channel_step == 1) memcpy(to, from, count * sizeof(float));
        else for (size_t c = 0; c < count; c++) to[c] = from[c * channel_step];
    }
    return to;
}

/* The same for channels of two lanes: value `at` of the run lies in every other place of its pair of rows. */
static void pack_tap_pairs(const float *from, size_t step, size_t channel_step, size_t depth, size_t count, size_t at,
                           float *run) {
    for (size_t i = 0; i < depth; i++, at++, from += step) {
        float *to = run + at / 2 * (2 * count) + at % 2;
        for (size_t c = 0; c < count; c++) to[2 * c] = from[c * channel_step];
    }
}

static void pack_run(const rlt_pack_filter_f32_params *p, const float *weights, int32_t run, size_t first,
                     size_t count, float *to) {
    const rlt_conv_2d_packed_f32_params *k = &p->conv;
    const rlt_window *w = &k->window;
    const size_t depth = (size_t)w->in_c, filter = (size_t)(w->kernel_h * w->kernel_w);
    const size_t step = p->flipped ? filter * (size_t)w->out_c : 1, channel_step = p->flipped ? 1 : filter * depth;
    const size_t taps = (size_t)k->run_floats / depth; /* those of a row, or one */
    float *tap_to = to;
    for (size_t i = 0; i < taps; i++) {
        const size_t tap = (size_t)run * taps + i;
        const float *from = weights + first * channel_step +
                            (p->flipped ? (filter - 1 - tap) * (size_t)w->out_c : tap * depth);
        if (k->taps == 1) tap_to = pack_tap(from, step, channel_step, depth, count, tap_to);
        else pack_tap_pairs(from, step, channel_step, depth, count, i * depth, to);
    }
}

rlt_status rlt_pack_filter_f32(const rlt_run *run, const void *params) {
    const rlt_pack_filter_f32_params *p = params;
    const rlt_conv_2d_packed_f32_params *k = &p->conv;
    const size_t width = (size_t)(p->lanes / k->taps), out_c = (size_t)k->window.out_c;
    const size_t run_values = (size_t)rlt_conv_f32_run_steps(k) * (size_t)k->taps;
    const float *weights = rlt_in(run, p->weights), *bias = rlt_in_or_null(run, p->bias);
    float *packed = rlt_out(run, p->packed), *packed_bias = rlt_out(run, p->packed_bias);
    uint32_t piece, last;
    rlt_share_of(run, (uint32_t)(rlt_conv_f32_blocks(k) * k->run_count), &piece, &last);
    for (; piece < last; piece++) {
        const int32_t block = (int32_t)piece / k->run_count, i = (int32_t)piece % k->run_count;
        const size_t first = (size_t)rlt_conv_f32_block_start(k, block) * width;
        const size_t after = (size_t)rlt_conv_f32_block_start(k, block + 1) * width;
        const size_t count = (after < out_c ? after : out_c) - first, floats = run_values * count;
        float *to = packed + first * run_values * (size_t)k->run_count + floats * (size_t)i;
        if (k->taps != 1) memset(to + floats - count * (size_t)k->taps, 0, count * (size_t)k->taps * sizeof(float));
        pack_run(p, weights, i, first, count, to);
    }
    if (run->task != 0) return RLT_OK;
    memset(packed + rlt_conv_f32_weights(k) - RLT_CONV_F32_SLACK * (size_t)k->taps, 0,
           RLT_CONV_F32_SLACK * (size_t)k->taps * sizeof(float));
    memset(packed_bias, 0, (size_t)k->vectors * (size_t)p->lanes * sizeof(float));
    for (size_t c = 0; bias && c < out_c; c++) packed_bias[c * (size_t)k->taps] = bias[c];
    return RLT_OK;
}
