#include "batch_matmul.h"

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
