/* rillet.LAYER_NORMALIZATION (x, gamma, beta, epsilon; y, mean, variance) and rillet.LAYER_NORMALIZATION_GRADIENT (x, gamma,
 * mean, variance, epsilon, dy; dx, dgamma, dbeta), over the last axis. */
#include "../common/prepare_common.h"
#include "../common/prepare_f32.h"
#include "layer_normalization.h"

enum { MOST_BLOCKS = 64, COST = 8 };

static rlt_status need(rlt_prepare_state *p, const rlt_tensor *tensor, uint32_t elements) {
    RLT_TRY(rlt_need_type(p, tensor, RLT_FLOAT32));
    if (tensor->elements == elements) return RLT_OK;
    return rlt_fail(p, RLT_ERROR_SHAPE, tensor, "its size does not fit the operator's other operands");
}

/* Checks x and where its rows end. */
static rlt_status read_rows(rlt_prepare_state *p, const rlt_tensor *x, uint32_t *rows, uint32_t *depth) {
    RLT_TRY(rlt_need_type(p, x, RLT_FLOAT32));
    if (x->rank < 1) return rlt_fail(p, RLT_ERROR_SHAPE, x, "has no axis to normalize");
    *depth = (uint32_t)x->dims[x->rank - 1];
    *rows = x->elements / *depth;
    return RLT_OK;
}

rlt_status rlt_prepare_layer_normalization(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 4, 3));
    const rlt_tensor *x = rlt_input(p, op, 0), *gamma = rlt_input(p, op, 1), *beta = rlt_input(p, op, 2);
    const rlt_tensor *epsilon = rlt_input(p, op, 3);
    rlt_tensor *y = rlt_output(p, op, 0), *mean = rlt_output(p, op, 1), *variance = rlt_output(p, op, 2);
    uint32_t rows = 0, depth = 0;
    RLT_TRY(read_rows(p, x, &rows, &depth));
    RLT_TRY(need(p, gamma, depth));
    RLT_TRY(need(p, beta, depth));
    RLT_TRY(need(p, epsilon, 1));
    RLT_TRY(rlt_same_shape(p, y, x));
    RLT_TRY(rlt_set_shape(p, mean, x->rank - 1, x->dims));
    RLT_TRY(rlt_set_shape(p, variance, x->rank - 1, x->dims));
    RLT_TRY(need(p, y, x->elements));
    RLT_TRY(need(p, mean, rows));
    RLT_TRY(need(p, variance, rows));
    rlt_may_overwrite(p, y, rlt_input(p, op, 0));
    rlt_layer_normalization_params *k =
        rlt_add_step(p, op, RLT_S8_KERNEL(p, layer_normalization_f32), sizeof *k, RLT_LAYER_NORMALIZATION_REFS,
                     rlt_tasks(p, RLT_COST_OPERATION, (uint64_t)x->elements * COST, rows));
    if (!k) return RLT_ERROR_MEMORY;
    k->x = rlt_ref_of(p, x);
    k->gamma = rlt_ref_of(p, gamma);
    k->beta = rlt_ref_of(p, beta);
    k->epsilon = rlt_ref_of(p, epsilon);
    k->y = rlt_ref_of(p, y);
    k->mean = rlt_ref_of(p, mean);
    k->variance = rlt_ref_of(p, variance);
    k->rows = rows;
    k->depth = depth;
    return RLT_OK;
}

static rlt_status add_gradient(rlt_prepare_state *p, const rlt_op *op, uint32_t rows, uint32_t depth, uint32_t block_rows,
                               uint32_t blocks, rlt_ref *partial) {
    rlt_layer_normalization_gradient_params *k =
        rlt_add_step(p, op, RLT_S8_KERNEL(p, layer_normalization_gradient_f32), sizeof *k,
                     RLT_LAYER_NORMALIZATION_GRADIENT_REFS,
                     rlt_tasks(p, RLT_COST_OPERATION, (uint64_t)rows * depth * COST, blocks));
    if (!k) return RLT_ERROR_MEMORY;
    k->x = rlt_ref_of(p, rlt_input(p, op, 0));
    k->gamma = rlt_ref_of(p, rlt_input(p, op, 1));
    k->mean = rlt_ref_of(p, rlt_input(p, op, 2));
    k->variance = rlt_ref_of(p, rlt_input(p, op, 3));
    k->epsilon = rlt_ref_of(p, rlt_input(p, op, 4));
    k->dy = rlt_ref_of(p, rlt_input(p, op, 5));
    k->dx = rlt_ref_of(p, rlt_output(p, op, 0));
    k->partial = *partial = rlt_add_scratch(p, op, 2 * (size_t)blocks * depth * sizeof(float));
    k->rows = rows;
    k->depth = depth;
    k->block_rows = block_rows;
    k->blocks = blocks;
    return RLT_OK;
}

rlt_status rlt_prepare_layer_normalization_gradient(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 6, 3));
    const rlt_tensor *x = rlt_input(p, op, 0);
    rlt_tensor *dx = rlt_output(p, op, 0), *dgamma = rlt_output(p, op, 1), *dbeta = rlt_output(p, op, 2);
    uint32_t rows = 0, depth = 0;
    RLT_TRY(read_rows(p, x, &rows, &depth));
    RLT_TRY(need(p, rlt_input(p, op, 1), depth));
    RLT_TRY(need(p, rlt_input(p, op, 2), rows));
    RLT_TRY(need(p, rlt_input(p, op, 3), rows));
    RLT_TRY(need(p, rlt_input(p, op, 4), 1));
    RLT_TRY(need(p, rlt_input(p, op, 5), x->elements));
    const int32_t channels = (int32_t)depth;
    RLT_TRY(rlt_same_shape(p, dx, x));
    RLT_TRY(rlt_set_shape(p, dgamma, 1, &channels));
    RLT_TRY(rlt_set_shape(p, dbeta, 1, &channels));
    RLT_TRY(need(p, dx, x->elements));
    RLT_TRY(need(p, dgamma, depth));
    RLT_TRY(need(p, dbeta, depth));
    const uint32_t block_rows = (rows + MOST_BLOCKS - 1) / MOST_BLOCKS, blocks = (rows + block_rows - 1) / block_rows;
    rlt_ref partial;
    RLT_TRY(add_gradient(p, op, rows, depth, block_rows, blocks, &partial));
    rlt_may_overwrite(p, dx, rlt_input(p, op, 5));
    rlt_layer_normalization_sums_params *k = rlt_add_step(p, op, RLT_KERNEL_layer_normalization_sums_f32, sizeof *k,
                                                          RLT_LAYER_NORMALIZATION_SUMS_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    k->partial = partial;
    k->dgamma = rlt_ref_of(p, dgamma);
    k->dbeta = rlt_ref_of(p, dbeta);
    k->depth = depth;
    k->blocks = blocks;
    return RLT_OK;
}
