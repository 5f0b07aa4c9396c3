/* Packed convolutions of a single pixel (packed_pixel.h). Host only. */
#ifndef RLT_CONV_2D_PREPARE_PIXEL_H
#define RLT_CONV_2D_PREPARE_PIXEL_H

#include "../common/prepare_float_scale.h"
#include "prepare_pack.h"

/* Whether `scale`, as RLT_ROUNDING_ARRAYS says, scales the sums of every channel: one weights scale, and no channel's sums
 * taken for smaller than they could be. */
int rlt_conv_2d_one_scale(rlt_prepare_state *p, const rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t,
                          rlt_first_rounding first, float *scale);

#endif
