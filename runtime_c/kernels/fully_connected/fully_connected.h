/* Parameters of the FULLY_CONNECTED kernels: output[b, o] = sum over i of weights[o, i] * input[b, i] + bias[o].
 *
 * int8: bias' has the products with the input zero point folded in, so the inner loop is a plain dot product. LiteRT
 * rescales int8 results in double arithmetic and uint8 ones in fixed point with two roundings; files made from uint8
 * models are known by their weights zero point. So each channel's factor comes as high, low, exponent of an
 * rlt_exact_factor, or as multiplier, shift, (unused). */
#ifndef RLT_FULLY_CONNECTED_H
#define RLT_FULLY_CONNECTED_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref input, output;
    rlt_ref weights; /* [units, depth] */
    rlt_ref bias;    /* [units] or NONE */
    uint32_t batches, units, depth;
    float low, high; /* fused activation */
} rlt_fully_connected_f32_params;

typedef struct {
    rlt_ref input, output;
    rlt_ref weights;  /* [units, depth] */
    rlt_ref channels; /* int32: bias'[units], then factors: 3 words for all units, or [units][3] if per_channel */
    uint32_t batches, units, depth;
    uint32_t per_channel, exact;
    int32_t weights_zero_point, output_zero_point;
    int32_t low, high; /* fused activation, quantized */
} rlt_fully_connected_s8_params;

/* int8 weights, float activations: the input was quantized by row (quantize/quantize_rows.h). */
typedef struct {
    rlt_ref input, output;
    rlt_ref weights; /* [units, depth] */
    rlt_ref bias;    /* float[units] or NONE */
    rlt_ref rows;    /* rlt_row_scale[batches] */
    rlt_ref scales;  /* float[units]: of the weights */
    uint32_t batches, units, depth;
    float low, high; /* fused activation */
} rlt_fully_connected_hybrid_params;

/* int4 weights with a scale per block of a row, float activations quantized by row. */
typedef struct {
    rlt_ref input, output;
    rlt_ref weights; /* [units, depth], two values per byte, the first in the low half */
    rlt_ref bias;    /* float[units] or NONE */
    rlt_ref rows;    /* rlt_row_scale[batches] */
    rlt_ref scales;  /* float[units, depth / block] */
    uint32_t batches, units, depth, block;
    float low, high; /* fused activation */
} rlt_fully_connected_blockwise_params;

enum { RLT_FULLY_CONNECTED_REFS = 4, RLT_FULLY_CONNECTED_HYBRID_REFS = 6 };

#endif
