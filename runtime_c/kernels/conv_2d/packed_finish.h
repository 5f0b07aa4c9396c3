/* Packed convolutions: from sums to int8 results. Included before packed_tiles.h. */
#ifndef RLT_CONV_2D_PACKED_FINISH_H
#define RLT_CONV_2D_PACKED_FINISH_H

#include "packed_block.h"

typedef int8_t result;
enum { MAY_HAVE_TERMS = 1 };

RLT_INLINE v_float_scale scale_of(const block *b, int v) {
    return v_load_float_scale(b->rounding + RLT_ROUNDING_ARRAYS * LANES * v);
}

static vi finished(const block *b, vi sum, int v) {
    const int32_t *multiplier = b->bias + b->padded + v * LANES;
    if (b->p->exact) return vi_scale_exact(sum, (const double *)(const void *)b->factors + v * LANES);
    return vi_requantize(sum, vi_load(multiplier), vi_load(multiplier + b->padded), vi_load(multiplier + 2 * b->padded));
}

/* Sums of all vectors of a pixel before those of the next, whatever they and the factors are. Not in every tile: */
RLT_APART void finish_any(const block *b, int pixels, const vi *sum, int8_t *output) {
    const int vectors = (b->channels + LANES - 1) / LANES;
    const v_last_steps steps = b->last_steps;
    v_float_scale scale[MOST_VECTORS];
    for (int v = 0; v < MOST_VECTORS; v++) scale[v] = scale_of(b, v < vectors ? v : 0);
    for (int i = 0; i < pixels; i++, sum += vectors, output += b->p->window.out_c) {
        vi y[MOST_VECTORS];
#pragma GCC unroll 4
        for (int v = 0; v < MOST_VECTORS; v++) y[v] = vi_scale_float(sum[v < vectors ? v : 0], &scale[v]);
        if (!b->p->scaled) {
            for (int v = 0; v < MOST_VECTORS; v++) y[v] = finished(b, sum[v < vectors ? v : 0], v < vectors ? v : 0);
        }
        v_store_bytes(output, v_to_bytes(y, MOST_VECTORS, &steps.any), b->channels);
    }
}

/* Before the zero point is added. `positive`: the activation makes all values below 0 one, the zero point; `once`: b->once
 * says so. */
RLT_INLINE vi rounded(const int positive, const int once, vi sum, const v_float_scale *scale) {
    if (once) return vi_scale_once(sum, positive, scale);
    return positive ? vi_scale_positive(sum, scale) : vi_scale_float(sum, scale);
}

/* Results of several vectors, a pixel at a time or as many as fill a register: while they wait for each other, products
 * of the next tile are made. */
RLT_INLINE void store_pixels(const int pixels, const int vectors, const int positive, const block *b, tile_sums sum,
                             int8_t *output) {
    const size_t pixel = (size_t)b->p->window.out_c;
    const int together = QUARTERS / vectors;
    const v_last_steps steps = b->last_steps;
    v_float_scale scale[MOST_VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) scale[v] = scale_of(b, v);
#pragma GCC unroll 12
    for (int i = 0; i < pixels; i += together, output += (size_t)together * pixel) {
        const int count = together > 1 && pixels - i > 1 ? 2 : 1;
        vi y[QUARTERS];
#pragma GCC unroll 4
        for (int k = 0; k < count * vectors; k++) {
            y[k] = rounded(positive, 1, sum[i + k / vectors][k % vectors], &scale[k % vectors]);
        }
        const v_bytes bytes = v_last_bytes(y, count * vectors, positive, &steps);
        if (count == 1) {
            v_store_bytes(output, bytes, b->channels);
        } else if (pixel == QUARTERS / 2 * LANES) {
            v_store_bytes(output, bytes, QUARTERS * LANES);
        } else {
            v_store_half(output, bytes, 0, b->channels);
            v_store_half(output + pixel, bytes, 1, b->channels);
        }
    }
}

RLT_INLINE v_bytes four_rows(const int first, const int rows, const int positive, const int once, const block *b,
                             tile_sums sum) {
    const v_last_steps steps = b->last_steps;
    const v_float_scale scale = scale_of(b, 0);
    const int count = rows - first < QUARTERS ? rows - first : QUARTERS;
    vi y[QUARTERS];
#pragma GCC unroll 4
    for (int k = 0; k < count; k++) y[k] = rounded(positive, once, sum[first + k][0], &scale);
    return v_last_bytes(y, count, positive, &steps);
}

