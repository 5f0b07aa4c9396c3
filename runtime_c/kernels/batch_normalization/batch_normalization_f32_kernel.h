/* Batch normalization over the vectors of the instruction set whose header was included before: a vector of channels at a
 * time. */
#ifndef RLT_BATCH_NORMALIZATION_F32_KERNEL_H
#define RLT_BATCH_NORMALIZATION_F32_KERNEL_H

#include "batch_normalization.h"

enum { CHAINS = 4 }; /* sums at once: an addition takes some cycles */

RLT_INLINE rlt_vec add_chains(const rlt_vec sum[CHAINS]) {
    return rlt_vec_add(rlt_vec_add(sum[0], sum[1]), rlt_vec_add(sum[2], sum[3]));
}

/* Mean of `rows` values of a vector of channels, `step` apart, and the sum of their squared distances from it. */
static void block_moments(const float *x, size_t step, uint32_t rows, size_t count, float *mean, float *squares) {
    rlt_vec sum[CHAINS];
    for (int i = 0; i < CHAINS; i++) sum[i] = rlt_vec_all(0.0f);
    uint32_t r = 0;
    for (; r + CHAINS <= rows; r += CHAINS) {
#pragma GCC unroll 4
        for (int i = 0; i < CHAINS; i++) sum[i] = rlt_vec_add(sum[i], rlt_vec_load_first(x + (r + (uint32_t)i) * step, count));
    }
    for (; r < rows; r++) sum[0] = rlt_vec_add(sum[0], rlt_vec_load_first(x + r * step, count));
    const rlt_vec m = rlt_vec_mul(add_chains(sum), rlt_vec_all(1.0f / (float)rows));
    for (int i = 0; i < CHAINS; i++) sum[i] = rlt_vec_all(0.0f);
    for (r = 0; r + CHAINS <= rows; r += CHAINS) {
#pragma GCC unroll 4
        for (int i = 0; i < CHAINS; i++) {
            const rlt_vec d = rlt_vec_sub(rlt_vec_load_first(x + (r + (uint32_t)i) * step, count), m);
            sum[i] = rlt_vec_fma(d, d, sum[i]);
        }
    }
    for (; r < rows; r++) {
        const rlt_vec d = rlt_vec_sub(rlt_vec_load_first(x + r * step, count), m);
        sum[0] = rlt_vec_fma(d, d, sum[0]);
    }
    rlt_vec_store_upto(mean, m, count);
    rlt_vec_store_upto(squares, add_chains(sum), count);
}

static rlt_status sums_run(const rlt_run *run, const rlt_batch_normalization_params *p) {
    const float *x = rlt_in(run, p->x);
    float *partial = rlt_out(run, p->partial);
    const size_t channels = p->channels;
    uint32_t block, last;
    rlt_share_of(run, p->blocks, &block, &last);
    for (; block < last; block++) {
        float *mean = partial + 2 * channels * block;
        const uint32_t rows = rlt_block_size(p->rows, p->block_rows, block);
        for (size_t c = 0; c < channels; c += RLT_LANES) {
            const size_t count = channels - c < RLT_LANES ? channels - c : RLT_LANES;
            block_moments(x + (size_t)block * p->block_rows * channels + c, channels, rows, count, mean + c,
                          mean + channels + c);
        }
    }
    return RLT_OK;
}

static rlt_status normalize_run(const rlt_run *run, const rlt_batch_normalization_params *p) {
    const float *x = rlt_in(run, p->x), *gamma = rlt_in(run, p->gamma), *beta = rlt_in(run, p->beta);
    const float *partial = rlt_in(run, p->partial);
    const rlt_vec epsilon = rlt_vec_all(*(const float *)rlt_in(run, p->epsilon));
    const rlt_vec part = rlt_vec_all(1.0f / (float)p->rows);
    float *y = rlt_out(run, p->y);
    const size_t channels = p->channels;
    uint32_t row, last;
    rlt_share_of(run, p->rows, &row, &last);
    for (size_t c = 0; c < channels; c += RLT_LANES) {
        const size_t count = channels - c < RLT_LANES ? channels - c : RLT_LANES;
        rlt_vec mean = rlt_vec_all(0.0f), squares = mean;
        for (uint32_t b = 0; b < p->blocks; b++) {
            const rlt_vec rows = rlt_vec_all((float)rlt_block_size(p->rows, p->block_rows, b));
            mean = rlt_vec_fma(rows, rlt_vec_load_first(partial + 2 * channels * b + c, count), mean);
        }
        mean = rlt_vec_mul(mean, part);
        for (uint32_t b = 0; b < p->blocks; b++) {
            const float *at = partial + 2 * channels * b + c;
            const rlt_vec rows = rlt_vec_all((float)rlt_block_size(p->rows, p->block_rows, b));
            const rlt_vec d = rlt_vec_sub(rlt_vec_load_first(at, count), mean);
            squares = rlt_vec_add(squares, rlt_vec_fma(rlt_vec_mul(d, d), rows, rlt_vec_load_first(at + channels, count)));
        }
        const rlt_vec variance = rlt_vec_mul(squares, part);
        if (run->task == 0) {
            rlt_vec_store_upto((float *)rlt_out(run, p->mean) + c, mean, count);
            rlt_vec_store_upto((float *)rlt_out(run, p->variance) + c, variance, count);
        }
        const rlt_vec scale = rlt_vec_div(rlt_vec_load_first(gamma + c, count), rlt_vec_sqrt(rlt_vec_add(variance, epsilon)));
        const rlt_vec shift = rlt_vec_load_first(beta + c, count);
        for (size_t i = row * channels + c, end = last * channels; i < end; i += channels) {
            const rlt_vec d = rlt_vec_sub(rlt_vec_load_first(x + i, count), mean);
            rlt_vec_store_upto(y + i, rlt_vec_fma(d, scale, shift), count);
        }
    }
    return RLT_OK;
}

