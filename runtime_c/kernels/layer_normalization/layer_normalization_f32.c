#include "layer_normalization.h"

#include <string.h>

#include "../common/float_math.h"

rlt_status rlt_layer_normalization_f32(const rlt_run *run, const void *params) {
    const rlt_layer_normalization_params *p = params;
    const float *gamma = rlt_in(run, p->gamma), *beta = rlt_in(run, p->beta);
    const float epsilon = *(const float *)rlt_in(run, p->epsilon);
    uint32_t row, last;
    rlt_share_of(run, p->rows, &row, &last);
    for (; row < last; row++) {
        const float *x = (const float *)rlt_in(run, p->x) + (size_t)row * p->depth;
        float *y = (float *)rlt_out(run, p->y) + (size_t)row * p->depth;
        double sum = 0.0, squares = 0.0;
        for (uint32_t i = 0; i < p->depth; i++) sum += (double)x[i];
        const float mean = (float)(sum / p->depth);
        for (uint32_t i = 0; i < p->depth; i++) squares += (double)(x[i] - mean) * (double)(x[i] - mean);
        const float variance = (float)(squares / p->depth), scale = 1.0f / rlt_sqrtf(variance + epsilon);
        ((float *)rlt_out(run, p->mean))[row] = mean;
        ((float *)rlt_out(run, p->variance))[row] = variance;
        for (uint32_t i = 0; i < p->depth; i++) y[i] = (x[i] - mean) * scale * gamma[i] + beta[i];
    }
    return RLT_OK;
}

rlt_status rlt_layer_normalization_gradient_f32(const rlt_run *run, const void *params) {
    const rlt_layer_normalization_gradient_params *p = params;
    const float *gamma = rlt_in(run, p->gamma), epsilon = *(const float *)rlt_in(run, p->epsilon);
    const size_t depth = p->depth;
    uint32_t block, last;
    rlt_share_of(run, p->blocks, &block, &last);
    for (; block < last; block++) {
        float *dgamma = (float *)rlt_out(run, p->partial) + 2 * depth * block, *dbeta = dgamma + depth;
        memset(dgamma, 0, 2 * depth * sizeof(float));
        for (uint32_t row = block * p->block_rows; row < p->rows && row < (block + 1) * p->block_rows; row++) {
            const float *x = (const float *)rlt_in(run, p->x) + row * depth, *dy = (const float *)rlt_in(run, p->dy) + row * depth;
            float *dx = (float *)rlt_out(run, p->dx) + row * depth;
            const float mean = ((const float *)rlt_in(run, p->mean))[row];
            const float scale = 1.0f / rlt_sqrtf(((const float *)rlt_in(run, p->variance))[row] + epsilon);
            double sum = 0.0, product = 0.0;
            for (size_t i = 0; i < depth; i++) {
                const float normal = (x[i] - mean) * scale, g = dy[i] * gamma[i];
                sum += (double)g;
                product += (double)g * (double)normal;
                dgamma[i] += dy[i] * normal;
                dbeta[i] += dy[i];
            }
            const float offset = (float)(sum / (double)depth), slope = (float)(product / (double)depth);
            for (size_t i = 0; i < depth; i++)
                dx[i] = (dy[i] * gamma[i] - offset - (x[i] - mean) * scale * slope) * scale;
        }
    }
    return RLT_OK;
}

rlt_status rlt_layer_normalization_sums_f32(const rlt_run *run, const void *params) {
    const rlt_layer_normalization_sums_params *p = params;
    const float *partial = rlt_in(run, p->partial);
    float *dgamma = rlt_out(run, p->dgamma), *dbeta = rlt_out(run, p->dbeta);
    const size_t depth = p->depth;
    memcpy(dgamma, partial, depth * sizeof(float));
    memcpy(dbeta, partial + depth, depth * sizeof(float));
    for (uint32_t block = 1; block < p->blocks; block++) {
        const float *from = partial + 2 * depth * block;
        for (size_t i = 0; i < depth; i++) dgamma[i] += from[i];
        for (size_t i = 0; i < depth; i++) dbeta[i] += from[depth + i];
    }
    return RLT_OK;
}
