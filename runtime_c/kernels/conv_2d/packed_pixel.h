/* Packed convolutions: a single pixel whose window lies side by side, as in FULLY_CONNECTED of one batch. Weights are
 * then one stream from a cache that is not the nearest, and what is done beside reading it, for each block of channels,
 * is kept small. Included after packed_tiles.h. */
#ifndef RLT_CONV_2D_PACKED_PIXEL_H
#define RLT_CONV_2D_PACKED_PIXEL_H

#include "packed_block.h"

/* What is the same for all blocks, and where the next one's operands are. */
typedef struct {
    const uint8_t *input, *weights;
    const int32_t *bias;
    const float *rounding;
    result *output;
    size_t rounding_step; /* from a vector's factors to the next one's */
    int32_t words, channels;
    v_range range;
} pixel;

/* A word of the window for `vectors` of channels, each added to a sum of its own. */
RLT_INLINE void multiply_one(const int vectors, vi word, const uint8_t *weights, vi *sum) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) sum[v] = multiply_add(sum[v], word, load_weights(weights + v * WEIGHTS));
}

/* Even words and odd ones have sums of their own: each addition waits for the one before. */
RLT_INLINE void one_block(const int vectors, pixel *k) {
    enum { WORD = 4 };
    const size_t step = (size_t)vectors * WEIGHTS;
    const vi flip = vi_set((int32_t)0x80808080u);
    const uint8_t *input = k->input, *const end = input + WORD * (size_t)(k->words & ~1), *weights = k->weights;
    vi sum[MOST_VECTORS], half[MOST_VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) sum[v] = vi_load(k->bias + v * LANES), half[v] = vi_set(0);
    for (; input != end; input += 2 * WORD, weights += 2 * step) {
        multiply_one(vectors, load_word(0, &flip, input), weights, sum);
        multiply_one(vectors, load_word(0, &flip, input + WORD), weights + step, half);
    }
    if (k->words & 1) {
        multiply_one(vectors, load_word(0, &flip, input), weights, sum);
        weights += step;
    }
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) {
        const v_float_scale scale = v_load_float_scale(k->rounding + (size_t)v * k->rounding_step);
        sum[v] = vi_scale_float(vi_add(sum[v], half[v]), &scale);
    }
    v_store_bytes(k->output, v_to_bytes(sum, vectors, &k->range),
                  k->channels < vectors * LANES ? k->channels : vectors * LANES);
    k->weights = weights;
    k->bias += vectors * LANES;
    k->rounding += (size_t)vectors * k->rounding_step;
    k->output += vectors * LANES;
    k->channels -= vectors * LANES;
}

static void run_pixel(const rlt_run *run, const rlt_conv_2d_packed_params *p) {
    uint32_t block = 0, end = (uint32_t)p->blocks.count;
    if (p->split_blocks) rlt_share_of(run, end, &block, &end);
    const int32_t first = rlt_conv_block_start(&p->blocks, (int32_t)block);
    const size_t rounding_step = p->one_scale ? 0 : RLT_ROUNDING_ARRAYS * LANES;
    const int32_t *bias = rlt_in(run, p->channels);
    const uint8_t *weights = rlt_in(run, p->weights);
    result *output = rlt_out(run, p->output);
    pixel k = {
        .input = rlt_in(run, p->input),
        .weights = weights + (size_t)first * (size_t)p->run_words * WEIGHTS,
        .bias = bias + first * LANES,
        .rounding = (const float *)(const void *)(bias + p->vectors * LANES) + (size_t)first * rounding_step,
        .output = output + first * LANES,
        .rounding_step = rounding_step,
        .words = p->run_words,
        .channels = p->window.out_c - first * LANES,
        .range = v_set_range(p->output_zero_point, p->low, p->high),
    };
    for (; block < end; block++) {
        switch (p->blocks.vectors + ((int32_t)block < p->blocks.longer)) {
        case 1: one_block(1, &k); break;
        case 2: one_block(2, &k); break;
        case 3: one_block(3, &k); break;
        default: one_block(4, &k);
        }
    }
}

#endif
