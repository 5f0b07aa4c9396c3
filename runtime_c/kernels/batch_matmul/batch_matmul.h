/* Parameters of the BATCH_MATMUL kernels: output[b] = a[b] x b[b], each maybe transposed, batches broadcast. */
#ifndef RLT_BATCH_MATMUL_H
#define RLT_BATCH_MATMUL_H

#include "../../core/kernel.h"

/* Strides in elements: of a's rows and columns, of b's rows and columns, of the batch dimensions. */
typedef struct {
    uint32_t rows, columns, depth;
    uint32_t a_row, a_step, b_step, b_column;
    uint32_t batches, rank;
    uint32_t dims[RLT_MAX_RANK], stride_a[RLT_MAX_RANK], stride_b[RLT_MAX_RANK];
} rlt_matmul_shape;

typedef struct {
    rlt_ref a, b, output;
    rlt_matmul_shape shape;
} rlt_batch_matmul_f32_params;

typedef struct {
    rlt_ref a, b, output;
    rlt_matmul_shape shape;
    int32_t a_zero_point, b_zero_point, output_zero_point, multiplier, shift;
} rlt_batch_matmul_s8_params;

typedef struct {
    rlt_ref a, b, output;
    rlt_ref columns; /* int32: multiplier[factors], shift[factors] */
    rlt_matmul_shape shape;
    uint32_t factors;    /* 1, or one per column */
    uint32_t b_is_short; /* int16, else int8 */
} rlt_batch_matmul_s16_params;

/* `count` matrices [rows, columns] of floats, transposed. */
typedef struct {
    rlt_ref input, output;
    uint32_t count, rows, columns;
} rlt_transpose_f32_params;

enum { RLT_BATCH_MATMUL_REFS = 3, RLT_BATCH_MATMUL_S16_REFS = 4, RLT_TRANSPOSE_F32_REFS = 2 };

/* Pieces that vector kernels work in: values of b for a piece's columns stay in a first-level cache. */
enum { RLT_MATMUL_ROWS = 48, RLT_MATMUL_COLUMNS = 96, RLT_MATMUL_DEPTH = 128 };

/* Where batch `i` begins in both operands. */
static inline void rlt_matmul_batch(const rlt_matmul_shape *s, uint32_t i, size_t *at_a, size_t *at_b) {
    *at_a = *at_b = 0;
    for (uint32_t d = s->rank; d-- > 0; i /= s->dims[d]) {
        *at_a += (size_t)(i % s->dims[d]) * s->stride_a[d];
        *at_b += (size_t)(i % s->dims[d]) * s->stride_b[d];
    }
}

#endif
