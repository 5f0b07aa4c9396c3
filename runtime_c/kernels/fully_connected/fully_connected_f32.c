#include "fully_connected.h"

rlt_status rlt_fully_connected_f32(const rlt_run *run, const void *params) {
    const rlt_fully_connected_f32_params *p = params;
    const float *input = rlt_in(run, p->input), *weights = rlt_in(run, p->weights);
    const float *bias = rlt_in_or_null(run, p->bias);
    float *output = rlt_out(run, p->output);
    uint32_t first, last;
    rlt_share_of(run, p->units, &first, &last);
    for (uint32_t b = 0; b < p->batches; b++) {
        const float *x = input + (size_t)b * p->depth;
        for (uint32_t o = first; o < last; o++) {
            const float *w = weights + (size_t)o * p->depth;
            float sum = 0.0f;
            for (uint32_t i = 0; i < p->depth; i++) sum += w[i] * x[i];
            if (bias) sum += bias[o];
            output[(size_t)b * p->units + o] = sum < p->low ? p->low : sum > p->high ? p->high : sum;
        }
    }
    return RLT_OK;
}
