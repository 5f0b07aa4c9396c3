/* tflite/kernels/internal/reference/svdf.h, EvalIntegerSVDF: int8 input and features, int16 state and times. */
#include "../common/fixed_point.h"
#include "svdf.h"

rlt_status rlt_svdf_s8(const rlt_run *run, const void *params) {
    const rlt_svdf_params *p = params;
    const int8_t *input = rlt_in(run, p->input), *features = rlt_in(run, p->features);
    const int16_t *times = rlt_in(run, p->times);
    const int32_t *bias = rlt_in_or_null(run, p->bias);
    int8_t *output = rlt_out(run, p->output);
    int16_t *state = rlt_out(run, p->state);
    const uint32_t units = p->filters / p->rank;
    for (uint32_t b = 0; b < p->batches; b++, input += p->inputs) {
        for (uint32_t u = 0; u < units; u++) {
            uint32_t sum = bias ? (uint32_t)bias[u] : 0; /* sums wrap without being undefined */
            for (uint32_t f = u * p->rank; f < (u + 1) * p->rank; f++, state += p->memory) {
                const int8_t *row = features + (size_t)f * p->inputs;
                const int16_t *weights = times + (size_t)f * p->memory;
                uint32_t now = 0;
                for (uint32_t i = 0; i < p->inputs; i++) now += (uint32_t)(row[i] * (input[i] - p->input_zero_point));
                for (uint32_t i = 0; i + 1 < p->memory; i++) state[i] = state[i + 1];
                state[p->memory - 1] = (int16_t)rlt_clamp(
                    rlt_requantize((int32_t)now, p->feature_multiplier, p->feature_shift), INT16_MIN, INT16_MAX);
                for (uint32_t i = 0; i < p->memory; i++) sum += (uint32_t)(weights[i] * state[i]);
            }
            const int32_t value = rlt_requantize((int32_t)sum, p->output_multiplier, p->output_shift);
            *output++ = (int8_t)rlt_saturate(value, p->output_zero_point, INT8_MIN, INT8_MAX);
        }
    }
    return RLT_OK;
}
