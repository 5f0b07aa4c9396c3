/* Matrix products of floats whose operands are known only at run time: c[m][n] = sum over i, j of
 * a[m * a_row + i * a_outer + j * a_inner] * b[i * b_outer + j * b_inner + n], added to what c holds if `accumulate`.
 * Each element is summed in the order of i and j, whatever the tiles. */
#ifndef RLT_GEMM_F32_H
#define RLT_GEMM_F32_H

#include <stddef.h>

typedef struct {
    const float *a, *b;
    float *c;
    size_t rows, columns, outer, inner;
    size_t a_row, a_outer, a_inner, b_outer, b_inner, c_row; /* strides */
    int accumulate;
} rlt_gemm_f32;

typedef void (*rlt_gemm_f32_fn)(const rlt_gemm_f32 *g);
void rlt_gemm_f32_avx2(const rlt_gemm_f32 *g);
void rlt_gemm_f32_avx512vnni(const rlt_gemm_f32 *g);

/* Rows of a whole tile: where to cut work into pieces. */
enum { RLT_GEMM_F32_ROWS = 8 };

#endif
