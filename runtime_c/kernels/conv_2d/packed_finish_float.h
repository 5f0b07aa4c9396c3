/* Packed convolutions: from sums to float results, for values that were quantized while running. Included before
 * packed_tiles.h, after the headers of float vectors. */
#ifndef RLT_CONV_2D_PACKED_FINISH_FLOAT_H
#define RLT_CONV_2D_PACKED_FINISH_FLOAT_H

#include "packed_block.h"

typedef float result;

RLT_INLINE void finish(const int pixels, const int vectors, const int paired, const block *b, tile_sums sum,
                       result *output) {
    (void)paired; /* never here */
    const rlt_conv_2d_packed_params *p = b->p;
    const rlt_vec low = rlt_vec_all(p->float_low), high = rlt_vec_all(p->float_high), row = rlt_vec_all(b->row->scale);
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) {
        const int32_t *after = b->bias + b->padded + v * LANES;
        const rlt_vec scale = rlt_vec_load((const float *)(const void *)after);
        const rlt_vec bias = rlt_vec_load((const float *)(const void *)(after + b->padded));
        const vi shift = vi_mul(vi_set(b->row->zero_point), vi_load(after + 2 * b->padded));
        const size_t left = (size_t)(b->channels - v * LANES);
#pragma GCC unroll 12
        for (int i = 0; i < pixels; i++) {
            const rlt_vec total = rlt_vec_of(vi_sub(sum[i][v], shift));
            /* The order of the products is LiteRT's (conv_2d_hybrid.c). */
            const rlt_vec y = p->per_channel ? rlt_vec_mul(rlt_vec_mul(total, scale), row)
                                             : rlt_vec_mul(total, rlt_vec_mul(scale, row));
            rlt_vec_store_upto(output + (size_t)i * (size_t)p->window.out_c + v * LANES,
                               rlt_vec_clamp(rlt_vec_add(y, bias), low, high), left);
        }
    }
}

#endif
