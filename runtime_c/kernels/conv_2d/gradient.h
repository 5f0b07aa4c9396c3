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

/* dy with zeros between its pixels: the gradient of a convolution with strides is one without over it. */
typedef struct {
    rlt_ref input, output;
    int32_t batches, height, width, channels, step_h, step_w;
} rlt_conv_2d_spread_params;

enum { RLT_CONV_2D_INPUT_GRADIENT_REFS = 3, RLT_CONV_2D_FILTER_GRADIENT_REFS = 4, RLT_CONV_2D_SPREAD_REFS = 2 };

#endif
