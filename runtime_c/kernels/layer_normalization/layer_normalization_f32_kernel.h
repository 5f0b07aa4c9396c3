/* Layer normalization over the vectors of the instruction set whose header was included before. */
#ifndef RLT_LAYER_NORMALIZATION_F32_KERNEL_H
#define RLT_LAYER_NORMALIZATION_F32_KERNEL_H

#include "layer_normalization.h"

/* x - mean; zero past the row's end. */
RLT_INLINE rlt_vec distance(const float *x, rlt_vec mean, size_t left) {
    if (left >= RLT_LANES) return rlt_vec_sub(rlt_vec_load(x), mean);
    return rlt_vec_sub(rlt_vec_load_or(x, left, mean), mean);
}

static rlt_status normalize_run(const rlt_run *run, const rlt_layer_normalization_params *p) {
    const float *gamma = rlt_in(run, p->gamma), *beta = rlt_in(run, p->beta);
    const rlt_vec epsilon = rlt_vec_all(*(const float *)rlt_in(run, p->epsilon));
    const float part = 1.0f / (float)p->depth;
    const size_t depth = p->depth;
    uint32_t row, last;
    rlt_share_of(run, p->rows, &row, &last);
    for (; row < last; row++) {
        const float *x = (const float *)rlt_in(run, p->x) + row * depth;
        float *y = (float *)rlt_out(run, p->y) + row * depth;
        rlt_vec sum = rlt_vec_all(0.0f), squares = sum;
        for (size_t i = 0; i < depth; i += RLT_LANES) sum = rlt_vec_add(sum, rlt_vec_load_upto(x + i, depth - i));
        const float mean = rlt_vec_sum(sum) * part;
        const rlt_vec m = rlt_vec_all(mean);
        for (size_t i = 0; i < depth; i += RLT_LANES) {
            const rlt_vec d = distance(x + i, m, depth - i);
            squares = rlt_vec_fma(d, d, squares);
        }
        const float variance = rlt_vec_sum(squares) * part;
        ((float *)rlt_out(run, p->mean))[row] = mean;
        ((float *)rlt_out(run, p->variance))[row] = variance;
        const rlt_vec scale = rlt_vec_div(rlt_vec_all(1.0f), rlt_vec_sqrt(rlt_vec_add(rlt_vec_all(variance), epsilon)));
        for (size_t i = 0; i < depth; i += RLT_LANES) {
            const size_t left = depth - i;
            const rlt_vec normal = rlt_vec_mul(distance(x + i, m, left), scale);
            const rlt_vec g = rlt_vec_load_upto(gamma + i, left), b = rlt_vec_load_upto(beta + i, left);
            rlt_vec_store_upto(y + i, rlt_vec_fma(normal, g, b), left);
        }
    }
    return RLT_OK;
}

/* One row; dgamma, dbeta: of its block, `is_first` of its rows. */
static void gradient_row(const float *x, const float *dy, const float *gamma, float mean, rlt_vec scale, size_t depth,
                         int is_first, float *dx, float *dgamma, float *dbeta) {
    const rlt_vec m = rlt_vec_all(mean), zero = rlt_vec_all(0.0f), part = rlt_vec_all(1.0f / (float)depth);
    rlt_vec sum = zero, product = zero;
    for (size_t i = 0; i < depth; i += RLT_LANES) {
        const size_t left = depth - i;
        const rlt_vec normal = rlt_vec_mul(distance(x + i, m, left), scale), d = rlt_vec_load_upto(dy + i, left);
        const rlt_vec g = rlt_vec_mul(d, rlt_vec_load_upto(gamma + i, left));
        sum = rlt_vec_add(sum, g);
        product = rlt_vec_fma(g, normal, product);
        rlt_vec_store_upto(dgamma + i, rlt_vec_fma(d, normal, is_first ? zero : rlt_vec_load_upto(dgamma + i, left)), left);
        rlt_vec_store_upto(dbeta + i, rlt_vec_add(d, is_first ? zero : rlt_vec_load_upto(dbeta + i, left)), left);
    }
    const rlt_vec offset = rlt_vec_mul(rlt_vec_all(rlt_vec_sum(sum)), part);
    const rlt_vec slope = rlt_vec_mul(rlt_vec_mul(rlt_vec_all(rlt_vec_sum(product)), part), scale);
    for (size_t i = 0; i < depth; i += RLT_LANES) {
        const size_t left = depth - i;
        const rlt_vec g = rlt_vec_mul(rlt_vec_load_upto(dy + i, left), rlt_vec_load_upto(gamma + i, left));
        const rlt_vec d = rlt_vec_sub(zero, distance(x + i, m, left));
        rlt_vec_store_upto(dx + i, rlt_vec_mul(rlt_vec_fma(d, slope, rlt_vec_sub(g, offset)), scale), left);
    }
}

static rlt_status gradient_run(const rlt_run *run, const rlt_layer_normalization_gradient_params *p) {
    const rlt_vec epsilon = rlt_vec_all(*(const float *)rlt_in(run, p->epsilon)), one = rlt_vec_all(1.0f);
    const float *mean = rlt_in(run, p->mean), *variance = rlt_in(run, p->variance);
    const size_t depth = p->depth;
    uint32_t block, last;
    rlt_share_of(run, p->blocks, &block, &last);
    for (; block < last; block++) {
        float *dgamma = (float *)rlt_out(run, p->partial) + 2 * depth * block;
        const uint32_t first = block * p->block_rows;
        const uint32_t end = p->rows - first < p->block_rows ? p->rows : first + p->block_rows;
        for (uint32_t row = first; row < end; row++) {
            const size_t at = row * depth;
            const rlt_vec scale = rlt_vec_div(one, rlt_vec_sqrt(rlt_vec_add(rlt_vec_all(variance[row]), epsilon)));
            gradient_row((const float *)rlt_in(run, p->x) + at, (const float *)rlt_in(run, p->dy) + at,
                         rlt_in(run, p->gamma), mean[row], scale, depth, row == first,
                         (float *)rlt_out(run, p->dx) + at, dgamma, dgamma + depth);
        }
    }
    return RLT_OK;
}

#endif
