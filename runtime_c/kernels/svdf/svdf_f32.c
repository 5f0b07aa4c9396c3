/* tflite/kernels/internal/reference/svdf.h, EvalFloatSVDF. */
#include "svdf.h"

static float dot(const float *a, const float *b, uint32_t count) {
    float sum = 0.0f;
    for (uint32_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

rlt_status rlt_svdf_f32(const rlt_run *run, const void *params) {
    const rlt_svdf_params *p = params;
    const float *input = rlt_in(run, p->input), *features = rlt_in(run, p->features), *times = rlt_in(run, p->times);
    const float *bias = rlt_in_or_null(run, p->bias);
    float *output = rlt_out(run, p->output), *state = rlt_out(run, p->state);
    const uint32_t units = p->filters / p->rank;
    for (uint32_t b = 0; b < p->batches; b++, input += p->inputs) {
        for (uint32_t u = 0; u < units; u++) {
            float sum = 0.0f;
            for (uint32_t f = u * p->rank; f < (u + 1) * p->rank; f++, state += p->memory) {
                for (uint32_t i = 0; i + 1 < p->memory; i++) state[i] = state[i + 1];
                state[p->memory - 1] = dot(features + (size_t)f * p->inputs, input, p->inputs);
                sum += dot(times + (size_t)f * p->memory, state, p->memory);
            }
            if (bias) sum += bias[u];
            *output++ = sum < p->low ? p->low : sum > p->high ? p->high : sum;
        }
    }
    return RLT_OK;
}
