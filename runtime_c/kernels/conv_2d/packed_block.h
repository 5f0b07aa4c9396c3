/* What the kernels for packed convolutions share before tiles are defined. Included after packed_<set>.h. */
#ifndef RLT_CONV_2D_PACKED_BLOCK_H
#define RLT_CONV_2D_PACKED_BLOCK_H

#include "packed.h"

/* What is the same for every tile of a block of channels. */
typedef struct {
    const rlt_conv_2d_packed_params *p;
    const uint8_t *weights;
    const int32_t *bias;    /* of the block; other arrays of int32 follow at distance `padded` */
    const int32_t *factors; /* of the block, where they are doubles */
    const float *rounding; /* of the block, where sums are scaled */
    int once; /* they are, and low[] is 0 */
    const int32_t *offsets;   /* of the words of a window */
    int32_t words;
    vi flip; /* makes input values those of a band */
    v_last_steps last_steps;
    const rlt_row_scale *row; /* the image's, where values were quantized while running */
    size_t padded;
    size_t pixel_bytes;
    int32_t channels; /* of the block that exist */
} block;

typedef vi tile_sums[MOST_PIXELS][MOST_VECTORS];

#endif
