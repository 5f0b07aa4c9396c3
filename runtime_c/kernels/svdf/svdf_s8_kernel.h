/* tflite/kernels/internal/reference/svdf.h, EvalIntegerSVDF: int8 input and features, int16 state and times. The including file
 * has defined dot_rows() and dot_halves() (common/dot_rows.h). */
#ifndef RLT_SVDF_S8_KERNEL_H
#define RLT_SVDF_S8_KERNEL_H

#include "../common/fixed_point.h"
#include "svdf.h"

/* The whole operator. */
static inline rlt_status run_svdf(const rlt_run *run, const rlt_svdf_params *p) {
    const int8_t *input = rlt_in(run, p->input), *features = rlt_in(run, p->features);
    const int16_t *times = rlt_in(run, p->times);
    const int32_t *bias = rlt_in_or_null(run, p->bias), *starts = rlt_in(run, p->starts);
    int8_t *output = rlt_out(run, p->output);
    int16_t *state = rlt_out(run, p->state);
    const uint32_t memory = p->memory;
    for (uint32_t b = 0; b < p->batches; b++, input += p->inputs) {
        int32_t sum = bias ? bias[0] : 0;
        for (uint32_t f = 0; f < p->filters; f += DOT_ROWS) {
            const uint32_t rows = p->filters - f < DOT_ROWS ? p->filters - f : DOT_ROWS;
            int32_t now[DOT_ROWS];
            for (uint32_t k = 0; k < DOT_ROWS; k++) now[k] = k < rows ? starts[f + k] : 0;
            dot_rows(features + (size_t)f * p->inputs, input, (int32_t)p->inputs, (int32_t)rows, now);
            for (uint32_t k = 0; k < rows; k++, state += memory) {
                for (uint32_t i = 0; i + 1 < memory; i++) state[i] = state[i + 1];
                const int32_t newest = rlt_requantize(now[k], p->feature_multiplier, p->feature_shift);
                state[memory - 1] = (int16_t)rlt_clamp(newest, INT16_MIN, INT16_MAX);
                sum = dot_halves(times + (size_t)(f + k) * memory, state, (int32_t)memory, sum);
                if ((f + k + 1) % p->rank) continue; /* the unit goes on */
                const int32_t value = rlt_requantize(sum, p->output_multiplier, p->output_shift);
                *output++ = (int8_t)rlt_saturate(value, p->output_zero_point, INT8_MIN, INT8_MAX);
                const uint32_t next = (f + k + 1) / p->rank;
                sum = bias && next * p->rank < p->filters ? bias[next] : 0;
            }
        }
    }
    return RLT_OK;
}

#endif
