/* Parameters of layer normalization in training, over [rows, depth]: each row by its own mean and (biased) variance, then
 * times gamma plus beta; and of its gradients: with x' = (x - mean) / sqrt(variance + epsilon) and g = dy * gamma,
 *   dx = (g - mean of g - x' * mean of (g * x')) / sqrt(variance + epsilon), dgamma = sum of dy * x', dbeta = sum of dy
 * The gradient comes in two steps: dx, and for each block of rows what it adds to dgamma and dbeta; then their sum. */
#ifndef RLT_LAYER_NORMALIZATION_H
#define RLT_LAYER_NORMALIZATION_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref x, gamma, beta, epsilon;
    rlt_ref y, mean, variance;
    uint32_t rows, depth;
} rlt_layer_normalization_params;

typedef struct {
    rlt_ref x, gamma, mean, variance, epsilon, dy;
    rlt_ref dx;
    rlt_ref partial; /* float[blocks][2][depth]: dgamma, dbeta */
    uint32_t rows, depth;
    uint32_t block_rows, blocks;
} rlt_layer_normalization_gradient_params;

typedef struct {
    rlt_ref partial, dgamma, dbeta;
    uint32_t depth, blocks;
} rlt_layer_normalization_sums_params;

enum { RLT_LAYER_NORMALIZATION_REFS = 7, RLT_LAYER_NORMALIZATION_GRADIENT_REFS = 8, RLT_LAYER_NORMALIZATION_SUMS_REFS = 3 };

#endif
