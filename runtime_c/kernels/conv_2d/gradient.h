/* Parameters of CONV_2D's gradients. `window` is that of the convolution. */
#ifndef RLT_CONV_2D_GRADIENT_H
#define RLT_CONV_2D_GRADIENT_H

#include "packed_f32.h"

typedef struct {
    rlt_ref filter, dy, dx;
    rlt_window window;
    int32_t groups;
} rlt_conv_2d_input_gradient_params;

typedef struct {
    rlt_ref input, dy, dw;
    rlt_ref scratch; /* a band per task; NONE: rows are read in place, or by the scalar kernel */
    rlt_conv_2d_packed_f32_params band; /* its window, runs and bands */
    int32_t groups;
} rlt_conv_2d_filter_gradient_params;

/* The gradient of an input by phases: the input's pixels of the same remainders of rows and columns by the strides come of
 * dy by a convolution without strides, with those taps of the filter that meet them. */
enum { RLT_CONV_2D_MOST_PHASES = 4 };

typedef struct {
    int32_t tap_y, tap_x; /* the first of its taps */
    uint32_t packed_at;   /* its weights, floats behind the first phase's */
    rlt_conv_2d_packed_f32_params conv; /* its refs are not used; scratch NONE: rows are read in place */
} rlt_conv_2d_phase;

typedef struct {
    rlt_ref dy, dx, packed, bias, scratch;
    int32_t count;
    rlt_conv_2d_phase phases[RLT_CONV_2D_MOST_PHASES];
} rlt_conv_2d_phases_f32_params;

/* dy with zeros between its pixels: the gradient of a convolution with strides is one without over it. */
typedef struct {
    rlt_ref input, output;
    int32_t batches, height, width, channels, step_h, step_w;
} rlt_conv_2d_spread_params;

enum { RLT_CONV_2D_PHASES_REFS = 5 };
enum { RLT_CONV_2D_INPUT_GRADIENT_REFS = 3, RLT_CONV_2D_FILTER_GRADIENT_REFS = 4, RLT_CONV_2D_SPREAD_REFS = 2 };

#endif
