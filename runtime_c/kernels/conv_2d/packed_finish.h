/* Packed convolutions: from sums to int8 results. Included before packed_tiles.h. */
#ifndef RLT_CONV_2D_PACKED_FINISH_H
#define RLT_CONV_2D_PACKED_FINISH_H

#include "packed_block.h"

typedef int8_t result;
enum { MAY_HAVE_TERMS = 1 };

/* One pixel's sums, whatever the factors. */
static __attribute__((noinline)) void finish_pixel(const block *b, int32_t vectors, const vi *sum,
                                                   int8_t *output) {
    const rlt_conv_2d_packed_params *p = b->p;
    const v_range range = v_set_range(p->output_zero_point, p->low, p->high);
    vi y[MOST_VECTORS];
    for (int32_t v = 0; v < MOST_VECTORS; v++) {
        const int32_t at = v < vectors ? v : 0;
        const int32_t *factor = b->bias + b->padded + at * LANES;
        if (p->exact) {
            y[v] = vi_scale_exact(sum[at], (const double *)(const void *)b->factors + at * LANES);
        } else {
            y[v] = vi_requantize(sum[at], vi_load(factor), vi_load(factor + b->padded),
                                 vi_load(factor + 2 * b->padded));
        }
    }
    v_store_bytes(output, v_to_bytes(y, MOST_VECTORS, &range), b->channels);
}

RLT_INLINE void finish(const int pixels, const int vectors, const int paired, const block *b, tile_sums sum,
                       result *output) {
    (void)paired; /* never here */
    const rlt_conv_2d_packed_params *p = b->p;
    const size_t pixel = (size_t)p->window.out_c;
    if (p->sums == RLT_SUMS_ANY) {
        vi sums[MOST_PIXELS][MOST_VECTORS];
#pragma GCC unroll 12
        for (int i = 0; i < pixels; i++) {
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) sums[i][v] = sum[i][v];
        }
        for (int i = 0; i < pixels; i++) {
            finish_pixel(b, vectors, sums[i], output + (size_t)i * pixel);
        }
        return;
    }
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) {
        const int32_t *multiplier = b->bias + b->padded + v * LANES;
        const v_scale scale = v_load_scale(multiplier, multiplier + 2 * b->padded);
#pragma GCC unroll 12
        for (int i = 0; i < pixels; i++) sum[i][v] = vi_requantize_small(sum[i][v], &scale);
    }
    const v_range range = v_set_range(p->output_zero_point, p->low, p->high);
    const int32_t channels = b->channels;
    if (vectors == 1) {
#pragma GCC unroll 12
        for (int i = 0; i < pixels; i += QUARTERS) {
            const int count = pixels - i < QUARTERS ? pixels - i : QUARTERS;
            vi y[QUARTERS];
#pragma GCC unroll 4
            for (int k = 0; k < count; k++) y[k] = sum[i + k][0];
            const v_bytes bytes = v_to_bytes(y, count, &range);
#pragma GCC unroll 4
            for (int k = 0; k < count; k++) v_store_quarter(output + (size_t)(i + k) * pixel, bytes, k, channels);
        }
        return;
    }
#pragma GCC unroll 12
    for (int i = 0; i < pixels; i++) {
        v_store_bytes(output + (size_t)i * pixel, v_to_bytes(sum[i], vectors, &range), channels);
    }
}

#endif
