/* log_softmax.h and l2normalization.h in tflite/kernels/internal/reference. */
#include "../common/float_math.h"
#include "normalize.h"

rlt_status rlt_log_softmax_f32(const rlt_run *run, const void *params) {
    const rlt_normalize_params *p = params;
    uint32_t row, last;
    rlt_share_of(run, p->rows, &row, &last);
    for (; row < last; row++) {
        const float *x = (const float *)rlt_in(run, p->input) + (size_t)row * p->depth;
        float *y = (float *)rlt_out(run, p->output) + (size_t)row * p->depth;
        float largest = x[0], sum = 0.0f;
        for (uint32_t i = 1; i < p->depth; i++) largest = x[i] > largest ? x[i] : largest;
        for (uint32_t i = 0; i < p->depth; i++) sum += rlt_expf(x[i] - largest);
        const float log_sum = rlt_logf(sum);
        for (uint32_t i = 0; i < p->depth; i++) y[i] = x[i] - largest - log_sum;
    }
    return RLT_OK;
}

rlt_status rlt_l2_normalization_f32(const rlt_run *run, const void *params) {
    const rlt_normalize_params *p = params;
    uint32_t row, last;
    rlt_share_of(run, p->rows, &row, &last);
    for (; row < last; row++) {
        const float *x = (const float *)rlt_in(run, p->input) + (size_t)row * p->depth;
        float *y = (float *)rlt_out(run, p->output) + (size_t)row * p->depth;
        float sum = 0.0f;
        for (uint32_t i = 0; i < p->depth; i++) sum += x[i] * x[i];
        const float root = rlt_sqrtf(sum), norm = root > 1e-6f ? root : 1e-6f;
        for (uint32_t i = 0; i < p->depth; i++) y[i] = x[i] / norm;
    }
    return RLT_OK;
}
