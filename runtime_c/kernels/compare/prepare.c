/* EQUAL and its kin, LOGICAL_AND, LOGICAL_OR, LOGICAL_NOT, SELECT, SELECT_V2. */
#include "../binary/binary.h"
#include "../common/prepare_broadcast.h"
#include "../move/prepare_move.h"
#include "compare.h"

typedef struct {
    uint32_t f32, s32, s64, s8, boolean; /* UINT32_MAX: none */
} kernels;

static rlt_status add_s8(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *a, const rlt_tensor *b,
                         const rlt_tensor *output, const rlt_broadcast *shape, uint32_t kernel) {
    RLT_TRY(rlt_need_per_tensor(p, a));
    RLT_TRY(rlt_need_per_tensor(p, b));
    rlt_compare_s8_params *k =
        rlt_add_step(p, op, kernel, sizeof *k, RLT_COMPARE_REFS, rlt_broadcast_tasks(p, shape, RLT_COST_SELECT, 1));
    if (!k) return RLT_ERROR_MEMORY;
    k->a = rlt_ref_of(p, a);
    k->b = rlt_ref_of(p, b);
    k->output = rlt_ref_of(p, output);
    k->shape = *shape;
    k->zero_point_a = rlt_zero_point(a, 0);
    k->zero_point_b = rlt_zero_point(b, 0);
    RLT_TRY(rlt_quantize_multiplier(p, (double)rlt_scale(a, 0), &k->multiplier_a, &k->shift_a));
    return rlt_quantize_multiplier(p, (double)rlt_scale(b, 0), &k->multiplier_b, &k->shift_b);
}

static rlt_status prepare_compare(rlt_prepare_state *p, const rlt_op *op, const kernels *of) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    const rlt_tensor *a = rlt_input(p, op, 0), *b = rlt_input(p, op, 1);
    rlt_tensor *output = rlt_output(p, op, 0);
    rlt_broadcast shape;
    RLT_TRY(rlt_need_type(p, b, a->type));
    RLT_TRY(rlt_need_type(p, output, RLT_BOOL));
    RLT_TRY(rlt_prepare_broadcast(p, a, b, output, &shape));
    uint32_t kernel = UINT32_MAX;
    switch (a->type) {
    case RLT_FLOAT32: kernel = of->f32; break;
    case RLT_INT32: kernel = of->s32; break;
    case RLT_INT64: kernel = of->s64; break;
    case RLT_INT8: kernel = of->s8; break;
    case RLT_BOOL: kernel = of->boolean; break;
    default: break;
    }
    if (kernel == UINT32_MAX) return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, a, "no kernel for this element type");
    if (a->type == RLT_INT8) return add_s8(p, op, a, b, output, &shape, kernel);
    rlt_binary_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_BINARY_REFS,
                                        rlt_broadcast_tasks(p, &shape, RLT_COST_SELECT, 1));
    if (!k) return RLT_ERROR_MEMORY;
    k->a = rlt_ref_of(p, a);
    k->b = rlt_ref_of(p, b);
    k->output = rlt_ref_of(p, output);
    k->shape = shape;
    return RLT_OK;
}

#define COMPARE(name, boolean) \
    rlt_status rlt_prepare_##name(rlt_prepare_state *p, const rlt_op *op) { \
        static const kernels of = {RLT_KERNEL_##name##_f32, RLT_KERNEL_##name##_s32, RLT_KERNEL_##name##_s64, \
                                   RLT_KERNEL_##name##_s8, boolean}; \
        return prepare_compare(p, op, &of); \
    }
#define LOGICAL(name) \
    rlt_status rlt_prepare_##name(rlt_prepare_state *p, const rlt_op *op) { \
        static const kernels of = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, RLT_KERNEL_##name}; \
        return prepare_compare(p, op, &of); \
    }

COMPARE(equal, RLT_KERNEL_equal_bool)
COMPARE(not_equal, RLT_KERNEL_not_equal_bool)
COMPARE(greater, UINT32_MAX)
COMPARE(greater_equal, UINT32_MAX)
COMPARE(less, UINT32_MAX)
COMPARE(less_equal, UINT32_MAX)
LOGICAL(logical_and)
LOGICAL(logical_or)

