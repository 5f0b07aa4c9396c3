#include "local_response.h"

#include "../common/float_math.h"

/* x * (bias + alpha * sum of squares of the channels within `radius`) ^ -beta, as LiteRT's optimized kernel and
 * TensorFlow have it; LiteRT's reference leaves out the last channel of the window. */
rlt_status rlt_local_response_f32(const rlt_run *run, const void *params) {
    const rlt_local_response_params *p = params;
    const float *input = rlt_in(run, p->input);
    float *output = rlt_out(run, p->output);
    const int64_t depth = p->depth;
    uint32_t row, last;
    rlt_share_of(run, p->rows, &row, &last);
    for (; row < last; row++) {
        const float *x = input + (size_t)row * p->depth;
        float *y = output + (size_t)row * p->depth;
        for (int64_t c = 0; c < depth; c++) {
            const int64_t first = c > p->radius ? c - p->radius : 0;
            const int64_t end = c + p->radius < depth ? c + p->radius + 1 : depth;
            float sum = 0.0f;
            for (int64_t k = first; k < end; k++) sum += x[k] * x[k];
            y[c] = x[c] * rlt_powf(p->bias + p->alpha * sum, -p->beta);
        }
    }
    return RLT_OK;
}
