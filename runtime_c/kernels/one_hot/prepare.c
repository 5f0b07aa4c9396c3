/* ONE_HOT: indices, depth (constant), on value, off value; the new dimension is `axis`, -1 the last. */
#include "../move/prepare_move.h"
#include "one_hot.h"

enum { AXIS };

rlt_status rlt_prepare_one_hot(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 4, 1));
    const rlt_tensor *indices = rlt_input(p, op, 0), *on = rlt_input(p, op, 2), *off = rlt_input(p, op, 3);
    rlt_tensor *output = rlt_output(p, op, 0);
    int32_t depth, axis = rlt_option_i32(op, AXIS, 0), dims[RLT_MAX_RANK + 1];
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 1), 1, &depth, NULL));
    RLT_TRY(rlt_wrap_axis(p, indices, indices->rank + 1, &axis));
    RLT_TRY(rlt_need_movable(p, on));
    RLT_TRY(rlt_need_type(p, off, on->type));
    RLT_TRY(rlt_need_type(p, output, on->type));
    if (indices->type != RLT_INT32 && indices->type != RLT_INT64)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, indices, "must be INT32 or INT64");
    if (on->elements != 1 || off->elements != 1 || depth < 1)
        return rlt_fail(p, RLT_ERROR_SHAPE, on, "depth must be positive, on and off value one each");
    uint32_t outer = 1, inner = 1;
    for (int32_t i = 0; i <= (int32_t)indices->rank; i++) {
        dims[i] = i < axis ? indices->dims[i] : i == axis ? depth : indices->dims[i - 1];
        if (i < axis) outer *= (uint32_t)dims[i];
        if (i > axis) inner *= (uint32_t)dims[i];
    }
    RLT_TRY(rlt_set_shape(p, output, indices->rank + 1, dims));
    rlt_one_hot_params *k = rlt_add_step(p, op, RLT_KERNEL_one_hot, sizeof *k, RLT_ONE_HOT_REFS,
                                         rlt_tasks(p, RLT_COST_ELEMENT, output->elements,
                                                   (uint64_t)outer * (uint32_t)depth));
    if (!k) return RLT_ERROR_MEMORY;
    k->indices = rlt_ref_of(p, indices);
    k->on = rlt_ref_of(p, on);
    k->off = rlt_ref_of(p, off);
    k->output = rlt_ref_of(p, output);
    k->outer = outer;
    k->depth = (uint32_t)depth;
    k->inner = inner;
    k->bytes = rlt_element_bytes(on->type);
    k->wide = indices->type == RLT_INT64;
    return RLT_OK;
}
