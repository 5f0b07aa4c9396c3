/* TOPK_V2: input, k (constant); outputs the values and their indices, INT32 or INT16. */
#include "../common/prepare_common.h"
#include "top_k.h"

static rlt_status choose_kernel(rlt_prepare_state *p, const rlt_tensor *input, uint32_t *kernel) {
    switch (input->type) {
    case RLT_FLOAT32: *kernel = RLT_KERNEL_top_k_f32; return RLT_OK;
    case RLT_INT8: *kernel = RLT_KERNEL_top_k_s8; return RLT_OK;
    case RLT_INT16: *kernel = RLT_KERNEL_top_k_s16; return RLT_OK;
    case RLT_INT32: *kernel = RLT_KERNEL_top_k_s32; return RLT_OK;
    case RLT_INT64: *kernel = RLT_KERNEL_top_k_s64; return RLT_OK;
    default: return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, input, "no kernel for this element type");
    }
}

static rlt_status read_k(rlt_prepare_state *p, const rlt_tensor *input, const rlt_tensor *holder, int32_t *k) {
    RLT_TRY(rlt_need_const(p, holder));
    if (holder->type == RLT_INT16 && holder->elements == 1) *k = (int16_t)(holder->data[0] | holder->data[1] << 8);
    else RLT_TRY(rlt_const_vector(p, holder, 1, k, NULL));
    if (input->rank == 0 || *k < 1 || *k > input->dims[input->rank - 1])
        return rlt_fail(p, RLT_ERROR_OPTION, input, "k is not between 1 and the last dimension");
    return RLT_OK;
}

rlt_status rlt_prepare_topk_v2(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 2));
    const rlt_tensor *input = rlt_input(p, op, 0);
    rlt_tensor *values = rlt_output(p, op, 0), *indices = rlt_output(p, op, 1);
    int32_t k = 0, dims[RLT_MAX_RANK];
    uint32_t kernel = 0;
    RLT_TRY(choose_kernel(p, input, &kernel));
    RLT_TRY(rlt_need_type(p, values, input->type));
    RLT_TRY(read_k(p, input, rlt_input(p, op, 1), &k));
    if (indices->type != RLT_INT32 && indices->type != RLT_INT16)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, indices, "must be INT32 or INT16");
    for (uint32_t i = 0; i < input->rank; i++) dims[i] = input->dims[i];
    const uint32_t count = (uint32_t)dims[input->rank - 1];
    dims[input->rank - 1] = k;
    RLT_TRY(rlt_set_shape(p, values, input->rank, dims));
    RLT_TRY(rlt_set_shape(p, indices, input->rank, dims));
    const uint32_t rows = input->elements / count;
    const uint32_t tasks = rlt_tasks(p, RLT_COST_ELEMENT, input->elements, rows);
    rlt_top_k_params *s = rlt_add_step(p, op, kernel, sizeof *s, RLT_TOP_K_REFS, tasks);
    if (!s) return RLT_ERROR_MEMORY;
    s->input = rlt_ref_of(p, input);
    s->values = rlt_ref_of(p, values);
    s->indices = rlt_ref_of(p, indices);
    s->rows = rows;
    s->count = count;
    s->k = (uint32_t)k;
    s->is_short = indices->type == RLT_INT16;
    return RLT_OK;
}
