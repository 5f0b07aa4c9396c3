/* A form of int8 DEPTHWISE_CONV_2D for AVX-512 VNNI: 3x3 windows that move by one or two, with an activation whose
 * lowest result is the zero point.
 *
 * Channels are cut into blocks of 64, whose four vectors of sums pack into one store, then of 32, which are such blocks
 * in twice as many rows, and of 16, one vector; blocks overlap where that does not come out even. Words, the bytes of
 * four rows one below the other, exist in registers only: a column of the image is added to every window that covers
 * it, in two rows of output at once, before the next one is read.
 *
 * Of fewer than 64 channels rows are cut without regard to pixels, if windows move by one: a block's weights are then
 * those of its place among channels, of which there are a few before they repeat. */
#ifndef RLT_DEPTHWISE_CONV_2D_BLOCKS_H
#define RLT_DEPTHWISE_CONV_2D_BLOCKS_H

#include "depthwise_conv_2d.h"

enum { RLT_BLOCK = 64, RLT_BLOCK_LANES = 16, RLT_BLOCK_VECTORS = 4, RLT_BLOCK_SETS = 6 };
enum { RLT_BLOCK_WHOLE, RLT_BLOCK_HALF, RLT_BLOCK_SMALL, RLT_BLOCK_KINDS };

/* Weights of four rows of words: set 2 x + y for column x of the window and output row y; that row's windows begin y
 * rows further down where they move by one. Then a sum's bias, and its scale, one operation
 * (common/prepare_float_scale.h). */
typedef struct {
    int8_t weights[RLT_BLOCK_SETS][RLT_BLOCK_LANES][4];
    int32_t bias[RLT_BLOCK_LANES];
    float factor[RLT_BLOCK_LANES], offset[RLT_BLOCK_LANES];
    int32_t channel; /* of a block's first vector: the block's first one */
    int32_t more;    /* vectors from here to that of what bytes do not hold of weights, or 0 */
    int32_t unused[RLT_BLOCK_LANES - 2];
} rlt_depthwise_vector;

typedef struct {
    rlt_ref input, output;
    rlt_ref vectors; /* rlt_depthwise_vector: four of each whole or half block, small blocks, those of more weights */
    rlt_ref scratch;
    rlt_window window;
    int32_t blocks[RLT_BLOCK_KINDS];
    int32_t flat;   /* places of blocks of 64 bytes of rows; 0 where rows are cut into pixels */
    int32_t turned; /* windows walk down columns, in two of them at once: weights are transposed */
    int32_t zero_point, output_zero_point, high;
} rlt_depthwise_blocks_params;

enum { RLT_DEPTHWISE_BLOCKS_REFS = 4 };

/* Scratch of one task: as much padding as a walk over the image reads, with room for a block that begins at its end; a
 * row of output that nothing needs. */
static inline size_t rlt_block_round(size_t bytes) { return (bytes + RLT_BLOCK - 1) / RLT_BLOCK * RLT_BLOCK; }
static inline size_t rlt_block_padding(const rlt_window *w, int turned) {
    return rlt_block_round((size_t)(turned ? w->in_h : 1) * (size_t)w->in_w * (size_t)w->in_c + 3 * RLT_BLOCK);
}
static inline size_t rlt_block_scratch(const rlt_window *w, int turned) {
    return rlt_block_padding(w, turned) + rlt_block_round((size_t)w->out_w * (size_t)w->out_c);
}

#endif
