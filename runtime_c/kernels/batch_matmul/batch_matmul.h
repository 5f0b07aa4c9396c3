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

enum { RLT_BATCH_MATMUL_REFS = 3 };

/* Where batch `i` begins in both operands. */
static inline void rlt_matmul_batch(const rlt_matmul_shape *s, uint32_t i, size_t *at_a, size_t *at_b) {
    *at_a = *at_b = 0;
    for (uint32_t d = s->rank; d-- > 0; i /= s->dims[d]) {
        *at_a += (size_t)(i % s->dims[d]) * s->stride_a[d];
        *at_b += (size_t)(i % s->dims[d]) * s->stride_b[d];
    }
}

#endif
