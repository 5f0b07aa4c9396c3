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

#endif
