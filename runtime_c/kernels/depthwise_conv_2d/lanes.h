/* A form of DEPTHWISE_CONV_2D for Helium, int8 and int16, under any window: sixteen channels side by side, tap by tap.
 *
 * A list in scratch says which taps of an output pixel lie inside the image: where their values lie from the pixel under
 * the window's first tap on, and where their weights lie. Neighbours whose windows are cut alike share it.
 *
 * Constants, for each sixteen channels: for each tap sixteen weights; and of the first eight's even channels, then odd
 * ones, then of the other eight's, rlt_finish_four (int8) or rlt_finish_16_long_four (int16). */
#ifndef RLT_DEPTHWISE_CONV_2D_LANES_H
#define RLT_DEPTHWISE_CONV_2D_LANES_H

#include "../common/finish.h"
#include "depthwise_conv_2d.h"

/* Distances in bytes. */
typedef struct {
    int32_t value, weight;
} rlt_lane_tap;

typedef struct {
    rlt_ref input, output;
    rlt_ref weights;
    rlt_ref channels;
    rlt_ref scratch; /* rlt_lane_tap of each tap */
    rlt_window window;
    int32_t input_zero_point;
    int32_t low, high;
} rlt_depthwise_lanes_params;

enum { RLT_DEPTHWISE_LANES_REFS = 5, RLT_DEPTHWISE_LANES = 16 };

#endif
