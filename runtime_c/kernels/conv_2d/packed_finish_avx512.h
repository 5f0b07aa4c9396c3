/* Packed convolutions with AVX-512: from sums to int8 results. Included before packed_tiles.h. */
#ifndef RLT_CONV_2D_PACKED_FINISH_AVX512_H
#define RLT_CONV_2D_PACKED_FINISH_AVX512_H

#include "packed_block.h"

typedef int8_t result;

typedef struct {
    vi even, odd, nudge_even, nudge_odd, shift;
} factor;

RLT_INLINE factor load_factor(const block *b, int v) {
    const rlt_conv_2d_rounding *r = b->rounding + v;
    return (factor){vi_load(r->multiplier), vi_load(r->multiplier + 1), _mm512_loadu_si512(r->nudge_even),
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

/* Sums of all vectors of a pixel before those of the next, whatever they and the factors are. Not in every tile: */
RLT_APART void finish_any(const block *b, int pixels, const vi *sum, int8_t *output) {
    const rlt_conv_2d_packed_params *p = b->p;
    const v_range range = v_set_range(p->output_zero_point, p->low, p->high);
    const int vectors = (b->channels + LANES - 1) / LANES;
    const double *factors = (const double *)(const void *)b->factors;
    for (int i = 0; i < pixels; i++, sum += vectors, output += p->window.out_c) {
        vi y[MOST_VECTORS] = {sum[0], sum[0], sum[0], sum[0]};
        for (int v = 0; v < vectors; v++) {
            const int32_t *multiplier = b->bias + b->padded + v * LANES;
            y[v] = p->exact ? vi_scale_exact(sum[v], factors + v * LANES)
                            : vi_requantize(sum[v], vi_load(multiplier), vi_load(multiplier + b->padded),
                                            vi_load(multiplier + 2 * b->padded));
        }
        v_store_bytes(output, v_to_bytes(y, MOST_VECTORS, &range), b->channels);
    }
}

RLT_INLINE void round_tile(const rlt_conv_2d_sums kind, const int pixels, const int vectors, const block *b,
                           tile_sums sum) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) {
        const factor f = load_factor(b, v);
#pragma GCC unroll 12
        for (int i = 0; i < pixels; i++) sum[i][v] = round_sums(kind, sum[i][v], &f);
    }
}

/* Results of several vectors, a pixel at a time. */
RLT_INLINE void store_pixels(const int pixels, const int vectors, const block *b, tile_sums sum, int8_t *output) {
    const size_t pixel = (size_t)b->p->window.out_c;
    const v_range range = v_set_range(0, b->p->low, b->p->high);
#pragma GCC unroll 12
    for (int i = 0; i < pixels; i++) {
        v_store_bytes(output + (size_t)i * pixel, v_narrow(sum[i], vectors, &range), b->channels);
    }
}

RLT_INLINE v_bytes four_rows(const int first, const int rows, const v_range *range, tile_sums sum) {
    const int count = rows - first < QUARTERS ? rows - first : QUARTERS;
    vi y[QUARTERS];
#pragma GCC unroll 4
    for (int k = 0; k < count; k++) y[k] = sum[first + k][0];
    return v_narrow(y, count, range);
}

/* Single vectors that lie side by side in the output, `bytes` in all. */
RLT_INLINE void store_row(const int rows, const int bytes, const block *b, tile_sums sum, int8_t *output) {
    const v_range range = v_set_range(0, b->p->low, b->p->high);
#pragma GCC unroll 12
    for (int i = 0; i < rows; i += QUARTERS) {
        v_store_bytes(output + i * LANES, four_rows(i, rows, &range, sum), bytes - i * LANES);
    }
}

/* Single vectors of any number of channels. */
RLT_INLINE void store_quarters(const int pixels, const block *b, tile_sums sum, int8_t *output) {
    const size_t pixel = (size_t)b->p->window.out_c;
    const v_range range = v_set_range(0, b->p->low, b->p->high);
#pragma GCC unroll 12
    for (int i = 0; i < pixels; i += QUARTERS) {
        const v_bytes bytes = four_rows(i, pixels, &range, sum);
        const int count = pixels - i < QUARTERS ? pixels - i : QUARTERS;
#pragma GCC unroll 4
        for (int k = 0; k < count; k++) {
            v_store_quarter(output + (size_t)(i + k) * pixel, bytes, k, b->channels);
        }
    }
}

RLT_INLINE void finish_whole(const int pixels, const int vectors, const block *b, tile_sums sum, result *output) {
    const rlt_conv_2d_packed_params *p = b->p;
    const size_t pixel = (size_t)p->window.out_c;
    if (p->small == RLT_SUMS_ANY) {
        vi sums[MOST_PIXELS * MOST_VECTORS];
#pragma GCC unroll 12
        for (int i = 0; i < pixels; i++) {
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) sums[i * vectors + v] = sum[i][v];
        }
        finish_any(b, pixels, sums, output);
        return;
    }
    if (p->small == RLT_SUMS_POSITIVE) round_tile(RLT_SUMS_POSITIVE, pixels, vectors, b, sum);
    else round_tile(RLT_SUMS_SMALL, pixels, vectors, b, sum);
    if (vectors > 1) store_pixels(pixels, vectors, b, sum, output);
    else if (pixel == LANES) store_row(pixels, pixels * LANES, b, sum, output);
    else store_quarters(pixels, b, sum, output);
}

/* Paired sums are always small. A single paired vector is of as many channels as a result has. */
RLT_INLINE void finish_paired(const int pixels, const int vectors, const block *b, tile_sums sum, result *output) {
    const rlt_conv_2d_packed_params *p = b->p;
    const int last = vectors - 1, rows = last ? pixels : (pixels + 1) / 2;
    const vi bias = vi_load(b->bias + last * LANES);
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
        const vi total = last ? add_pairs(sum[i][last])
                              : add_pairs_of_two(sum[2 * i][0], sum[2 * i + 1 < pixels ? 2 * i + 1 : 2 * i][0]);
        sum[i][last] = vi_add(total, bias);
    }
    if (p->small == RLT_SUMS_POSITIVE) round_tile(RLT_SUMS_POSITIVE, rows, vectors, b, sum);
    else round_tile(RLT_SUMS_SMALL, rows, vectors, b, sum);
    if (last) store_pixels(rows, vectors, b, sum, output);
    else store_row(rows, pixels * (LANES / 2), b, sum, output);
}

RLT_INLINE void finish(const int pixels, const int vectors, const int paired, const block *b, tile_sums sum,
                       result *output) {
    if (paired) finish_paired(pixels, vectors, b, sum, output);
    else finish_whole(pixels, vectors, b, sum, output);
}

#endif
