#include "batch_normalization.h"

#include "../common/float_math.h"

rlt_status rlt_batch_normalization_f32(const rlt_run *run, const void *params) {
    const rlt_batch_normalization_params *p = params;
    const float *x = rlt_in(run, p->x), *gamma = rlt_in(run, p->gamma), *beta = rlt_in(run, p->beta);
    const float epsilon = *(const float *)rlt_in(run, p->epsilon);
    float *y = rlt_out(run, p->y), *mean = rlt_out(run, p->mean), *variance = rlt_out(run, p->variance);
    uint32_t c, last;
    rlt_share_of(run, p->channels, &c, &last);
    for (; c < last; c++) {
        double sum = 0.0, squares = 0.0;
        for (size_t i = c, r = 0; r < p->rows; r++, i += p->channels) sum += (double)x[i];
        const float m = (float)(sum / p->rows);
        for (size_t i = c, r = 0; r < p->rows; r++, i += p->channels) squares += (double)(x[i] - m) * (double)(x[i] - m);
        mean[c] = m;
        variance[c] = (float)(squares / p->rows);
        const float scale = gamma[c] / rlt_sqrtf(variance[c] + epsilon), shift = beta[c];
        for (size_t i = c, r = 0; r < p->rows; r++, i += p->channels) y[i] = (x[i] - m) * scale + shift;
    }
    return RLT_OK;
}

rlt_status rlt_batch_normalization_gradient_f32(const rlt_run *run, const void *params) {
    const rlt_batch_normalization_gradient_params *p = params;
    const float *x = rlt_in(run, p->x), *dy = rlt_in(run, p->dy), *gamma = rlt_in(run, p->gamma);
    const float *mean = rlt_in(run, p->mean), *variance = rlt_in(run, p->variance);
    const float epsilon = *(const float *)rlt_in(run, p->epsilon);
    float *dx = rlt_out(run, p->dx), *dgamma = rlt_out(run, p->dgamma), *dbeta = rlt_out(run, p->dbeta);
    uint32_t c, last;
    rlt_share_of(run, p->channels, &c, &last);
    for (; c < last; c++) {
        const float m = mean[c], inverse = 1.0f / rlt_sqrtf(variance[c] + epsilon);
        double sum = 0.0, product = 0.0;
        for (size_t i = c, r = 0; r < p->rows; r++, i += p->channels) {
            sum += (double)dy[i];
            product += (double)dy[i] * (double)(x[i] - m);
        }
        dbeta[c] = (float)sum;
        dgamma[c] = (float)product * inverse;
        const float scale = gamma[c] * inverse, offset = (float)(sum / p->rows);
        const float slope = (float)(product / p->rows) * inverse * inverse;
        for (size_t i = c, r = 0; r < p->rows; r++, i += p->channels)
            dx[i] = scale * (dy[i] - offset - (x[i] - m) * slope);
    }
    return RLT_OK;
}
