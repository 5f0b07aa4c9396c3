/* Packed convolutions: from sums to int8 results. Included before packed_tiles.h. */
#ifndef RLT_CONV_2D_PACKED_FINISH_AVX512_H
#define RLT_CONV_2D_PACKED_FINISH_AVX512_H

#include "packed_block.h"

typedef int8_t result;
enum { MAY_HAVE_TERMS = 1 };

/* Sums of all vectors of a pixel before those of the next, whatever they and the factors are. Not in every tile: */
RLT_APART void finish_any(const block *b, int pixels, const vi *sum, int8_t *output) {
    const rlt_conv_2d_packed_params *p = b->p;
    const v_range range = v_set_range(p->output_zero_point, p->low, p->high);
    const int vectors = (b->channels + LANES - 1) / LANES;
    const double *factors = (const double *)(const void *)b->factors;
    for (int i = 0; i < pixels; i++, sum += vectors, output += p->window.out_c) {
        vi y[MOST_VECTORS];
        for (int v = 0; v < MOST_VECTORS; v++) {
            const int at = v < vectors ? v : 0;
            const int32_t *multiplier = b->bias + b->padded + at * LANES;
            y[v] = p->exact ? vi_scale_exact(sum[at], factors + at * LANES)
                            : vi_requantize(sum[at], vi_load(multiplier), vi_load(multiplier + b->padded),
                                            vi_load(multiplier + 2 * b->padded));
        }
        v_store_bytes(output, v_to_bytes(y, MOST_VECTORS, &range), b->channels);
    }
}

/* Before the zero point is added, as rlt_conv_2d_rounding says. `positive`: the activation makes all values below 0
 * one, the zero point. */
RLT_INLINE void round_tile(const int pixels, const int vectors, const int positive, const block *b, tile_sums sum) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) {
        const v_float_scale scale = v_load_float_scale(b->rounding + RLT_ROUNDING_ARRAYS * LANES * v);
#pragma GCC unroll 12
        for (int i = 0; i < pixels; i++) {
            sum[i][v] = positive ? vi_scale_positive(sum[i][v], &scale) : vi_scale_float(sum[i][v], &scale);
        }
    }
}

RLT_INLINE v_last_steps last_steps_of(const block *b) {
    return v_last_steps_of(b->p->output_zero_point, b->p->low, b->p->high);
}

/* Results of several vectors, a pixel at a time. */
RLT_INLINE void store_pixels(const int pixels, const int vectors, const int positive, const block *b, tile_sums sum,
                             int8_t *output) {
    const size_t pixel = (size_t)b->p->window.out_c;
    const v_last_steps steps = last_steps_of(b);
#pragma GCC unroll 12
    for (int i = 0; i < pixels; i++) {
        v_store_bytes(output + (size_t)i * pixel, v_last_bytes(sum[i], vectors, positive, &steps), b->channels);
    }
}

RLT_INLINE v_bytes four_rows(const int first, const int rows, const int positive, const v_last_steps *steps,
                             tile_sums sum) {
    const int count = rows - first < QUARTERS ? rows - first : QUARTERS;
    vi y[QUARTERS];
#pragma GCC unroll 4
    for (int k = 0; k < count; k++) y[k] = sum[first + k][0];
    return v_last_bytes(y, count, positive, steps);
}

/* Single vectors that lie side by side in the output, `bytes` in all. */
RLT_INLINE void store_row(const int rows, const int bytes, const int positive, const block *b, tile_sums sum,
                          int8_t *output) {
    const v_last_steps steps = last_steps_of(b);
#pragma GCC unroll 12
    for (int i = 0; i < rows; i += QUARTERS) {
        v_store_bytes(output + i * LANES, four_rows(i, rows, positive, &steps, sum), bytes - i * LANES);
    }
}

/* Single vectors of any number of channels. */
RLT_INLINE void store_quarters(const int pixels, const int positive, const block *b, tile_sums sum, int8_t *output) {
    const size_t pixel = (size_t)b->p->window.out_c;
    const v_last_steps steps = last_steps_of(b);
#pragma GCC unroll 12
    for (int i = 0; i < pixels; i += QUARTERS) {
        const v_bytes bytes = four_rows(i, pixels, positive, &steps, sum);
        const int count = pixels - i < QUARTERS ? pixels - i : QUARTERS;
#pragma GCC unroll 4
        for (int k = 0; k < count; k++) {
            v_store_quarter(output + (size_t)(i + k) * pixel, bytes, k, b->channels);
        }
    }
}

RLT_INLINE void finish_scaled(const int pixels, const int vectors, const int positive, const block *b, tile_sums sum,
                              result *output) {
    round_tile(pixels, vectors, positive, b, sum);
    if (vectors > 1) store_pixels(pixels, vectors, positive, b, sum, output);
    else if (b->p->window.out_c == LANES) store_row(pixels, pixels * LANES, positive, b, sum, output);
    else store_quarters(pixels, positive, b, sum, output);
}

RLT_INLINE void finish_whole(const int pixels, const int vectors, const block *b, tile_sums sum, result *output) {
    const rlt_conv_2d_packed_params *p = b->p;
    if (!p->scaled) {
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
RLT_INLINE void finish_joined(const int pixels, const int vectors, const int positive, const block *b, tile_sums sum,
                              result *output) {
    const int rows = vectors > 1 ? pixels : (pixels + 1) / 2;
    round_tile(rows, vectors, positive, b, sum);
    if (vectors > 1) store_pixels(rows, vectors, positive, b, sum, output);
    else store_row(rows, pixels * (LANES / 2), positive, b, sum, output);
}

/* Paired sums are always scaled. A single paired vector is of as many channels as a result has. */
RLT_INLINE void finish_paired(const int pixels, const int vectors, const block *b, tile_sums sum, result *output) {
    const int last = vectors - 1, rows = last ? pixels : (pixels + 1) / 2;
    const vi bias = vi_load(b->bias + last * LANES);
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
        const vi total = last ? add_pairs(sum[i][last])
                              : add_pairs_of_two(sum[2 * i][0], sum[2 * i + 1 < pixels ? 2 * i + 1 : 2 * i][0]);
        sum[i][last] = vi_add(total, bias);
    }
    if (b->p->low == b->p->output_zero_point) {
        finish_joined(pixels, vectors, 1, b, sum, output);
    } else {
        finish_joined(pixels, vectors, 0, b, sum, output);
    }
}

#endif

RLT_INLINE void finish(const int pixels, const int vectors, const int paired, const block *b, tile_sums sum,
                       result *output) {
#if defined(PAIRED_ROWS)
    if (paired) {
        finish_paired(pixels, vectors, b, sum, output);
        return;
    }
#endif
    (void)paired;
    finish_whole(pixels, vectors, b, sum, output);
}

#endif
