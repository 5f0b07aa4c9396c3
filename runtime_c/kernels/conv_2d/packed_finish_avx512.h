/* Packed convolutions with AVX-512: from sums to int8 results. Included before packed_tiles.h.
 *
 * A tile's sums go through memory, so that this code exists once for each number of vectors and not in every tile. */
#ifndef RLT_CONV_2D_PACKED_FINISH_AVX512_H
#define RLT_CONV_2D_PACKED_FINISH_AVX512_H

#include "packed_block.h"

enum { GROUP = 4 }; /* pixels finished at a time */

typedef int8_t result;

/* Sums of `pixels` pixels, of all vectors of one before the next; the array has whole groups. */
typedef void (*finish_function)(const block *b, int pixels, const vi *sum, int8_t *output);

typedef struct {
    vi even, odd, nudge_even, nudge_odd, shift;
} factor;

RLT_INLINE factor load_factor(const block *b, int v) {
    const int32_t *multiplier = b->bias + b->padded + v * LANES;
    const rlt_conv_2d_rounding *r = b->rounding + v;
    return (factor){vi_load(multiplier), vi_load(multiplier + 1), _mm512_loadu_si512(r->nudge_even),
                    _mm512_loadu_si512(r->nudge_odd), vi_load(r->shift)};
}

/* Results with the zero point added, as rlt_conv_2d_rounding says. */
RLT_INLINE vi round_sums(const rlt_conv_2d_sums kind, vi sum, const factor *f) {
    const vi x = kind == RLT_SUMS_SMALL ? vi_add(sum, sum) : sum;
    const vi even = _mm512_add_epi64(_mm512_mul_epi32(x, f->even), f->nudge_even);
    const vi odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(x, 32), f->odd), f->nudge_odd);
    vi high = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
    if (kind == RLT_SUMS_SMALL) high = vi_add(high, _mm512_srai_epi32(sum, 31));
    return _mm512_srav_epi32(high, f->shift);
}

/* Four pixels of one vector. */
RLT_INLINE void store_group(int8_t *output, size_t pixel, v_bytes bytes, int pixels, int32_t channels) {
    if (pixel == LANES) {
        v_store_bytes(output, bytes, pixels * LANES);
        return;
    }
#pragma GCC unroll 4
    for (int i = 0; i < GROUP; i++) {
        if (i < pixels) v_store_quarter(output + (size_t)i * pixel, bytes, i, channels);
    }
}

RLT_INLINE void finish_small(const rlt_conv_2d_sums kind, const int vectors, const block *b, int pixels, const vi *sum,
                             int8_t *output) {
    const size_t pixel = (size_t)b->p->window.out_c;
    const int32_t channels = b->channels;
    const v_range range = v_set_range(0, b->p->low, b->p->high);
    factor f[MOST_VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) f[v] = load_factor(b, v);
    for (; pixels > 0; pixels -= GROUP, sum += GROUP * vectors, output += GROUP * pixel) {
        vi y[GROUP * MOST_VECTORS];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
#pragma GCC unroll 4
            for (int i = 0; i < GROUP; i++) y[i * vectors + v] = round_sums(kind, sum[i * vectors + v], &f[v]);
        }
        if (vectors == 1) {
            store_group(output, pixel, v_narrow(y, GROUP, &range), pixels, channels);
            continue;
        }
#pragma GCC unroll 4
        for (int i = 0; i < GROUP; i++) {
            if (i >= pixels) break;
            v_store_bytes(output + (size_t)i * pixel, v_narrow(y + i * vectors, vectors, &range), channels);
        }
    }
}

/* Any sums and factors. */
static void finish_any(const block *b, int pixels, const vi *sum, int8_t *output) {
    const rlt_conv_2d_packed_params *p = b->p;
    const v_range range = v_set_range(p->output_zero_point, p->low, p->high);
    const int vectors = (b->channels + LANES - 1) / LANES;
    for (int i = 0; i < pixels; i++, sum += vectors, output += p->window.out_c) {
        vi y[MOST_VECTORS];
        for (int v = 0; v < MOST_VECTORS; v++) {
            const int at = v < vectors ? v : 0;
            const int32_t *multiplier = b->bias + b->padded + at * LANES;
            if (p->exact) {
                y[v] = vi_scale_exact(sum[at], (const double *)(const void *)b->factors + at * LANES);
            } else {
                y[v] = vi_requantize(sum[at], vi_load(multiplier), vi_load(multiplier + b->padded),
                                     vi_load(multiplier + 2 * b->padded));
            }
        }
        v_store_bytes(output, v_to_bytes(y, MOST_VECTORS, &range), b->channels);
    }
}

#define FINISH(name, kind, vectors) \
    static __attribute__((noinline)) void name(const block *b, int pixels, const vi *sum, int8_t *output) { \
        finish_small(kind, vectors, b, pixels, sum, output); \
    }
#define FINISHES(kind, name) \
    FINISH(name##_1, kind, 1) FINISH(name##_2, kind, 2) FINISH(name##_3, kind, 3) FINISH(name##_4, kind, 4)

FINISHES(RLT_SUMS_SMALL, finish_small)
FINISHES(RLT_SUMS_POSITIVE, finish_positive)

RLT_INLINE void finish(const int pixels, const int vectors, const block *b, tile_sums sum, result *output) {
    static const finish_function functions[3][MOST_VECTORS] = {
        {finish_any, finish_any, finish_any, finish_any},
        {finish_small_1, finish_small_2, finish_small_3, finish_small_4},
        {finish_positive_1, finish_positive_2, finish_positive_3, finish_positive_4},
    };
    vi sums[(MOST_PIXELS + GROUP) * MOST_VECTORS];
#pragma GCC unroll 12
    for (int i = 0; i < pixels; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) sums[i * vectors + v] = sum[i][v];
    }
    functions[b->p->small][vectors - 1](b, pixels, sums, output);
}

#endif
