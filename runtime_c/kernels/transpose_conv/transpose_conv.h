/* Parameters of the TRANSPOSE_CONV kernels: output pixel y gets every input pixel i and tap k with
 * y = i * stride - pad + k. In `window`, in and out are those of the operator. */
#ifndef RLT_TRANSPOSE_CONV_H
#define RLT_TRANSPOSE_CONV_H

#include "../../core/kernel.h"
#include "../common/window.h"

typedef struct {
    rlt_ref input, output;
    rlt_ref weights; /* [out_c, kernel_h, kernel_w, in_c] */
    rlt_ref bias;    /* [out_c] or NONE */
    rlt_window window;
    float low, high; /* fused activation */
} rlt_transpose_conv_f32_params;

typedef struct {
    rlt_ref input, output;
    rlt_ref weights;  /* [out_c, kernel_h, kernel_w, in_c] */
    rlt_ref channels; /* int32: bias[out_c], multiplier[out_c], shift[out_c] */
    rlt_window window;
    int32_t input_zero_point, weights_zero_point, output_zero_point;
    int32_t low, high; /* fused activation, quantized */
} rlt_transpose_conv_s8_params;

enum { RLT_TRANSPOSE_CONV_REFS = 4 };

/* The input index that tap `k` brings to output index `out`, -1 if none. */
static inline int32_t rlt_transposed_index(int32_t out, int32_t k, int32_t pad, int32_t stride, int32_t in) {
    const int32_t at = out + pad - k;
    return at < 0 || at % stride || at / stride >= in ? -1 : at / stride;
}

#endif
