/* Parameters of the kernel that quantizes activations while the model runs, for operators whose weights alone are
 * quantized: each row by its own range, symmetric to 127 steps, or asymmetric to all 256. */
#ifndef RLT_QUANTIZE_ROWS_H
#define RLT_QUANTIZE_ROWS_H

#include "../../core/kernel.h"

typedef struct {
    float scale;
    int32_t zero_point;
} rlt_row_scale;

typedef struct {
    rlt_ref input;
    rlt_ref output; /* int8, [rows, size] */
    rlt_ref scales; /* rlt_row_scale[rows] */
    uint32_t rows, size;
    uint32_t asymmetric;
} rlt_quantize_rows_params;

enum { RLT_QUANTIZE_ROWS_REFS = 3 };

/* The zero point from that end of the range which it fits with the smaller error. */
static inline int32_t rlt_row_zero_point(double low, double high, double scale) {
    const double from_low = -128.0 - low / scale, from_high = 127.0 - high / scale;
    const double zero_point = 128.0 - low / scale < 127.0 + high / scale ? from_low : from_high;
    if (zero_point <= -128.0) return -128;
    if (zero_point >= 127.0) return 127;
    return (int32_t)(zero_point + (zero_point < 0.0 ? -0.5 : 0.5));
}

#endif
