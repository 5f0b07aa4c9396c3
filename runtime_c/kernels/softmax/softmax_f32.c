#include "../common/float_math.h"
#include "softmax.h"

rlt_status rlt_softmax_f32(const rlt_run *run, const void *params) {
    const rlt_softmax_f32_params *p = params;
    uint32_t row, last;
    rlt_share_of(run, p->rows, &row, &last);
    for (; row < last; row++) {
        const float *x = (const float *)rlt_in(run, p->input) + (size_t)row * p->depth;
        float *y = (float *)rlt_out(run, p->output) + (size_t)row * p->depth;
        float largest = x[0], sum = 0.0f;
        for (uint32_t i = 1; i < p->depth; i++) largest = x[i] > largest ? x[i] : largest;
        for (uint32_t i = 0; i < p->depth; i++) {
            y[i] = rlt_expf((x[i] - largest) * p->beta);
            sum += y[i];
        }
        for (uint32_t i = 0; i < p->depth; i++) y[i] /= sum;
    }
    return RLT_OK;
}
