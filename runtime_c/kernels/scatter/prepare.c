/* SCATTER_ND: indices [..., depth] INT32, updates [..., rest], shape (constant).
 * UNSORTED_SEGMENT_SUM: data [segments..., rest], segment numbers INT32, their limit (constant). */
#include "../common/prepare_common.h"
#include "scatter.h"

static rlt_status choose_kernel(rlt_prepare_state *p, const rlt_tensor *updates, uint32_t *kernel) {
    switch (updates->type) {
    case RLT_FLOAT32: *kernel = RLT_KERNEL_scatter_f32; return RLT_OK;
    case RLT_INT8: *kernel = RLT_KERNEL_scatter_s8; return RLT_OK;
    case RLT_INT32: *kernel = RLT_KERNEL_scatter_s32; return RLT_OK;
    case RLT_INT64: *kernel = RLT_KERNEL_scatter_s64; return RLT_OK;
    default: return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, updates, "no kernel for this element type");
    }
}

/* Fills all but the grid of rows; NULL after failing. */
static rlt_scatter_params *add_scatter(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *indices,
                                       const rlt_tensor *updates, const rlt_tensor *output, uint32_t rows) {
    uint32_t kernel = 0;
    if (rlt_need_type(p, indices, RLT_INT32) || rlt_need_type(p, output, updates->type) ||
        choose_kernel(p, updates, &kernel) || !output->elements)
        return NULL;
    rlt_scatter_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_SCATTER_REFS, 1);
    if (!k) return NULL;
    k->indices = rlt_ref_of(p, indices);
    k->updates = rlt_ref_of(p, updates);
    k->output = rlt_ref_of(p, output);
    k->rows = rows;
    k->run = output->elements / rows;
    k->count = updates->elements / k->run;
    return k;
}

rlt_status rlt_prepare_scatter_nd(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 3, 1));
    const rlt_tensor *indices = rlt_input(p, op, 0), *updates = rlt_input(p, op, 1);
    rlt_tensor *output = rlt_output(p, op, 0);
    int32_t dims[RLT_MAX_RANK] = {0};
    uint32_t rank, rows = 1;
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 2), RLT_MAX_RANK, dims, &rank));
    RLT_TRY(rlt_set_shape(p, output, rank, dims));
    const uint32_t depth = indices->rank ? (uint32_t)indices->dims[indices->rank - 1] : 0;
    int fits = depth >= 1 && depth <= rank && updates->rank == indices->rank - 1 + rank - depth;
    for (uint32_t i = 0; fits && i < updates->rank; i++)
        fits = updates->dims[i] == (i + 1 < indices->rank ? indices->dims[i] : dims[i + 1 - indices->rank + depth]);
    if (!fits) return rlt_fail(p, RLT_ERROR_SHAPE, updates, "indices, updates and shape do not fit each other");
    for (uint32_t i = 0; i < depth; i++) rows *= (uint32_t)dims[i];
    rlt_scatter_params *k = add_scatter(p, op, indices, updates, output, rows);
    if (!k) return rlt_fail(p, RLT_ERROR_SHAPE, output, "nothing to scatter to");
    k->depth = depth;
    for (uint32_t i = 0; i < depth; i++) k->dims[i] = (uint32_t)dims[i];
    return RLT_OK;
}

rlt_status rlt_prepare_unsorted_segment_sum(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 3, 1));
    const rlt_tensor *data = rlt_input(p, op, 0), *segments = rlt_input(p, op, 1);
    rlt_tensor *output = rlt_output(p, op, 0);
    int32_t limit, dims[RLT_MAX_RANK];
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 2), 1, &limit, NULL));
    int fits = segments->rank >= 1 && segments->rank <= data->rank && limit >= 1;
    for (uint32_t i = 0; fits && i < segments->rank; i++) fits = segments->dims[i] == data->dims[i];
    if (!fits) return rlt_fail(p, RLT_ERROR_SHAPE, segments, "segment numbers do not fit the data");
    dims[0] = limit;
    for (uint32_t i = segments->rank; i < data->rank; i++) dims[i - segments->rank + 1] = data->dims[i];
    RLT_TRY(rlt_set_shape(p, output, data->rank - segments->rank + 1, dims));
    rlt_scatter_params *k = add_scatter(p, op, segments, data, output, (uint32_t)limit);
    if (!k) return rlt_fail(p, RLT_ERROR_SHAPE, output, "nothing to add up");
    k->depth = 1;
    k->dims[0] = (uint32_t)limit;
    k->skips_negative = 1;
    return RLT_OK;
}