/* Sums of dy and dy * (x - mean) over a block. */
static void block_products(const float *x, const float *dy, const float *mean, size_t step, uint32_t rows, size_t count,
                           float *to_sum, float *to_product) {
    const rlt_vec m = rlt_vec_load_first(mean, count);
    rlt_vec sum[CHAINS], product[CHAINS];
    for (int i = 0; i < CHAINS; i++) sum[i] = product[i] = rlt_vec_all(0.0f);
    for (uint32_t r = 0; r < rows;) {
        const uint32_t most = rows - r < CHAINS ? 1 : CHAINS;
#pragma GCC unroll 4
        for (uint32_t i = 0; i < CHAINS; i++) {
            if (i >= most) break;
            const rlt_vec g = rlt_vec_load_first(dy + (r + i) * step, count);
            sum[i] = rlt_vec_add(sum[i], g);
            product[i] = rlt_vec_fma(g, rlt_vec_sub(rlt_vec_load_first(x + (r + i) * step, count), m), product[i]);
        }
        r += most;
    }
    rlt_vec_store_upto(to_sum, add_chains(sum), count);
    rlt_vec_store_upto(to_product, add_chains(product), count);
}

static rlt_status gradient_sums_run(const rlt_run *run, const rlt_batch_normalization_gradient_params *p) {
    const float *x = rlt_in(run, p->x), *dy = rlt_in(run, p->dy), *mean = rlt_in(run, p->mean);
    const size_t channels = p->channels;
    uint32_t block, last;
    rlt_share_of(run, p->blocks, &block, &last);
    for (; block < last; block++) {
        float *to = (float *)rlt_out(run, p->partial) + 2 * channels * block;
        const size_t at = (size_t)block * p->block_rows * channels;
        for (size_t c = 0; c < channels; c += RLT_LANES) {
            block_products(x + at + c, dy + at + c, mean + c, channels, rlt_block_size(p->rows, p->block_rows, block),
                           channels - c < RLT_LANES ? channels - c : RLT_LANES, to + c, to + channels + c);
        }
    }
    return RLT_OK;
}

static rlt_status gradient_run(const rlt_run *run, const rlt_batch_normalization_gradient_params *p) {
    const float *x = rlt_in(run, p->x), *dy = rlt_in(run, p->dy), *partial = rlt_in(run, p->partial);
    const float *gamma = rlt_in(run, p->gamma), *mean = rlt_in(run, p->mean), *variance = rlt_in(run, p->variance);
    const rlt_vec epsilon = rlt_vec_all(*(const float *)rlt_in(run, p->epsilon));
    const rlt_vec part = rlt_vec_all(1.0f / (float)p->rows);
    float *dx = rlt_out(run, p->dx);
    const size_t channels = p->channels;
    uint32_t row, last;
    rlt_share_of(run, p->rows, &row, &last);
    for (size_t c = 0; c < channels; c += RLT_LANES) {
        const size_t count = channels - c < RLT_LANES ? channels - c : RLT_LANES;
        const rlt_vec deviation = rlt_vec_sqrt(rlt_vec_add(rlt_vec_load_first(variance + c, count), epsilon));
        const rlt_vec inverse = rlt_vec_div(rlt_vec_all(1.0f), deviation), m = rlt_vec_load_first(mean + c, count);
        rlt_vec sum = rlt_vec_all(0.0f), product = sum;
        for (uint32_t b = 0; b < p->blocks; b++) {
            const float *at = partial + 2 * channels * b + c;
            sum = rlt_vec_add(sum, rlt_vec_load_first(at, count));
            product = rlt_vec_add(product, rlt_vec_load_first(at + channels, count));
        }
        if (run->task == 0) {
            rlt_vec_store_upto((float *)rlt_out(run, p->dbeta) + c, sum, count);
            rlt_vec_store_upto((float *)rlt_out(run, p->dgamma) + c, rlt_vec_mul(product, inverse), count);
        }
        const rlt_vec scale = rlt_vec_mul(rlt_vec_load_first(gamma + c, count), inverse), offset = rlt_vec_mul(sum, part);
        const rlt_vec slope = rlt_vec_mul(rlt_vec_mul(product, part), rlt_vec_mul(inverse, inverse));
        for (size_t i = row * channels + c, end = last * channels; i < end; i += channels) {
            const rlt_vec d = rlt_vec_sub(m, rlt_vec_load_first(x + i, count));
            const rlt_vec g = rlt_vec_sub(rlt_vec_load_first(dy + i, count), offset);
            rlt_vec_store_upto(dx + i, rlt_vec_mul(scale, rlt_vec_fma(d, slope, g)), count);
        }
    }
    return RLT_OK;
}

#endif
