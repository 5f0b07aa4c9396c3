/* The packed form of int8 CONV_2D, for instruction sets that multiply four neighbouring bytes at once.
 *
 * A kernel copies the input rows it needs to scratch, once per band of output rows (common/band.h). What the 128 added
 * there and the zero points contribute is constant per channel and folded into `bias`. In scratch a window is a sequence
 * of `runs`: bytes that lie side by side (a whole row of the window, or one tap where the window is dilated).
 *
 * Weights: blocks of up to 4 vectors of 16 channels; within a block, for each run, for each 4 bytes of it, for each
 * vector, 16 channels x 4 bytes. Channels past out_c and bytes past a run's end are zero. */
#ifndef RLT_CONV_2D_PACKED_H
#define RLT_CONV_2D_PACKED_H

#include "../common/band.h"
#include "conv_2d.h"

enum { RLT_CONV_LANES = 16, RLT_CONV_MAX_VECTORS = 4 };

typedef struct {
    rlt_ref input, output;
    rlt_ref weights;  /* packed */
    rlt_ref channels; /* int32, each padded to whole vectors: bias[], multiplier[], left shift[], right shift[] */
    rlt_ref scratch;  /* `tasks` bands */
    rlt_window window; /* 1x1 convolutions come as rows of up to 1024 pixels, the last of last_w */
    int32_t last_w;
    int32_t vectors;         /* of 16 output channels */
    int32_t run_bytes, run_words, run_count;
    rlt_band band;
    int32_t weights_zero_point;
    int32_t small; /* no weights zero point; each channel: sums below 2^30, left shift 0, right shift at least 1 */
    int32_t output_zero_point, low, high;
} rlt_conv_2d_packed_params;

enum { RLT_CONV_2D_PACKED_REFS = 5 };

/* Vectors in block `block`: as even as can be. */
static inline int32_t rlt_conv_block_count(int32_t vectors) {
    return (vectors + RLT_CONV_MAX_VECTORS - 1) / RLT_CONV_MAX_VECTORS;
}
static inline int32_t rlt_conv_block_start(int32_t vectors, int32_t block) {
    return (int32_t)((int64_t)vectors * block / rlt_conv_block_count(vectors));
}

#endif
