#include "pack_filter_f32.h"

#include <string.h>

enum { BLOCK = 16 }; /* a line of a usual cache */

/* `depth` values of each of `count` channels, `channel_step` apart, a block at a time. */
static void transpose(const float *from, size_t channel_step, size_t depth, size_t count, float *to) {
    for (size_t first = 0; first < count; first += BLOCK) {
        const size_t channels = count - first < BLOCK ? count - first : BLOCK;
        for (size_t start = 0; start < depth; start += BLOCK) {
            const size_t end = depth - start < BLOCK ? depth : start + BLOCK;
            const float *block = from + first * channel_step;
            for (size_t i = start; i < end; i++)
                for (size_t c = 0; c < channels; c++) to[i * count + first + c] = block[c * channel_step + i];
        }
    }
}

/* One tap's `depth` values of each of `count` channels; `step`, `channel_step`: strides of the filter, one of them 1. */
static float *pack_tap(const float *from, size_t step, size_t channel_step, size_t depth, size_t count, float *to) {
    if (channel_step != 1) {
        transpose(from, channel_step, depth, count, to);
    } else {
        for (size_t i = 0; i < depth; i++) memcpy(to + i * count, from + i * step, count * sizeof(float));
    }
    return to + depth * count;
}

/* The same for channels of two lanes: value `at` of the run lies in every other place of its pair of rows. */
static void pack_tap_pairs(const float *from, size_t step, size_t channel_step, size_t depth, size_t count, size_t at,
                           float *run) {
    for (size_t i = 0; i < depth; i++, at++, from += step) {
        float *to = run + at / 2 * (2 * count) + at % 2;
        for (size_t c = 0; c < count; c++) to[2 * c] = from[c * channel_step];
    }
}

/* Where tap `tap` of a phase lies in the filter. */
static size_t tap_at(const rlt_pack_filter_f32_params *p, const rlt_conv_2d_phase *phase, size_t tap) {
    const rlt_window *w = &phase->conv.window;
    if (!p->flipped) return tap * (size_t)w->in_c;
    const size_t y = tap / (size_t)w->kernel_w, x = tap % (size_t)w->kernel_w;
    const size_t from_y = (size_t)phase->tap_y + (size_t)p->step_h * ((size_t)w->kernel_h - 1 - y);
    const size_t from_x = (size_t)phase->tap_x + (size_t)p->step_w * ((size_t)w->kernel_w - 1 - x);
    return (from_y * (size_t)p->kernel_w + from_x) * (size_t)w->out_c;
}

static void pack_run(const rlt_pack_filter_f32_params *p, const rlt_conv_2d_phase *phase, const float *weights,
                     int32_t run, size_t first, size_t count, float *to) {
    const rlt_conv_2d_packed_f32_params *k = &phase->conv;
    const rlt_window *w = &k->window;
    const size_t depth = (size_t)w->in_c, filter = (size_t)(p->kernel_h * p->kernel_w);
    const size_t step = p->flipped ? filter * (size_t)w->out_c : 1, channel_step = p->flipped ? 1 : filter * depth;
    const size_t taps = (size_t)k->run_floats / depth; /* those of a row, or one */
    float *tap_to = to;
    for (size_t i = 0; i < taps; i++) {
        const float *from = weights + first * channel_step + tap_at(p, phase, (size_t)run * taps + i);
        if (k->taps == 1) tap_to = pack_tap(from, step, channel_step, depth, count, tap_to);
        else pack_tap_pairs(from, step, channel_step, depth, count, i * depth, to);
    }
}

/* Piece `piece` of a phase: a run of a block. */
static void pack_piece(const rlt_pack_filter_f32_params *p, const rlt_conv_2d_phase *phase, const float *weights,
                       int32_t piece, float *packed) {
    const rlt_conv_2d_packed_f32_params *k = &phase->conv;
    const size_t width = (size_t)(p->lanes / k->taps), out_c = (size_t)k->window.out_c;
    const size_t run_values = (size_t)rlt_conv_f32_run_steps(k) * (size_t)k->taps;
    const int32_t block = piece / k->run_count, run = piece % k->run_count;
    const size_t first = (size_t)rlt_conv_f32_block_start(k, block) * width;
    const size_t after = (size_t)rlt_conv_f32_block_start(k, block + 1) * width;
    const size_t count = (after < out_c ? after : out_c) - first, floats = run_values * count;
    float *to = packed + first * run_values * (size_t)k->run_count + floats * (size_t)run;
    if (k->taps != 1) memset(to + floats - count * (size_t)k->taps, 0, count * (size_t)k->taps * sizeof(float));
    pack_run(p, phase, weights, run, first, count, to);
}

rlt_status rlt_pack_filter_f32(const rlt_run *run, const void *params) {
    const rlt_pack_filter_f32_params *p = params;
    const float *weights = rlt_in(run, p->weights), *bias = rlt_in_or_null(run, p->bias);
    float *packed_bias = rlt_out(run, p->packed_bias);
    for (int32_t i = 0; i < p->count; i++) {
        const rlt_conv_2d_packed_f32_params *k = &p->phases[i].conv;
        float *packed = (float *)rlt_out(run, p->packed) + p->phases[i].packed_at;
        const size_t slack = RLT_CONV_F32_SLACK * (size_t)k->taps;
        uint32_t piece, last;
        rlt_share_of(run, (uint32_t)(rlt_conv_f32_blocks(k) * k->run_count), &piece, &last);
        for (; piece < last; piece++) pack_piece(p, &p->phases[i], weights, (int32_t)piece, packed);
        if (run->task == 0) memset(packed + rlt_conv_f32_weights(k) - slack, 0, slack * sizeof(float));
    }
    if (run->task != 0) return RLT_OK;
    const rlt_conv_2d_packed_f32_params *k = &p->phases[0].conv;
    memset(packed_bias, 0, (size_t)k->vectors * (size_t)p->lanes * sizeof(float));
    for (size_t c = 0; bias && c < (size_t)k->window.out_c; c++) packed_bias[c * (size_t)k->taps] = bias[c];
    return RLT_OK;
}
