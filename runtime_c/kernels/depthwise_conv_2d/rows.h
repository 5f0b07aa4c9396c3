/* The form of int8 DEPTHWISE_CONV_2D for cores without SIMD.
 *
 * One channel at a time is copied to a plane of words in scratch, padding written out: neighbours of one channel, which
 * NHWC keeps apart, are then loaded several at once. Planes lie along the image's longer side: where that is its
 * height, everything comes transposed.
 *
 * Weights, less their zero point: int8[out_c][kernel_h * kernel_w]; those of one channel are widened to words too. */
#ifndef RLT_DEPTHWISE_CONV_2D_ROWS_H
#define RLT_DEPTHWISE_CONV_2D_ROWS_H

#include "../common/finish.h"
#include "depthwise_conv_2d.h"

typedef struct {
    rlt_ref input, output;
    rlt_ref weights;
    rlt_ref channels;  /* rlt_finish[out_c] */
    rlt_ref scratch;   /* weights of a channel, then the plane */
    rlt_window window; /* no dilation; maybe transposed */
    int32_t in_row, in_pixel, out_row, out_pixel; /* bytes from one row, or pixel of a row, to the next */
    int32_t multiplier;
    int32_t rows;  /* of output that a plane serves */
    int32_t width; /* of a plane, in elements */
    int32_t input_zero_point;
    int32_t low, high;
} rlt_depthwise_rows_params;

/* Output pixels of a row that kernels compute at a time: those beyond its end are computed too, and dropped. */
enum { RLT_DEPTHWISE_ROWS_REFS = 5, RLT_DEPTHWISE_ROWS_BLOCK = 4 };

#endif
