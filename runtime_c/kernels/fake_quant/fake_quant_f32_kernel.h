/* Fake quantization over the vectors of the instruction set whose header was included before. Meanings as in
 * fake_quant_f32.c. */
#ifndef RLT_FAKE_QUANT_F32_KERNEL_H
#define RLT_FAKE_QUANT_F32_KERNEL_H

#include <float.h>

#include "fake_quant.h"

typedef struct {
    rlt_vec low, high, step, inverse;
} grid;

/* The ranges of a vector of channels, or of one channel in all lanes. */
RLT_INLINE grid grid_of(rlt_vec low, rlt_vec high, rlt_vec first, rlt_vec last) {
    const rlt_vec none = rlt_vec_all(0.0f), one = rlt_vec_all(1.0f), half = rlt_vec_all(0.5f);
    low = rlt_vec_min(low, none);
    high = rlt_vec_max(high, none);
    const rlt_vec step = rlt_vec_div(rlt_vec_sub(high, low), rlt_vec_sub(last, first));
    const rlt_vec divisor = rlt_vec_where_less(low, high, step, one), most = rlt_vec_all(FLT_MAX);
    const rlt_vec above = rlt_vec_add(rlt_vec_sub(first, rlt_vec_div(low, divisor)), half);
    const rlt_vec zero = rlt_vec_clamp(rlt_vec_truncate(above), first, last);
    return (grid){rlt_vec_where_less(low, high, rlt_vec_mul(rlt_vec_sub(first, zero), step), rlt_vec_sub(none, most)),
                  rlt_vec_where_less(low, high, rlt_vec_mul(rlt_vec_sub(last, zero), step), most), step,
                  rlt_vec_div(one, divisor)};
}

/* Truncating is flooring here: nothing is negative. Without fused operations, as the scalar kernel rounds. */
RLT_INLINE rlt_vec rounded(rlt_vec x, grid g) {
    const rlt_vec steps = rlt_vec_mul(rlt_vec_sub(rlt_vec_clamp(x, g.low, g.high), g.low), g.inverse);
    const rlt_vec whole = rlt_vec_truncate(rlt_vec_add(steps, rlt_vec_all(0.5f)));
    return rlt_vec_where_less(rlt_vec_all(0.0f), g.step, rlt_vec_add(rlt_vec_mul(whole, g.step), g.low), x);
}

RLT_INLINE rlt_vec passed(rlt_vec x, rlt_vec dy, grid g) {
    const rlt_vec none = rlt_vec_all(0.0f);
    return rlt_vec_where_less(x, g.low, none, rlt_vec_where_less(g.high, x, none, dy));
}

RLT_INLINE void values_run(const float *x, const float *dy, float *y, size_t count, grid g) {
    for (size_t i = 0; i < count; i += RLT_LANES) {
        const rlt_vec v = rlt_vec_load_upto(x + i, count - i);
        rlt_vec_store_upto(y + i, dy ? passed(v, rlt_vec_load_upto(dy + i, count - i), g) : rounded(v, g), count - i);
    }
}

/* The last axis has the ranges: a vector of channels at a time, down all rows. */
RLT_INLINE void columns_run(const rlt_run *run, const rlt_fake_quant_params *p, const float *x, const float *dy, float *y) {
    const float *lows = rlt_in(run, p->low), *highs = rlt_in(run, p->high);
    uint32_t first, last;
    rlt_share_of(run, (p->channels + RLT_LANES - 1) / RLT_LANES, &first, &last);
    for (size_t c = (size_t)first * RLT_LANES; c < (size_t)last * RLT_LANES; c += RLT_LANES) {
        const size_t width = p->channels - c;
        const grid g = grid_of(rlt_vec_load_upto(lows + c, width), rlt_vec_load_upto(highs + c, width),
                               rlt_vec_all(p->first), rlt_vec_all(p->last));
        for (size_t i = c; i < p->count; i += p->channels) {
            const rlt_vec v = rlt_vec_load_upto(x + i, width);
            rlt_vec_store_upto(y + i, dy ? passed(v, rlt_vec_load_upto(dy + i, width), g) : rounded(v, g), width);
        }
    }
}

RLT_INLINE rlt_status fake_quant_run(const rlt_run *run, const rlt_fake_quant_params *p, int is_gradient) {
    const float *x = rlt_in(run, p->x), *dy = is_gradient ? rlt_in(run, p->dy) : NULL;
    float *y = rlt_out(run, p->y);
    if (p->inner == 1 && p->channels > 1) {
        columns_run(run, p, x, dy, y);
        return RLT_OK;
    }
    const float *lows = rlt_in(run, p->low), *highs = rlt_in(run, p->high);
    uint32_t i, last;
    rlt_share_of(run, p->count, &i, &last);
    while (i < last) {
        const uint32_t row = i / p->inner, c = row % p->channels;
        const uint32_t count = last - row * p->inner < p->inner ? last - i : (row + 1) * p->inner - i;
        const grid g = grid_of(rlt_vec_all(lows[c]), rlt_vec_all(highs[c]), rlt_vec_all(p->first), rlt_vec_all(p->last));
        values_run(x + i, dy ? dy + i : NULL, y + i, count, g);
        i += count;
    }
    return RLT_OK;
}

#endif
