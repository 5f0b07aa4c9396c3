/* Packed convolutions: a single pixel whose window lies side by side, as in FULLY_CONNECTED of one batch. Weights are
 * then one stream from a cache that is not the nearest, and what is done beside reading it, for each block of channels,
 * is kept small. Included after packed_tiles.h. */
#ifndef RLT_CONV_2D_PACKED_PIXEL_H
#define RLT_CONV_2D_PACKED_PIXEL_H

#include "packed_block.h"

typedef struct {
    const uint8_t *input;
    int32_t words;
    vi flip;
    v_range range;
} pixel;

/* The next word of a window for `vectors` of channels. */
RLT_INLINE void multiply_one(const int vectors, const pixel *k, const uint8_t *weights, int32_t word, vi *sum) {
    const vi x = load_word(0, &k->flip, k->input + 4 * (size_t)word);
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) sum[v] = multiply_add(sum[v], x, load_weights(weights + v * WEIGHTS));
}

/* Even words and odd ones have sums of their own: each addition waits for the one before. */
RLT_INLINE void one_block(const int vectors, const pixel *k, const uint8_t *weights, const int32_t *bias,
                          const float *rounding, int32_t channels, result *output) {
    vi sum[MOST_VECTORS], half[MOST_VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) sum[v] = vi_load(bias + v * LANES), half[v] = vi_set(0);
    int32_t word = 0;
    for (; word + 1 < k->words; word += 2, weights += 2 * vectors * WEIGHTS) {
        multiply_one(vectors, k, weights, word, sum);
        multiply_one(vectors, k, weights + vectors * WEIGHTS, word + 1, half);
    }
    if (word < k->words) multiply_one(vectors, k, weights, word, sum);
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) {
        const v_float_scale scale = v_load_float_scale(rounding + RLT_ROUNDING_ARRAYS * LANES * v);
        sum[v] = vi_scale_float(vi_add(sum[v], half[v]), &scale);
    }
    v_store_bytes(output, v_to_bytes(sum, vectors, &k->range), channels);
}

static void run_pixel(const rlt_run *run, const rlt_conv_2d_packed_params *p) {
    const uint8_t *weights = rlt_in(run, p->weights);
    const int32_t *bias = rlt_in(run, p->channels);
    const float *rounding = (const float *)(const void *)(bias + (size_t)p->vectors * LANES);
    result *output = rlt_out(run, p->output);
    const pixel k = {rlt_in(run, p->input), p->run_words, vi_set((int32_t)0x80808080u),
                     v_set_range(p->output_zero_point, p->low, p->high)};
    uint32_t block = 0, end = (uint32_t)p->blocks.count;
    if (p->split_blocks) rlt_share_of(run, end, &block, &end);
    for (; block < end; block++) {
        const int32_t first = rlt_conv_block_start(&p->blocks, (int32_t)block), at = first * LANES;
        const uint8_t *own = weights + (size_t)first * (size_t)p->run_words * WEIGHTS;
        const float *scale = rounding + RLT_ROUNDING_ARRAYS * at;
        const int32_t left = p->window.out_c - at;
        switch (rlt_conv_block_start(&p->blocks, (int32_t)block + 1) - first) {
        case 1: one_block(1, &k, own, bias + at, scale, left < LANES ? left : LANES, output + at); break;
        case 2: one_block(2, &k, own, bias + at, scale, left < 2 * LANES ? left : 2 * LANES, output + at); break;
        case 3: one_block(3, &k, own, bias + at, scale, left < 3 * LANES ? left : 3 * LANES, output + at); break;
        default: one_block(4, &k, own, bias + at, scale, left, output + at);
        }
    }
}

#endif
