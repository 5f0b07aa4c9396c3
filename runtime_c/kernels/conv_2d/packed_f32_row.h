/* Rows of tiles of float CONV_2D (packed_f32_tile.h): conv_2d_f32_<set>.c has them, Winograd's products take them too. */
#ifndef RLT_CONV_2D_PACKED_F32_ROW_H
#define RLT_CONV_2D_PACKED_F32_ROW_H

#include "packed_f32.h"

/* What is the same for every tile of a row of blocks. */
typedef struct {
    const rlt_conv_2d_packed_f32_params *p;
    const float *weights, *bias; /* of the block */
    size_t channels;             /* in the block */
    size_t step_floats;          /* from the weights of one value (or `taps`) to those of the next */
    size_t pixel_floats;         /* from one window to the next */
} rlt_conv_f32_block;

typedef void (*rlt_conv_f32_row)(const rlt_conv_f32_block *b, const float *window, int32_t width, float *output);

/* For blocks of `vectors`. */
rlt_conv_f32_row rlt_conv_f32_row_avx2(int32_t taps, int32_t vectors);
rlt_conv_f32_row rlt_conv_f32_row_avx512vnni(int32_t taps, int32_t vectors);

#endif
