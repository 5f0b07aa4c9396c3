/* Parameters of DEPTHWISE_CONV_2D's gradients. `window` is that of the convolution. */
#ifndef RLT_DEPTHWISE_GRADIENT_H
#define RLT_DEPTHWISE_GRADIENT_H

#include "../../core/kernel.h"
#include "../common/window.h"

typedef struct {
    rlt_ref filter, dy, dx; /* [kernel_h, kernel_w, out_c] */
    rlt_window window;
    int32_t multiplier;
} rlt_depthwise_input_gradient_params;

typedef struct {
    rlt_ref input, dy, dw;
    rlt_window window;
    int32_t multiplier;
} rlt_depthwise_filter_gradient_params;

enum { RLT_DEPTHWISE_GRADIENT_REFS = 3 };

/* The position of dy whose window has tap `k` on position `at` of the input; -1: none. */
static inline int32_t rlt_gradient_source(int32_t at, int32_t k, int32_t pad, int32_t dilation, int32_t stride,
                                          int32_t out) {
    const int32_t place = at + pad - k * dilation;
    return place >= 0 && place % stride == 0 && place / stride < out ? place / stride : -1;
}

/* Positions [*first, *last) of dy whose windows have tap `k` inside the input. */
static inline void rlt_gradient_range(int32_t k, int32_t pad, int32_t dilation, int32_t stride, int32_t in, int32_t out,
                                      int32_t *first, int32_t *last) {
    const int32_t offset = k * dilation - pad; /* input position = position * stride + offset */
    *first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
    *last = offset >= in ? 0 : (in - 1 - offset) / stride + 1;
    if (*last > out) *last = out;
    if (*first > *last) *first = *last;
}

#endif
