/* int16 a, int16 or int8 b. Result equals LiteRT's BatchMatMul with 64-bit sums
 * (tflite/kernels/internal/reference/batch_matmul.h), one factor per column where b has as many scales (LiteRT's then
 * are all zero). */
#include "../common/fixed_point_64.h"
#include "batch_matmul.h"

rlt_status rlt_batch_matmul_s16(const rlt_run *run, const void *params) {
    const rlt_batch_matmul_s16_params *p = params;
    const rlt_matmul_shape *s = &p->shape;
    const int16_t *a = rlt_in(run, p->a);
    const void *b = rlt_in(run, p->b);
    const int32_t *multiplier = rlt_in(run, p->columns), *shift = multiplier + p->factors;
    int16_t *output = rlt_out(run, p->output);
    uint32_t row, last;
    rlt_share_of(run, s->batches * s->rows, &row, &last);
    for (; row < last; row++) {
        size_t at_a, at_b;
        rlt_matmul_batch(s, row / s->rows, &at_a, &at_b);
        const int16_t *x = a + at_a + (size_t)(row % s->rows) * s->a_row;
        for (uint32_t j = 0; j < s->columns; j++) {
            const size_t y = at_b + (size_t)j * s->b_column;
            int64_t sum = 0;
            for (uint32_t k = 0; k < s->depth; k++) {
                const size_t at = y + (size_t)k * s->b_step;
                const int32_t value = p->b_is_short ? ((const int16_t *)b)[at] : ((const int8_t *)b)[at];
                sum += x[(size_t)k * s->a_step] * value;
            }
            const uint32_t c = p->factors == 1 ? 0 : j;
            const int32_t scaled = rlt_requantize_64(sum, multiplier[c], shift[c]);
            output[(size_t)row * s->columns + j] = (int16_t)rlt_clamp(scaled, INT16_MIN, INT16_MAX);
        }
    }
    return RLT_OK;
}
