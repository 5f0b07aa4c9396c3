#include "batch_matmul.h"

rlt_status rlt_transpose_f32(const rlt_run *run, const void *params) {
    enum { BLOCK = 16 }; /* a line of a usual cache */
    const rlt_transpose_f32_params *p = params;
    const size_t rows = p->rows, columns = p->columns;
    const uint32_t blocks = (p->columns + BLOCK - 1) / BLOCK;
    uint32_t piece, last;
    rlt_share_of(run, p->count * blocks, &piece, &last);
    for (; piece < last; piece++) {
        const size_t matrix = (size_t)(piece / blocks) * rows * columns, first = (size_t)(piece % blocks) * BLOCK;
        const size_t end = columns - first < BLOCK ? columns : first + BLOCK;
        const float *input = (const float *)rlt_in(run, p->input) + matrix;
        float *output = (float *)rlt_out(run, p->output) + matrix;
        for (size_t r = 0; r < rows; r++)
            for (size_t c = first; c < end; c++) output[c * rows + r] = input[r * columns + c];
    }
    return RLT_OK;
}

rlt_status rlt_batch_matmul_f32(const rlt_run *run, const void *params) {
    const rlt_batch_matmul_f32_params *p = params;
    const rlt_matmul_shape *s = &p->shape;
    const float *a = rlt_in(run, p->a), *b = rlt_in(run, p->b);
    float *output = rlt_out(run, p->output);
    uint32_t row, last;
    rlt_share_of(run, s->batches * s->rows, &row, &last);
    for (; row < last; row++) {
        size_t at_a, at_b;
        rlt_matmul_batch(s, row / s->rows, &at_a, &at_b);
        const float *x = a + at_a + (size_t)(row % s->rows) * s->a_row;
        for (uint32_t j = 0; j < s->columns; j++) {
            const float *y = b + at_b + (size_t)j * s->b_column;
            float sum = 0.0f;
            for (uint32_t k = 0; k < s->depth; k++) sum += x[(size_t)k * s->a_step] * y[(size_t)k * s->b_step];
            output[(size_t)row * s->columns + j] = sum;
        }
    }
    return RLT_OK;
}
