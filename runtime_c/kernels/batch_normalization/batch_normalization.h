/* Parameters of batch normalization in training, over [rows, channels]:
 *   y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, with the rows' own mean and (biased) variance
 * and of its gradients: with x' = (x - mean) / sqrt(variance + epsilon),
 *   dbeta = sum of dy, dgamma = sum of dy * x', dx = gamma / sqrt(variance + epsilon) * (dy - dbeta / rows - x' * dgamma / rows)
 * Vector kernels work in two steps: sums of blocks of rows go to `partial` (for x: mean and sum of squared distances from
 * it; for dy: sums of dy and dy * (x - mean)), and every task of the second step adds them up in the same order. */
#ifndef RLT_BATCH_NORMALIZATION_H
#define RLT_BATCH_NORMALIZATION_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref x, gamma, beta, epsilon;
    rlt_ref y, mean, variance;
    rlt_ref partial; /* float[blocks][2][channels]; NONE for the scalar kernel */
    uint32_t rows, channels;
    uint32_t block_rows, blocks;
} rlt_batch_normalization_params;

typedef struct {
    rlt_ref x, gamma, mean, variance, epsilon, dy;
    rlt_ref dx, dgamma, dbeta;
    rlt_ref partial;
    uint32_t rows, channels;
    uint32_t block_rows, blocks;
} rlt_batch_normalization_gradient_params;

enum { RLT_BATCH_NORMALIZATION_REFS = 8, RLT_BATCH_NORMALIZATION_GRADIENT_REFS = 10 };

static inline uint32_t rlt_block_size(uint32_t rows, uint32_t block_rows, uint32_t block) {
    const uint32_t left = rows - block * block_rows;
    return left < block_rows ? left : block_rows;
}

#endif
