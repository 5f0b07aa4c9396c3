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
    const rlt_row_scale *row; /* the image's, where values were quantized while running */
    size_t padded;
    size_t pixel_bytes;
    int32_t channels; /* of the block that exist */
} block;

typedef vi tile_sums[MOST_PIXELS][MOST_VECTORS];

/* Where run `run` of the window starts, relative to the window's first byte in scratch. */
static inline size_t run_offset(const rlt_conv_2d_packed_params *p, int32_t run) {
    const rlt_window *w = &p->window;
    const size_t row = (size_t)w->dilation_h * (size_t)p->band.row_bytes;
    if (w->dilation_w == 1) return (size_t)run * row;
    return (size_t)(run / w->kernel_w) * row +
           (size_t)(run % w->kernel_w) * (size_t)(w->dilation_w * p->band.wide) * (size_t)w->in_c;
}

#endif
