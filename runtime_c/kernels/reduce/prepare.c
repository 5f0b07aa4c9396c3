/* MEAN, SUM, REDUCE_PROD, REDUCE_MAX, REDUCE_MIN, REDUCE_ANY, REDUCE_ALL: input, and the axes as a constant. */
#include "../common/prepare_common.h"
#include "../common/prepare_s8.h"
#include "reduce.h"

enum { KEEP_DIMS }; /* field of ReducerOptions */

typedef struct {
    rlt_tensor *input, *output;
    rlt_reduce_shape shape;
    uint32_t tasks;
} reduction;

static void add_dim(uint32_t *rank, uint32_t *dims, uint32_t *strides, uint32_t dim, uint32_t stride, int merge) {
    if (merge) {
        dims[*rank - 1] *= dim;
        strides[*rank - 1] = stride;
    } else {
        dims[*rank] = dim;
        strides[*rank] = stride;
        ++*rank;
    }
}

/* Splits the input's dimensions into kept and reduced ones; dimensions of 1 belong to neither. */
static void fill_shape(const rlt_tensor *input, uint32_t mask, rlt_reduce_shape *s) {
    uint32_t stride = input->elements, previous = 2;
    s->outputs = s->count = 1;
    s->kept = s->reduced = 0;
    for (uint32_t i = 0; i < input->rank; i++) {
        const uint32_t dim = (uint32_t)input->dims[i], goes = (mask >> i) & 1;
        stride = dim ? stride / dim : 0;
        if (goes) s->count *= dim;
        else s->outputs *= dim;
        if (dim == 1) continue;
        if (goes) add_dim(&s->reduced, s->reduced_dims, s->reduced_stride, dim, stride, previous == 1);
        else add_dim(&s->kept, s->kept_dims, s->kept_stride, dim, stride, previous == 0);
        previous = goes;
    }
    if (!s->kept) add_dim(&s->kept, s->kept_dims, s->kept_stride, 1, 0, 0);
    if (!s->reduced) add_dim(&s->reduced, s->reduced_dims, s->reduced_stride, 1, 0, 0);
}

static rlt_status read_reduction(rlt_prepare_state *p, const rlt_op *op, reduction *r) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    const rlt_tensor *axis = rlt_input(p, op, 1);
    r->input = rlt_input(p, op, 0);
    r->output = rlt_output(p, op, 0);
    const int keep = rlt_option_u8(op, KEEP_DIMS, 0);
    uint32_t mask = 0, rank = 0;
    int32_t dims[RLT_MAX_RANK] = {0};
    RLT_TRY(rlt_need_const(p, axis));
    RLT_TRY(rlt_need_type(p, axis, RLT_INT32));
    RLT_TRY(rlt_need_type(p, r->output, r->input->type));
    for (uint32_t i = 0; i < axis->elements && r->input->rank; i++) {
        int32_t a = rlt_const_i32(axis, i);
        RLT_TRY(rlt_wrap_axis(p, r->input, r->input->rank, &a));
        mask |= 1u << a;
    }
    for (uint32_t i = 0; i < r->input->rank; i++) {
        if (!((mask >> i) & 1)) dims[rank++] = r->input->dims[i];
        else if (keep) dims[rank++] = 1;
    }
    RLT_TRY(rlt_set_shape(p, r->output, rank, dims));
    if (!r->input->elements) return rlt_fail(p, RLT_ERROR_SHAPE, r->input, "has no elements to reduce");
    fill_shape(r->input, mask, &r->shape);
    const rlt_cost_kind cost = r->input->type == RLT_FLOAT32 ? RLT_COST_SUM_F32
                               : r->input->type == RLT_INT8  ? RLT_COST_SUM_S8
                                                             : RLT_COST_ELEMENT;
    r->tasks = rlt_tasks(p, cost, r->input->elements, r->shape.outputs);
    return RLT_OK;
}

static rlt_status add_plain(rlt_prepare_state *p, const rlt_op *op, const reduction *r, uint32_t kernel) {
    rlt_reduce_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_REDUCE_REFS, r->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, r->input);
    k->output = rlt_ref_of(p, r->output);
    k->shape = r->shape;
    return RLT_OK;
}

/* Vectors hold neighbouring outputs. */
static int beside(const reduction *r) {
    return r->shape.kept_stride[r->shape.kept - 1] == 1 && r->shape.kept_dims[r->shape.kept - 1] > 1;
}