rlt_status rlt_prepare_logical_not(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    rlt_tensor *input = rlt_input(p, op, 0), *output = rlt_output(p, op, 0);
    RLT_TRY(rlt_need_type(p, input, RLT_BOOL));
    RLT_TRY(rlt_need_type(p, output, RLT_BOOL));
    RLT_TRY(rlt_same_shape(p, output, input));
    rlt_may_overwrite(p, output, input);
    rlt_logical_not_params *k = rlt_add_step(p, op, RLT_KERNEL_logical_not, sizeof *k, RLT_LOGICAL_NOT_REFS,
                                             rlt_tasks(p, RLT_COST_SELECT, output->elements, output->elements));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = rlt_ref_of(p, output);
    k->count = output->elements;
    return RLT_OK;
}

/* Strides of `t` over a broadcast shape of `rank` dimensions; 0 where it repeats. */
static rlt_status strides_over(rlt_prepare_state *p, const rlt_tensor *t, uint32_t rank, const int32_t *dims,
                               uint32_t *strides) {
    uint32_t stride = 1;
    for (uint32_t i = rank; i-- > 0;) {
        const uint32_t missing = rank - t->rank;
        const int32_t own = i < missing ? 1 : t->dims[i - missing];
        if (own != 1 && own != dims[i]) return rlt_fail(p, RLT_ERROR_SHAPE, t, "does not broadcast to the output");
        strides[i] = own == 1 ? 0 : stride;
        stride *= (uint32_t)own;
    }
    return RLT_OK;
}

/* SELECT's condition may also be a vector that picks along the first dimension only (`old`). */
static rlt_status prepare_select(rlt_prepare_state *p, const rlt_op *op, int old) {
    RLT_TRY(rlt_operands(p, op, 3, 1));
    const rlt_tensor *t[3] = {rlt_input(p, op, 0), rlt_input(p, op, 1), rlt_input(p, op, 2)};
    rlt_tensor *output = rlt_output(p, op, 0);
    RLT_TRY(rlt_need_type(p, t[0], RLT_BOOL));
    RLT_TRY(rlt_need_type(p, t[2], t[1]->type));
    RLT_TRY(rlt_need_type(p, output, t[1]->type));
    RLT_TRY(rlt_need_movable(p, output));
    RLT_TRY(rlt_need_same_scale(p, t[1], output));
    RLT_TRY(rlt_need_same_scale(p, t[2], output));
    const int by_row = old && t[0]->rank == 1 && t[1]->rank > 1;
    uint32_t rank = 0;
    int32_t dims[RLT_MAX_RANK] = {0};
    for (uint32_t k = 0; k < 3; k++) rank = t[k]->rank > rank ? t[k]->rank : rank;
    for (uint32_t i = 0; i < rank; i++) {
        dims[i] = 1;
        for (uint32_t k = by_row ? 1 : 0; k < 3; k++) {
            const uint32_t missing = rank - t[k]->rank;
            if (i >= missing && t[k]->dims[i - missing] != 1) dims[i] = t[k]->dims[i - missing];
        }
    }
    uint32_t strides[3][RLT_MAX_RANK] = {{0}};
    for (uint32_t k = by_row ? 1 : 0; k < 3; k++) RLT_TRY(strides_over(p, t[k], rank, dims, strides[k]));
    if (by_row) {
        if (t[0]->dims[0] != dims[0]) return rlt_fail(p, RLT_ERROR_SHAPE, t[0], "needs one value per row");
        strides[0][0] = 1;
    }
    RLT_TRY(rlt_set_shape(p, output, rank, dims));
    rlt_select_params *k = rlt_add_step(p, op, RLT_KERNEL_select, sizeof *k, RLT_SELECT_REFS,
                                        rlt_tasks(p, RLT_COST_SELECT, output->elements, output->elements));
    if (!k) return RLT_ERROR_MEMORY;
    k->condition = rlt_ref_of(p, t[0]);
    k->a = rlt_ref_of(p, t[1]);
    k->b = rlt_ref_of(p, t[2]);
    k->output = rlt_ref_of(p, output);
    k->bytes = rlt_element_bytes(output->type);
    k->count = output->elements;
    k->rank = rank;
    for (uint32_t i = 0; i < rank; i++) {
        k->dims[i] = (uint32_t)dims[i];
        k->stride_condition[i] = strides[0][i];
        k->stride_a[i] = strides[1][i];
        k->stride_b[i] = strides[2][i];
    }
    return RLT_OK;
}

rlt_status rlt_prepare_select(rlt_prepare_state *p, const rlt_op *op) {
    return prepare_select(p, op, 1);
}

rlt_status rlt_prepare_select_v2(rlt_prepare_state *p, const rlt_op *op) {
    return prepare_select(p, op, 0);
}
