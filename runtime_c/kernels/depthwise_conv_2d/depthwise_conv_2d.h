/* Parameters of the DEPTHWISE_CONV_2D kernels: output channel c reads input channel c / multiplier.
 *
 * int8: acc = bias + sum over taps inside the image of (w - weights_zero_point) * (x - input_zero_point). With no
 * padding and no weights zero point, prepare folds the input's into the bias and sets `input_zero_point` to 0. */
#ifndef RLT_DEPTHWISE_CONV_2D_H
#define RLT_DEPTHWISE_CONV_2D_H

#include "../../core/kernel.h"
#include "../common/window.h"

typedef struct {
    rlt_ref input, output;
    rlt_ref weights; /* [kernel_h, kernel_w, out_c] */
    rlt_ref bias;    /* [out_c] or NONE */
    rlt_window window;
    int32_t multiplier;
    float low, high; /* fused activation */
} rlt_depthwise_conv_2d_f32_params;

/* int8 weights, float activations: each image was quantized by its own range (quantize/quantize_rows.h). */
typedef struct {
    rlt_ref input, output;
    rlt_ref weights; /* [kernel_h, kernel_w, out_c] */
    rlt_ref bias;    /* float[out_c] or NONE */
    rlt_ref rows;    /* rlt_row_scale[batches] */
    rlt_ref scales;  /* float[out_c]: of the weights */
    rlt_window window;
    int32_t multiplier;
    float low, high; /* fused activation */
} rlt_depthwise_conv_2d_hybrid_params;

typedef struct {
    rlt_ref input, output;
    rlt_ref weights;  /* [kernel_h, kernel_w, out_c] */
    rlt_ref channels; /* int32: bias[out_c], multiplier[out_c], shift[out_c] */
    rlt_window window;
    int32_t multiplier;
    int32_t input_zero_point, weights_zero_point, output_zero_point;
    int32_t low, high; /* fused activation, quantized */
} rlt_depthwise_conv_2d_s8_params;

enum { RLT_DEPTHWISE_CONV_2D_REFS = 4, RLT_DEPTHWISE_CONV_2D_HYBRID_REFS = 6 };

#endif
