/* Parameters of the CONV_2D kernels.
 *
 * int8: acc = bias' + sum over taps inside the image of w * x, plus input_zero_point * w for taps in the padding;
 * bias' = bias - input_zero_point * (sum of all w), so the inner loop is a plain dot product.
 * Weights with a zero point (files made from uint8 models) take one more correction per output pixel. */
#ifndef RLT_CONV_2D_H
#define RLT_CONV_2D_H

#include "../../core/kernel.h"
#include "../common/window.h"

typedef struct {
    rlt_ref input, output;
    rlt_ref weights; /* [out_c, kernel_h, kernel_w, in_c / groups] */
    rlt_ref bias;    /* [out_c] or NONE */
    rlt_window window;
    int32_t groups;
    float low, high; /* fused activation */
} rlt_conv_2d_f32_params;

/* int8 weights, float activations: each image was quantized by its own range (quantize/quantize_rows.h). */
typedef struct {
    rlt_ref input, output;
    rlt_ref weights; /* [out_c, kernel_h, kernel_w, in_c / groups] */
    rlt_ref bias;    /* float[out_c] or NONE */
    rlt_ref rows;    /* rlt_row_scale[batches] */
    rlt_ref scales;  /* float[out_c]: of the weights */
    rlt_window window;
    int32_t groups;
    uint32_t per_channel; /* the weights have several scales */
    float low, high;      /* fused activation */
} rlt_conv_2d_hybrid_params;

typedef struct {
    rlt_ref input, output;
    rlt_ref weights;  /* [out_c, kernel_h, kernel_w, in_c / groups] */
    rlt_ref channels; /* int32: bias'[out_c], multiplier[out_c], shift[out_c] */
    rlt_window window;
    int32_t groups;
    int32_t input_zero_point, weights_zero_point, output_zero_point;
    int32_t low, high; /* fused activation, quantized */
} rlt_conv_2d_s8_params;

enum { RLT_CONV_2D_REFS = 4, RLT_CONV_2D_HYBRID_REFS = 6 };

#endif
