#include "cross_entropy.h"

#include "../common/float_math.h"

static float row_loss(const float *x, const float *labels, float *dx, uint32_t depth) {
    float largest = x[0], sum = 0.0f, total = 0.0f, loss = 0.0f;
    for (uint32_t i = 1; i < depth; i++) largest = x[i] > largest ? x[i] : largest;
    for (uint32_t i = 0; i < depth; i++) {
        dx[i] = rlt_expf(x[i] - largest);
        sum += dx[i];
    }
    const float log_sum = rlt_logf(sum);
    for (uint32_t i = 0; i < depth; i++) {
        total += labels[i];
        loss += labels[i] * (log_sum - (x[i] - largest));
    }
    for (uint32_t i = 0; i < depth; i++) dx[i] = dx[i] / sum * total - labels[i];
    return loss;
}

static float row_loss_sparse(const float *x, uint32_t label, float *dx, uint32_t depth) {
    float largest = x[0], sum = 0.0f;
    for (uint32_t i = 1; i < depth; i++) largest = x[i] > largest ? x[i] : largest;
    for (uint32_t i = 0; i < depth; i++) {
        dx[i] = rlt_expf(x[i] - largest);
        sum += dx[i];
    }
    for (uint32_t i = 0; i < depth; i++) dx[i] /= sum;
    dx[label] -= 1.0f;
    return rlt_logf(sum) - (x[label] - largest);
}

rlt_status rlt_cross_entropy_f32(const rlt_run *run, const void *params) {
    const rlt_cross_entropy_params *p = params;
    uint32_t row, last;
    rlt_share_of(run, p->rows, &row, &last);
    for (; row < last; row++) {
        const float *x = (const float *)rlt_in(run, p->logits) + (size_t)row * p->depth;
        float *dx = (float *)rlt_out(run, p->dlogits) + (size_t)row * p->depth;
        float *loss = (float *)rlt_out(run, p->loss) + row;
        if (p->sparse) {
            const int32_t label = ((const int32_t *)rlt_in(run, p->labels))[row];
            if (label < 0 || (uint32_t)label >= p->depth) return RLT_ERROR_INDEX;
            *loss = row_loss_sparse(x, (uint32_t)label, dx, p->depth);
        } else {
            *loss = row_loss(x, (const float *)rlt_in(run, p->labels) + (size_t)row * p->depth, dx, p->depth);
        }
    }
    return RLT_OK;
}
