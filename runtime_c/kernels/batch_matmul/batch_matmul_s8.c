/* Result equals LiteRT's BatchMatMul for int8 (tflite/kernels/internal/reference/batch_matmul.h). */
#include "batch_matmul.h"

#include "../common/fixed_point.h"

rlt_status rlt_batch_matmul_s8(const rlt_run *run, const void *params) {
    const rlt_batch_matmul_s8_params *p = params;
    const rlt_matmul_shape *s = &p->shape;
    const int8_t *a = rlt_in(run, p->a), *b = rlt_in(run, p->b);
    int8_t *output = rlt_out(run, p->output);
    uint32_t row, last;
    rlt_share_of(run, s->batches * s->rows, &row, &last);
    for (; row < last; row++) {
        size_t at_a, at_b;
        rlt_matmul_batch(s, row / s->rows, &at_a, &at_b);
        const int8_t *x = a + at_a + (size_t)(row % s->rows) * s->a_row;
        for (uint32_t j = 0; j < s->columns; j++) {
            const int8_t *y = b + at_b + (size_t)j * s->b_column;
            uint32_t sum = 0; /* wraps without being undefined */
            for (uint32_t k = 0; k < s->depth; k++) {
                sum += (uint32_t)((x[(size_t)k * s->a_step] - p->a_zero_point) *
                                  (y[(size_t)k * s->b_step] - p->b_zero_point));
            }
            const int32_t scaled = rlt_requantize((int32_t)sum, p->multiplier, p->shift);
            output[(size_t)row * s->columns + j] = (int8_t)rlt_saturate(scaled, p->output_zero_point, INT8_MIN, INT8_MAX);
        }
    }
    return RLT_OK;
}
