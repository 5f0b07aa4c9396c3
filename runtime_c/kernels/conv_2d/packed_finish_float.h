/* Packed convolutions: from sums to float results, for values that were quantized while running. Included before
 * packed_tiles.h, after the headers of float vectors. */
#ifndef RLT_CONV_2D_PACKED_FINISH_FLOAT_H
#define RLT_CONV_2D_PACKED_FINISH_FLOAT_H

#include "packed_block.h"

typedef float result;
enum { MAY_HAVE_TERMS = 0 };

/* Other shapes of tiles gain 2% here. */
#define FEW_TILES(TILE, v, paired) TILE(4, v, paired) TILE(1, v, paired)

/* Sums of all pixels of a vector before those of the next. Not in every tile: that would be most of its code. */
static __attribute__((noinline)) void finish_pixels(const block *b, int pixels, const vi *sum, float *output) {
    const rlt_conv_2d_packed_params *p = b->p;
    const rlt_vec low = rlt_vec_all(p->float_low), high = rlt_vec_all(p->float_high), row = rlt_vec_all(b->row->scale);
    const rlt_vec last = p->per_channel ? row : rlt_vec_all(1.0f);
    for (int c = 0; c < b->channels; c += LANES, output += LANES) {
        const int32_t *after = b->bias + b->padded + c;
        const rlt_vec own = rlt_vec_load((const float *)(const void *)after);
        const rlt_vec bias = rlt_vec_load((const float *)(const void *)(after + b->padded));
        const vi shift = vi_mul(vi_set(b->row->zero_point), vi_load(after + 2 * b->padded));
        /* The order of the products is LiteRT's (conv_2d_hybrid.c). */
        const rlt_vec scale = p->per_channel ? own : rlt_vec_mul(own, row);
        float *to = output;
        for (int i = 0; i < pixels; i++, to += p->window.out_c) {
            const rlt_vec total = rlt_vec_of(vi_sub(*sum++, shift));
            const rlt_vec all = rlt_vec_add(rlt_vec_mul(rlt_vec_mul(total, scale), last), bias);
            rlt_vec_store_upto(to, rlt_vec_clamp(all, low, high), (size_t)(b->channels - c));
        }
    }
}

RLT_INLINE void finish(const int pixels, const int vectors, const int paired, const block *b, tile_sums sum,
                       result *output) {
    (void)paired; /* never here */
    vi sums[MOST_PIXELS * MOST_VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) {
#pragma GCC unroll 12
        for (int i = 0; i < pixels; i++) sums[v * pixels + i] = sum[i][v];
    }
    finish_pixels(b, pixels, sums, output);
}

#endif
