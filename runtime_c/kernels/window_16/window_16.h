/* Parameters of the kernel for int16 activations and int8 weights: CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED and
 * TRANSPOSE_CONV, which differ in where weights lie. Output channel c reads `depth` input channels from (c / per_group) * depth on; its
 * weight for channel i of tap t is weights[c * channel_step + t * tap_step + i]. */
#ifndef RLT_WINDOW_16_H
#define RLT_WINDOW_16_H

#include "../../core/kernel.h"
#include "../common/window.h"

typedef struct {
    rlt_ref input, output, weights;
    rlt_ref bias;     /* [out_c] or NONE: int64, or int32 where `narrow` */
    rlt_ref channels; /* int32: multiplier[out_c], shift[out_c]; double[out_c] where `exact` */
    rlt_window window;
    int32_t depth, per_group, channel_step, tap_step;
    uint32_t exact;    /* sums are multiplied in double and rounded once: FULLY_CONNECTED */
    uint32_t is_transposed; /* TRANSPOSE_CONV: `window` as transpose_conv.h has it */
    uint32_t narrow;   /* 32-bit sums, rounded twice: files with an int32 bias */
    int32_t low, high; /* fused activation, quantized */
} rlt_window_16_params;

enum { RLT_WINDOW_16_REFS = 5 };

#endif
