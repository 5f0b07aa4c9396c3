/* Float BATCH_MATMUL in pieces of some rows and columns; b's columns lie side by side. */
#ifndef RLT_BATCH_MATMUL_F32_KERNEL_H
#define RLT_BATCH_MATMUL_F32_KERNEL_H

#include "../common/gemm_f32.h"
#include "batch_matmul.h"

static rlt_status batch_matmul_run(const rlt_run *run, const rlt_batch_matmul_f32_params *p, rlt_gemm_f32_fn multiply) {
    const rlt_matmul_shape *s = &p->shape;
    const float *a = rlt_in(run, p->a), *b = rlt_in(run, p->b);
    float *output = rlt_out(run, p->output);
    const uint32_t down = (s->rows + RLT_MATMUL_ROWS - 1) / RLT_MATMUL_ROWS;
    const uint32_t across = (s->columns + RLT_MATMUL_COLUMNS - 1) / RLT_MATMUL_COLUMNS;
    uint32_t piece, last;
    rlt_share_of(run, s->batches * down * across, &piece, &last);
    for (; piece < last; piece++) {
        const uint32_t batch = piece / (down * across), row = piece % down * RLT_MATMUL_ROWS;
        const uint32_t column = piece / down % across * RLT_MATMUL_COLUMNS;
        size_t at_a, at_b;
        rlt_matmul_batch(s, batch, &at_a, &at_b);
        rlt_gemm_f32 g = {
            .a = a + at_a + (size_t)row * s->a_row, .b = b + at_b + column,
            .c = output + ((size_t)batch * s->rows + row) * s->columns + column,
            .rows = s->rows - row < RLT_MATMUL_ROWS ? s->rows - row : RLT_MATMUL_ROWS,
            .columns = s->columns - column < RLT_MATMUL_COLUMNS ? s->columns - column : RLT_MATMUL_COLUMNS,
            .outer = 1, .a_row = s->a_row, .a_inner = s->a_step, .b_inner = s->b_step, .c_row = s->columns,
        };
        for (uint32_t k = 0; k < s->depth; k += (uint32_t)g.inner) {
            g.inner = s->depth - k < RLT_MATMUL_DEPTH ? s->depth - k : RLT_MATMUL_DEPTH;
            multiply(&g);
            g.a += g.inner * s->a_step;
            g.b += g.inner * s->b_step;
            g.accumulate = 1;
        }
    }
    return RLT_OK;
}

#endif