/* The mean's division goes into the multiplier, with as many bits as fit (QuantizedMeanOrSum). */
static rlt_status add_sum_s8(rlt_prepare_state *p, const rlt_op *op, const reduction *r, int mean) {
    int32_t multiplier, shift;
    RLT_TRY(rlt_need_type(p, r->output, r->input->type));
    RLT_TRY(r->input->type == RLT_INT16 ? rlt_need_symmetric(p, r->input) : rlt_need_per_tensor(p, r->input));
    RLT_TRY(r->input->type == RLT_INT16 ? rlt_need_symmetric(p, r->output) : rlt_need_per_tensor(p, r->output));
    RLT_TRY(rlt_quantize_multiplier(p, (double)rlt_scale(r->input, 0) / (double)rlt_scale(r->output, 0), &multiplier,
                                    &shift));
    if (mean) {
        int32_t bits = 31 - __builtin_clz(r->shape.count);
        if (bits > 31 + shift) bits = 31 + shift;
        multiplier = (int32_t)(((int64_t)multiplier << bits) / r->shape.count);
        shift -= bits;
    }
    const uint32_t kernel = r->input->type == RLT_INT16 ? RLT_KERNEL_sum_s16
                            : beside(r)                 ? RLT_S8_KERNEL(p, sum_s8)
                                                        : RLT_KERNEL_sum_s8;
    rlt_reduce_s8_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_REDUCE_REFS, r->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, r->input);
    k->output = rlt_ref_of(p, r->output);
    k->shape = r->shape;
    k->input_zero_point = rlt_zero_point(r->input, 0);
    k->output_zero_point = rlt_zero_point(r->output, 0);
    k->multiplier = multiplier;
    k->shift = shift;
    return RLT_OK;
}

static rlt_status no_kernel(rlt_prepare_state *p, const reduction *r) {
    return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, r->input, "no kernel for this element type");
}

rlt_status rlt_prepare_mean(rlt_prepare_state *p, const rlt_op *op) {
    reduction r = {0};
    RLT_TRY(read_reduction(p, op, &r));
    switch (r.input->type) {
    case RLT_FLOAT32: return add_plain(p, op, &r, beside(&r) ? RLT_S8_KERNEL(p, mean_f32) : RLT_KERNEL_mean_f32);
    case RLT_INT32: return add_plain(p, op, &r, RLT_KERNEL_mean_s32);
    case RLT_INT8:
    case RLT_INT16: return add_sum_s8(p, op, &r, 1);
    default: return no_kernel(p, &r);
    }
}

rlt_status rlt_prepare_sum(rlt_prepare_state *p, const rlt_op *op) {
    reduction r = {0};
    RLT_TRY(read_reduction(p, op, &r));
    switch (r.input->type) {
    case RLT_FLOAT32: return add_plain(p, op, &r, beside(&r) ? RLT_S8_KERNEL(p, sum_f32) : RLT_KERNEL_sum_f32);
    case RLT_INT32: return add_plain(p, op, &r, RLT_KERNEL_sum_s32);
    case RLT_INT8:
    case RLT_INT16: return add_sum_s8(p, op, &r, 0);
    default: return no_kernel(p, &r);
    }
}

rlt_status rlt_prepare_reduce_prod(rlt_prepare_state *p, const rlt_op *op) {
    reduction r = {0};
    RLT_TRY(read_reduction(p, op, &r));
    switch (r.input->type) {
    case RLT_FLOAT32: return add_plain(p, op, &r, RLT_KERNEL_prod_f32);
    case RLT_INT32: return add_plain(p, op, &r, RLT_KERNEL_prod_s32);
    default: return no_kernel(p, &r);
    }
}

/* Extremes pick raw values. */
static rlt_status prepare_extreme(rlt_prepare_state *p, const rlt_op *op, uint32_t f32, uint32_t s32, uint32_t s8,
                                  uint32_t s16) {
    reduction r = {0};
    RLT_TRY(read_reduction(p, op, &r));
    RLT_TRY(rlt_need_same_scale(p, r.input, r.output));
    switch (r.input->type) {
    case RLT_FLOAT32: return add_plain(p, op, &r, f32);
    case RLT_INT32: return add_plain(p, op, &r, s32);
    case RLT_INT8: return add_plain(p, op, &r, s8);
    case RLT_INT16: return add_plain(p, op, &r, s16);
    default: return no_kernel(p, &r);
    }
}

rlt_status rlt_prepare_reduce_max(rlt_prepare_state *p, const rlt_op *op) {
    return prepare_extreme(p, op, RLT_KERNEL_reduce_max_f32, RLT_KERNEL_reduce_max_s32, RLT_KERNEL_reduce_max_s8,
                           RLT_KERNEL_reduce_max_s16);
}

rlt_status rlt_prepare_reduce_min(rlt_prepare_state *p, const rlt_op *op) {
    return prepare_extreme(p, op, RLT_KERNEL_reduce_min_f32, RLT_KERNEL_reduce_min_s32, RLT_KERNEL_reduce_min_s8,
                           RLT_KERNEL_reduce_min_s16);
}

rlt_status rlt_prepare_reduce_any(rlt_prepare_state *p, const rlt_op *op) {
    reduction r = {0};
    RLT_TRY(read_reduction(p, op, &r));
    return r.input->type == RLT_BOOL ? add_plain(p, op, &r, RLT_KERNEL_reduce_any) : no_kernel(p, &r);
}

rlt_status rlt_prepare_reduce_all(rlt_prepare_state *p, const rlt_op *op) {
    reduction r = {0};
    RLT_TRY(read_reduction(p, op, &r));
    return r.input->type == RLT_BOOL ? add_plain(p, op, &r, RLT_KERNEL_reduce_all) : no_kernel(p, &r);
}