/* Single vectors that lie side by side in the output, `bytes` in all. */
RLT_INLINE void store_row(const int rows, const int bytes, const int positive, const int once, const block *b,
                          tile_sums sum, int8_t *output) {
#pragma GCC unroll 12
    for (int i = 0; i < rows; i += QUARTERS) {
        v_store_bytes(output + i * LANES, four_rows(i, rows, positive, once, b, sum), bytes - i * LANES);
    }
}

/* Single vectors of any number of channels. */
RLT_INLINE void store_quarters(const int pixels, const int positive, const block *b, tile_sums sum, int8_t *output) {
    const size_t pixel = (size_t)b->p->window.out_c;
#pragma GCC unroll 12
    for (int i = 0; i < pixels; i += QUARTERS) {
        const v_bytes bytes = four_rows(i, pixels, positive, 1, b, sum);
        const int count = pixels - i < QUARTERS ? pixels - i : QUARTERS;
#pragma GCC unroll 4
        for (int k = 0; k < count; k++) {
            v_store_quarter(output + (size_t)(i + k) * pixel, bytes, k, b->channels);
        }
    }
}

RLT_INLINE void finish_scaled(const int pixels, const int vectors, const int positive, const block *b, tile_sums sum,
                              result *output) {
    if (vectors > 1) store_pixels(pixels, vectors, positive, b, sum, output);
    else if (b->p->window.out_c == LANES) store_row(pixels, pixels * LANES, positive, 1, b, sum, output);
    else store_quarters(pixels, positive, b, sum, output);
}

RLT_INLINE void finish_whole(const int pixels, const int vectors, const block *b, tile_sums sum, result *output) {
    const rlt_conv_2d_packed_params *p = b->p;
    if (!b->once) {
        vi sums[MOST_PIXELS * MOST_VECTORS];
#pragma GCC unroll 12
        for (int i = 0; i < pixels; i++) {
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) sums[i * vectors + v] = sum[i][v];
        }
        finish_any(b, pixels, sums, output);
    } else if (KNOWS_POSITIVE && p->low == p->output_zero_point) {
        finish_scaled(pixels, vectors, 1, b, sum, output);
    } else {
        finish_scaled(pixels, vectors, 0, b, sum, output);
    }
}

#if defined(PAIRED_ROWS)
/* Two pixels at a time of up to three vectors, whose lower halves are one pixel's. */
RLT_INLINE void store_pairs(const int pixels, const int vectors, const int positive, const block *b, tile_sums sum,
                            int8_t *output) {
    const size_t pixel = (size_t)b->p->window.out_c;
    v_float_scale scale[3];
    v_last_steps steps = b->last_steps;
    steps.any.order = steps.positive.order = _mm512_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15);
#pragma GCC unroll 3
    for (int v = 0; v < vectors; v++) scale[v] = scale_of(b, v);
#pragma GCC unroll 6
    for (int i = 0; i < pixels; i += 2) {
        vi y[3];
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) y[v] = rounded(positive, 0, sum[i / 2][v], &scale[v]);
        const v_bytes both = v_last_bytes(y, vectors, positive, &steps);
        v_store_bytes(output + (size_t)i * pixel, both, b->channels);
        if (i + 1 == pixels) return;
        v_store_bytes(output + (size_t)(i + 1) * pixel, _mm512_shuffle_i64x2(both, both, 0xEE), b->channels);
    }
}

/* Paired sums are always scaled, maybe in two operations; those of single vectors make all 8 channels of results. */
RLT_INLINE void finish_paired(const int pixels, const int vectors, const int positive, const block *b, tile_sums sum,
                              result *output) {
#pragma GCC unroll 6
    for (int i = 0; i < pixels; i += 2) {
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) {
            sum[i / 2][v] = add_pairs(sum[i][v], sum[i + 1 < pixels ? i + 1 : i][v]);
        }
    }
    if (vectors > 1) store_pairs(pixels, vectors, positive, b, sum, output);
    else store_row((pixels + 1) / 2, pixels * (LANES / 2), positive, 0, b, sum, output);
}

#endif

RLT_INLINE void finish(const int pixels, const int vectors, const int paired, const block *b, tile_sums sum,
                       result *output) {
#if defined(PAIRED_ROWS)
    if (paired && b->p->low == b->p->output_zero_point) finish_paired(pixels, vectors, 1, b, sum, output);
    else if (paired) finish_paired(pixels, vectors, 0, b, sum, output);
    if (paired) return;
#endif
    (void)paired;
    finish_whole(pixels, vectors, b, sum, output);
}

#endif
