/* Packing of DEPTHWISE_CONV_2D for Helium under any window (lanes.h). Host only. */
#include "prepare_lanes.h"

#include <string.h>

#include "../common/prepare_finish.h"
#include "../window_16/finish_16.h"

enum { LANES = RLT_DEPTHWISE_LANES, FOUR = 4 };

static rlt_status pack_channel(rlt_prepare_state *p, const rlt_window *w, const rlt_depthwise_tensors *t,
                               const rlt_window_16 *wide, int32_t c, int8_t *weights, uint8_t *fours) {
    const int32_t four_of = c % LANES / 8 * 2 + c % 2, lane = c % 8 / 2;
    int fits;
    union {
        rlt_finish narrow;
        rlt_finish_16_long wide;
    } f;
    RLT_TRY(rlt_depthwise_finish_any(p, w, t, wide, c, &f, &fits));
    int32_t sum = 0;
    for (int32_t y = 0; y < w->kernel_h; y++) {
        for (int32_t x = 0; x < w->kernel_w; x++) {
            const int32_t weight = fits < 0 ? 0 : rlt_depthwise_weight(w, t, y, x, c);
            weights[(y * w->kernel_w + x) * LANES + c % LANES] = (int8_t)weight;
            sum += weight;
        }
    }
    if (wide) {
        rlt_finish_16_long_four *four = (rlt_finish_16_long_four *)(void *)fours + four_of;
        four->bias[lane] = f.wide.bias;
        four->multiplier[lane] = f.wide.multiplier;
        four->shift[lane] = -f.wide.shift;
    } else {
        f.narrow.bias2 += 2 * rlt_zero_point(t->input, 0) * sum; /* the kernel takes it from the values, not here */
        rlt_finish_put((rlt_finish_four *)(void *)fours + four_of, lane, &f.narrow);
    }
    return RLT_OK;
}

rlt_status rlt_depthwise_lanes(rlt_prepare_state *p, const rlt_op *op, const rlt_depthwise_tensors *t,
                               const rlt_window_16 *wide, const rlt_window *w, int32_t activation, int *done) {
    *done = 0;
    if (!rlt_has(p, RLT_ISA_MVE) || w->out_c != w->in_c || !t->output->elements || rlt_zero_point(t->weights, 0)) {
        return RLT_OK;
    }
    const size_t taps = (size_t)w->kernel_h * (size_t)w->kernel_w, blocks = ((size_t)w->out_c + LANES - 1) / LANES;
    const size_t each = LANES / FOUR * (wide ? sizeof(rlt_finish_16_long_four) : sizeof(rlt_finish_four));
    if (blocks * (each + taps * LANES) > rlt_constant_room(p) / 2) return RLT_OK;
    for (int32_t c = 0; c < w->out_c; c++) {
        rlt_finish f; /* as large as the other */
        int fits;
        RLT_TRY(rlt_depthwise_finish_any(p, w, t, wide, c, &f, &fits));
        if (!fits) return RLT_OK;
    }
    *done = 1;
    const uint32_t kernel = wide ? RLT_KERNEL_depthwise_lanes_s16_mve : RLT_KERNEL_depthwise_lanes_s8_mve;
    rlt_depthwise_lanes_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_DEPTHWISE_LANES_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    RLT_TRY(rlt_range_s8(p, t->output, activation, &k->low, &k->high));
    k->window = *w;
    k->input = rlt_ref_of(p, t->input);
    k->output = rlt_ref_of(p, t->output);
    k->input_zero_point = rlt_zero_point(t->input, 0);
    k->scratch = rlt_add_scratch(p, op, taps * sizeof(rlt_lane_tap));
    int8_t *weights = rlt_add_constant(p, blocks * taps * LANES, &k->weights);
    if (!weights) return RLT_ERROR_MEMORY;
    memset(weights, 0, blocks * taps * LANES);
    uint8_t *fours = rlt_add_constant(p, blocks * each, &k->channels);
    if (!fours) return RLT_ERROR_MEMORY;
    memset(fours, 0, blocks * each);
    for (int32_t c = 0; c < w->out_c; c++) {
        const size_t block = (size_t)c / LANES;
        RLT_TRY(pack_channel(p, w, t, wide, c, weights + block * taps * LANES, fours + block * each));
    }
    rlt_may_stream(p, t->output, t->input, w, 1);
    return RLT_OK;
}
