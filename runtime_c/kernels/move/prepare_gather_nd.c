/* GATHER_ND: values, indices [..., depth] INT32 or INT64; output [..., dimensions of values after the first depth]. */
#include "prepare_move.h"

rlt_status rlt_prepare_gather_nd(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    const rlt_tensor *input = rlt_input(p, op, 0), *indices = rlt_input(p, op, 1);
    rlt_tensor *output = rlt_output(p, op, 0);
    RLT_TRY(rlt_need_movable(p, input));
    RLT_TRY(rlt_need_type(p, output, input->type));
    RLT_TRY(rlt_need_same_scale(p, input, output));
    if (indices->type != RLT_INT32 && indices->type != RLT_INT64)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, indices, "must be INT32 or INT64");
    const uint32_t depth = indices->rank ? (uint32_t)indices->dims[indices->rank - 1] : 0;
    if (depth < 1 || depth > input->rank || !indices->elements)
        return rlt_fail(p, RLT_ERROR_SHAPE, indices, "coordinates do not fit the values");
    int32_t dims[2 * RLT_MAX_RANK];
    uint32_t rank = 0, run = rlt_element_bytes(input->type);
    for (uint32_t i = 0; i + 1 < indices->rank; i++) dims[rank++] = indices->dims[i];
    for (uint32_t i = depth; i < input->rank; i++) {
        dims[rank++] = input->dims[i];
        run *= (uint32_t)input->dims[i];
    }
    RLT_TRY(rlt_set_shape(p, output, rank, dims));
    const uint32_t count = indices->elements / depth;
    rlt_gather_nd_params *k = rlt_add_step(p, op, RLT_KERNEL_gather_nd, sizeof *k, RLT_GATHER_REFS,
                                           rlt_tasks(p, RLT_COST_MOVED_BYTE, output->bytes, count));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->indices = rlt_ref_of(p, indices);
    k->output = rlt_ref_of(p, output);
    k->count = count;
    k->depth = depth;
    k->run = run;
    k->wide = indices->type == RLT_INT64;
    for (uint32_t i = 0; i < depth; i++) k->dims[i] = (uint32_t)input->dims[i];
    return RLT_OK;
}
