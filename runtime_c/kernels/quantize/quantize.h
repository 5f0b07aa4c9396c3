/* Parameters of the kernels that change between real and quantized values. */
#ifndef RLT_QUANTIZE_H
#define RLT_QUANTIZE_H

#include "../../core/kernel.h"

/* `outer` blocks of `channels` runs of `inner` values; run c has scale[c] and zero_point[c]. One scale for the whole
 * tensor is one run. */
typedef struct {
    rlt_ref input, output;
    rlt_ref scales; /* float scale[channels], int32 zero_point[channels] */
    uint32_t outer, channels, inner;
    int32_t low, high; /* of the quantized type */
    uint32_t type;     /* rlt_type of the quantized side */
} rlt_quantize_params;

/* Between integer types; arithmetic of LiteRT's Requantize. */
typedef struct {
    rlt_ref input, output;
    uint32_t count;
    uint32_t input_type, output_type;
    int32_t input_zero_point, output_zero_point;
    int32_t multiplier, shift;
    int32_t low, high;
} rlt_requantize_params;

typedef struct {
    rlt_ref input, output;
    uint32_t count;
} rlt_half_params;

enum { RLT_QUANTIZE_REFS = 3, RLT_REQUANTIZE_REFS = 2, RLT_HALF_REFS = 2 };

#endif
