/* Float SOFTMAX over the vectors of the instruction set whose header was included before. */
#ifndef RLT_SOFTMAX_F32_KERNEL_H
#define RLT_SOFTMAX_F32_KERNEL_H

#include "../../simd/f32_math.h"
#include "softmax.h"

/* One row. What lies past its end is taken for its first value, whose lanes are cleared before they are summed. */
static void softmax_row(const float *x, float *y, size_t depth, float beta) {
    const rlt_vec fill = rlt_vec_all(x[0]);
    rlt_vec most = fill, sum = rlt_vec_all(0.0f);
    size_t i = 0;
    for (; i + RLT_LANES <= depth; i += RLT_LANES) most = rlt_vec_max(most, rlt_vec_load(x + i));
    if (i < depth) most = rlt_vec_max(most, rlt_vec_load_or(x + i, depth - i, fill));
    const rlt_vec largest = rlt_vec_all(rlt_vec_largest(most)), factor = rlt_vec_all(beta);
    for (i = 0; i + RLT_LANES <= depth; i += RLT_LANES) {
        const rlt_vec power = rlt_vec_exp(rlt_vec_mul(rlt_vec_sub(rlt_vec_load(x + i), largest), factor));
        sum = rlt_vec_add(sum, power);
        rlt_vec_store(y + i, power);
    }
    if (i < depth) {
        const rlt_vec last = rlt_vec_load_or(x + i, depth - i, fill);
        rlt_vec_store_first(y + i, rlt_vec_exp(rlt_vec_mul(rlt_vec_sub(last, largest), factor)), depth - i);
        sum = rlt_vec_add(sum, rlt_vec_load_first(y + i, depth - i));
    }
    const rlt_vec total = rlt_vec_all(rlt_vec_sum(sum));
    for (i = 0; i + RLT_LANES <= depth; i += RLT_LANES) rlt_vec_store(y + i, rlt_vec_div(rlt_vec_load(y + i), total));
    if (i < depth) rlt_vec_store_first(y + i, rlt_vec_div(rlt_vec_load_first(y + i, depth - i), total), depth - i);
}

static rlt_status softmax_run(const rlt_run *run, const rlt_softmax_f32_params *p) {
    const float *input = rlt_in(run, p->input);
    float *output = rlt_out(run, p->output);
    uint32_t row, last;
    rlt_share_of(run, p->rows, &row, &last);
    for (; row < last; row++) {
        softmax_row(input + (size_t)row * p->depth, output + (size_t)row * p->depth, p->depth, p->beta);
    }
    return RLT_OK;
}

#endif
