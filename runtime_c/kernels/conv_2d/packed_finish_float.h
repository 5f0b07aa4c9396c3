/* Packed convolutions: from sums to float results, for values that were quantized while running. Included before
 * packed_tiles.h, after the headers of float vectors. */
#ifndef RLT_CONV_2D_PACKED_FINISH_FLOAT_H
#define RLT_CONV_2D_PACKED_FINISH_FLOAT_H

#include "packed_block.h"

typedef float result;
enum { MAY_HAVE_TERMS = 0 };

RLT_INLINE void finish(const int pixels, const int vectors, const int paired, const block *b, tile_sums sum,
                       result *output) {
    (void)paired; /* never here */
    const rlt_conv_2d_packed_params *p = b->p;
    const rlt_vec low = rlt_vec_all(p->float_low), high = rlt_vec_all(p->float_high), row = rlt_vec_all(b->row->scale);
    const rlt_vec last = p->per_channel ? row : rlt_vec_all(1.0f);
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) {
        const int32_t *after = b->bias + b->padded + v * LANES;
        const rlt_vec own = rlt_vec_load((const float *)(const void *)after);
        const rlt_vec bias = rlt_vec_load((const float *)(const void *)(after + b->padded));
        const vi shift = vi_mul(vi_set(b->row->zero_point), vi_load(after + 2 * b->padded));
        /* The order of the products is LiteRT's (conv_2d_hybrid.c). */
        const rlt_vec scale = p->per_channel ? own : rlt_vec_mul(own, row);
#pragma GCC unroll 12
        for (int i = 0; i < pixels; i++) {
            float *to = output + (size_t)i * (size_t)p->window.out_c + v * LANES;
            const rlt_vec total = rlt_vec_of(vi_sub(sum[i][v], shift));
            const rlt_vec all = rlt_vec_add(rlt_vec_mul(rlt_vec_mul(total, scale), last), bias);
            const rlt_vec y = rlt_vec_clamp(all, low, high);
            if (v + 1 < vectors) rlt_vec_store(to, y);
            else rlt_vec_store_upto(to, y, (size_t)(b->channels - v * LANES));
        }
    }
}

#endif
