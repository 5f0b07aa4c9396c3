/* Float softmax cross entropy over the vectors of the instruction set whose header was included before. */
#ifndef RLT_CROSS_ENTROPY_F32_KERNEL_H
#define RLT_CROSS_ENTROPY_F32_KERNEL_H

#include "../../simd/f32_math.h"
#include "../common/float_math.h"
#include "cross_entropy.h"

/* exp(x - largest) to dx, and their sum; returns the largest. What lies past a row's end is taken for its first value. */
static float exponents(const float *x, float *dx, size_t depth, float *total) {
    const rlt_vec fill = rlt_vec_all(x[0]);
    rlt_vec most = fill, sum = rlt_vec_all(0.0f);
    size_t i = 0;
    for (; i + RLT_LANES <= depth; i += RLT_LANES) most = rlt_vec_max(most, rlt_vec_load(x + i));
    if (i < depth) most = rlt_vec_max(most, rlt_vec_load_or(x + i, depth - i, fill));
    const float largest = rlt_vec_largest(most);
    const rlt_vec base = rlt_vec_all(largest);
    for (i = 0; i + RLT_LANES <= depth; i += RLT_LANES) {
        const rlt_vec power = rlt_vec_exp(rlt_vec_sub(rlt_vec_load(x + i), base));
        sum = rlt_vec_add(sum, power);
        rlt_vec_store(dx + i, power);
    }
    if (i < depth) {
        const rlt_vec rest = rlt_vec_load_or(x + i, depth - i, fill);
        rlt_vec_store_first(dx + i, rlt_vec_exp(rlt_vec_sub(rest, base)), depth - i);
        sum = rlt_vec_add(sum, rlt_vec_load_first(dx + i, depth - i));
    }
    *total = rlt_vec_sum(sum);
    return largest;
}

static float dense_row(const float *x, const float *labels, float *dx, size_t depth) {
    float sum;
    const float largest = exponents(x, dx, depth, &sum);
    const rlt_vec log_sum = rlt_vec_all(rlt_logf(sum) + largest);
    rlt_vec total = rlt_vec_all(0.0f), loss = total;
    for (size_t i = 0; i < depth; i += RLT_LANES) {
        const rlt_vec label = rlt_vec_load_upto(labels + i, depth - i);
        total = rlt_vec_add(total, label);
        loss = rlt_vec_fma(label, rlt_vec_sub(log_sum, rlt_vec_load_upto(x + i, depth - i)), loss);
    }
    const rlt_vec factor = rlt_vec_all(rlt_vec_sum(total) / sum), zero = rlt_vec_all(0.0f);
    for (size_t i = 0; i < depth; i += RLT_LANES) {
        const rlt_vec label = rlt_vec_load_upto(labels + i, depth - i);
        const rlt_vec y = rlt_vec_fma(rlt_vec_load_upto(dx + i, depth - i), factor, rlt_vec_sub(zero, label));
        rlt_vec_store_upto(dx + i, y, depth - i);
    }
    return rlt_vec_sum(loss);
}

static float sparse_row(const float *x, uint32_t label, float *dx, size_t depth) {
    float sum;
    const float largest = exponents(x, dx, depth, &sum);
    const rlt_vec factor = rlt_vec_all(1.0f / sum);
    for (size_t i = 0; i < depth; i += RLT_LANES)
        rlt_vec_store_upto(dx + i, rlt_vec_mul(rlt_vec_load_upto(dx + i, depth - i), factor), depth - i);
    dx[label] -= 1.0f;
    return rlt_logf(sum) - (x[label] - largest);
}

static rlt_status cross_entropy_run(const rlt_run *run, const rlt_cross_entropy_params *p) {
    const float *logits = rlt_in(run, p->logits);
    float *dlogits = rlt_out(run, p->dlogits), *loss = rlt_out(run, p->loss);
    uint32_t row, last;
    rlt_share_of(run, p->rows, &row, &last);
    for (; row < last; row++) {
        const float *x = logits + (size_t)row * p->depth;
        float *dx = dlogits + (size_t)row * p->depth;
        if (p->sparse) {
            const int32_t label = ((const int32_t *)rlt_in(run, p->labels))[row];
            if (label < 0 || (uint32_t)label >= p->depth) return RLT_ERROR_INDEX;
            loss[row] = sparse_row(x, (uint32_t)label, dx, p->depth);
        } else {
            loss[row] = dense_row(x, (const float *)rlt_in(run, p->labels) + (size_t)row * p->depth, dx, p->depth);
        }
    }
    return RLT_OK;
}

#endif
