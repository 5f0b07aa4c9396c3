/* The form of DEPTHWISE_CONV_2D, int8 and int16, for the DSP extension.
 *
 * SMLAD adds two products, so it wants neighbours in a row of one channel, which NHWC keeps apart: a band of four
 * channels at a time is copied to planes of int16 in scratch, padding written out. Windows and images one pixel
 * wide come transposed, as rows.
 *
 * Weights, less their zero point, for each output channel, for each row of the window: pairs of int16, (w0, w1),
 * (w2, w3) ..., a last odd one with 0; where dilated across, each weight with 0; or, with `three`, for 3x3 windows: (w0, w1), (w1, w2), also used in halves. */
#ifndef RLT_DEPTHWISE_CONV_2D_PLANES_H
#define RLT_DEPTHWISE_CONV_2D_PLANES_H

#include "../common/finish.h"
#include "depthwise_conv_2d.h"

typedef struct {
    rlt_ref input, output;
    rlt_ref weights;
    rlt_ref channels; /* rlt_finish[out_c]; int16: rlt_finish_16_long[out_c] */
    rlt_ref scratch;  /* four planes */
    rlt_window window;
    int32_t multiplier;
    int32_t pairs;         /* of one row of the window */
    int32_t pair_step;     /* from the values of a pair to those of the next: 2, or the dilation */
    int32_t rows;          /* of output that the planes serve */
    int32_t together;      /* rows that four channels go through before the next: all, if the output may lie where the
                            * input does (planes hold what is read again), or else `rows` */
    int32_t width, height; /* of a plane, in elements; width is even */
    int32_t three;
    int32_t input_zero_point;
    int32_t low, high;
} rlt_depthwise_planes_params;

enum { RLT_DEPTHWISE_PLANES_REFS = 5, RLT_DEPTHWISE_PLANES = 4 };

#endif
