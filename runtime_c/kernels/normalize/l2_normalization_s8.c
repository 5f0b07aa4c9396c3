/* Result equals LiteRT's L2Normalization (tflite/kernels/internal/reference/integer_ops/l2normalization.h); the
 * output's scale is 1/128. */
#include "../common/inverse_sqrt.h"
#include "normalize.h"

rlt_status rlt_l2_normalization_s8(const rlt_run *run, const void *params) {
    const rlt_normalize_params *p = params;
    uint32_t row, last;
    rlt_share_of(run, p->rows, &row, &last);
    for (; row < last; row++) {
        const int8_t *x = (const int8_t *)rlt_in(run, p->input) + (size_t)row * p->depth;
        int8_t *y = (int8_t *)rlt_out(run, p->output) + (size_t)row * p->depth;
        int32_t sum = 0, multiplier, shift;
        for (uint32_t i = 0; i < p->depth; i++) sum += (x[i] - p->zero_point) * (x[i] - p->zero_point);
        rlt_inverse_sqrt(sum, &multiplier, &shift);
        for (uint32_t i = 0; i < p->depth; i++) {
            y[i] = (int8_t)rlt_clamp(rlt_requantize(x[i] - p->zero_point, multiplier, shift + 7), INT8_MIN, INT8_MAX);
        }
    }
    return RLT_OK;
}
