/* DYNAMIC_UPDATE_SLICE: operand, update (no larger in any dimension), start indices INT32 or INT64. */
#include "prepare_move.h"

rlt_status rlt_prepare_dynamic_update_slice(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 3, 1));
    rlt_tensor *input = rlt_input(p, op, 0), *output = rlt_output(p, op, 0);
    const rlt_tensor *update = rlt_input(p, op, 1), *start = rlt_input(p, op, 2);
    RLT_TRY(rlt_need_movable(p, input));
    RLT_TRY(rlt_need_type(p, update, input->type));
    RLT_TRY(rlt_need_type(p, output, input->type));
    RLT_TRY(rlt_need_same_scale(p, input, update));
    RLT_TRY(rlt_need_same_scale(p, input, output));
    RLT_TRY(rlt_need_rank(p, update, input->rank));
    if (start->type != RLT_INT32 && start->type != RLT_INT64) {
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, start, "must be INT32 or INT64");
    }
    if (!input->rank || start->rank != 1 || start->elements != input->rank) {
        return rlt_fail(p, RLT_ERROR_SHAPE, start, "needs one value per dimension");
    }
    for (uint32_t i = 0; i < input->rank; i++) {
        if (update->dims[i] > input->dims[i]) return rlt_fail(p, RLT_ERROR_SHAPE, update, "is larger than the tensor");
    }
    RLT_TRY(rlt_same_shape(p, output, input));
    rlt_update_slice_params *k =
        rlt_add_step(p, op, RLT_KERNEL_update_slice, sizeof *k, RLT_UPDATE_SLICE_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->update = rlt_ref_of(p, update);
    k->start = rlt_ref_of(p, start);
    k->output = rlt_ref_of(p, output);
    k->count = output->elements;
    k->bytes = rlt_element_bytes(input->type);
    k->rank = input->rank;
    k->wide = start->type == RLT_INT64;
    for (uint32_t i = 0; i < input->rank; i++) {
        k->dims[i] = (uint32_t)input->dims[i];
        k->update_dims[i] = (uint32_t)update->dims[i];
    }
    rlt_may_overwrite(p, output, input);
    return RLT_OK;
}
