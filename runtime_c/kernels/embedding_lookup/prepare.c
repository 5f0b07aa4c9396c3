/* EMBEDDING_LOOKUP: ids INT32 [n], table [rows, ...]; output [n, ...] of the table's type, or float. */
#include <string.h>

#include "../move/prepare_move.h"
#include "embedding_lookup.h"

static rlt_status add_gather(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *ids, const rlt_tensor *table,
                             const rlt_tensor *output) {
    RLT_TRY(rlt_need_movable(p, table));
    RLT_TRY(rlt_need_same_scale(p, table, output));
    rlt_gather_params *k = rlt_add_step(p, op, RLT_KERNEL_gather, sizeof *k, RLT_GATHER_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, table);
    k->indices = rlt_ref_of(p, ids);
    k->output = rlt_ref_of(p, output);
    k->batches = k->outer = 1;
    k->axis = (uint32_t)table->dims[0];
    k->count = ids->elements;
    k->run = output->bytes / ids->elements;
    return RLT_OK;
}

static rlt_status add_lookup(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *ids, const rlt_tensor *table,
                             const rlt_tensor *output) {
    if (output->type != RLT_FLOAT32 || (table->type != RLT_INT8 && table->type != RLT_INT4))
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, table, "no kernel for this element type");
    RLT_TRY(rlt_need_quantized(p, table));
    for (uint32_t i = 0; i < table->scale_count; i++)
        if (rlt_zero_point(table, i) != 0 || (table->scale_count > 1 && table->axis != 0))
            return rlt_fail(p, RLT_ERROR_QUANTIZATION, table, "must be symmetric, with one scale or one per row");
    rlt_ref scales;
    float *kept = rlt_add_constant(p, (size_t)table->scale_count * sizeof *kept, &scales);
    if (!kept) return RLT_ERROR_MEMORY;
    for (uint32_t i = 0; i < table->scale_count; i++) kept[i] = rlt_scale(table, i);
    rlt_embedding_params *k = rlt_add_step(p, op, RLT_KERNEL_embedding_lookup, sizeof *k, RLT_EMBEDDING_REFS,
                                           rlt_tasks(p, RLT_COST_DEQUANTIZE, output->elements, ids->elements));
    if (!k) return RLT_ERROR_MEMORY;
    k->ids = rlt_ref_of(p, ids);
    k->table = rlt_ref_of(p, table);
    k->scales = scales;
    k->output = rlt_ref_of(p, output);
    k->count = ids->elements;
    k->rows = (uint32_t)table->dims[0];
    k->run = output->elements / ids->elements;
    k->scale_count = table->scale_count;
    k->is_packed = table->type == RLT_INT4;
    return RLT_OK;
}

rlt_status rlt_prepare_embedding_lookup(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    const rlt_tensor *ids = rlt_input(p, op, 0), *table = rlt_input(p, op, 1);
    rlt_tensor *output = rlt_output(p, op, 0);
    int32_t dims[RLT_MAX_RANK];
    RLT_TRY(rlt_need_type(p, ids, RLT_INT32));
    RLT_TRY(rlt_need_rank(p, ids, 1));
    if (table->rank < 2 || !table->elements)
        return rlt_fail(p, RLT_ERROR_SHAPE, table, "must have two dimensions or more");
    memcpy(dims, table->dims, sizeof dims);
    dims[0] = ids->dims[0];
    RLT_TRY(rlt_set_shape(p, output, table->rank, dims));
    if (!output->elements) return RLT_OK;
    return output->type == table->type ? add_gather(p, op, ids, table, output) : add_lookup(p, op, ids, table, output);
}
