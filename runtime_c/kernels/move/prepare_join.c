/* Operators that put tensors into a larger one: CONCATENATION, PACK, PAD, PADV2, MIRROR_PAD, FILL. */
#include <math.h>

#include "../common/prepare_s8.h"
#include "../unary/unary.h"
#include "prepare_move.h"

/* Field numbers of ConcatenationOptions, PackOptions, MirrorPadOptions. */
enum { CONCATENATION_AXIS, CONCATENATION_ACTIVATION };
enum { PACK_COUNT, PACK_AXIS };
enum { MIRROR_MODE };

/* Copies `input`, seen as [outer, inner], to where it lies in `output`, seen as [outer, stride]. */
static rlt_status place(rlt_prepare_state *p, const rlt_op *op, rlt_ref input, const rlt_tensor *output,
                        uint32_t outer, uint32_t inner, uint32_t stride, uint64_t offset) {
    rlt_grid grid = {0};
    grid.output_offset = offset;
    rlt_grid_add(&grid, outer, inner, stride);
    rlt_grid_add(&grid, inner, 1, 1);
    return rlt_add_move(p, op, input, rlt_ref_of(p, output), rlt_element_bytes(output->type), &grid);
}

/* `input` at the output's scale, in scratch. int8 files do not need it; for those made from uint8 models the
 * arithmetic is ConcatenationWithScaling's (tflite/kernels/internal/reference/concatenation.h) on unsigned values. */
static rlt_status rescale(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *input, const rlt_tensor *output,
                          rlt_ref *rescaled) {
    if (input->type != RLT_INT8) return rlt_need_same_scale(p, output, input);
    RLT_TRY(rlt_need_per_tensor(p, input));
    RLT_TRY(rlt_need_per_tensor(p, output));
    rlt_ref table;
    int8_t *values = rlt_add_constant(p, 256, &table);
    if (!values) return RLT_ERROR_MEMORY;
    const volatile float inverse = 1.0f / rlt_scale(output, 0), factor = rlt_scale(input, 0) * inverse;
    const volatile float bias = -(float)(rlt_zero_point(input, 0) + 128) * factor;
    for (int32_t q = INT8_MIN; q <= INT8_MAX; q++) {
        const volatile float product = (float)(q + 128) * factor;
        const int32_t whole = rlt_whole_steps(roundf(product + bias));
        values[(uint8_t)q] = (int8_t)rlt_clamp(whole + rlt_zero_point(output, 0), INT8_MIN, INT8_MAX);
    }
    *rescaled = rlt_add_scratch(p, op, input->bytes);
    if (*rescaled == RLT_REF_NONE) return RLT_ERROR_MEMORY;
    rlt_lookup_params *k = rlt_add_step(p, op, rlt_lookup_kernel(p), sizeof *k, RLT_LOOKUP_REFS,
                                        rlt_tasks(p, RLT_COST_LOOKUP, input->elements, input->elements));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = *rescaled;
    k->table = table;
    k->count = input->elements;
    return RLT_OK;
}

rlt_status rlt_prepare_concatenation(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, op->input_count, 1));
    rlt_tensor *output = rlt_output(p, op, 0);
    const rlt_tensor *first = rlt_input(p, op, 0);
    if (!first) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "no inputs");
    int32_t axis = rlt_option_i32(op, CONCATENATION_AXIS, 0), dims[RLT_MAX_RANK] = {0};
    if (rlt_option_u8(op, CONCATENATION_ACTIVATION, 0)) {
        return rlt_fail(p, RLT_ERROR_OPTION, NULL, "CONCATENATION takes no fused activation");
    }
    RLT_TRY(rlt_wrap_axis(p, first, first->rank, &axis));
    RLT_TRY(rlt_need_movable(p, output));
    for (uint32_t i = 0; i < first->rank; i++) dims[i] = first->dims[i];
    int64_t total = 0;
    for (uint32_t k = 0; k < op->input_count; k++) {
        const rlt_tensor *input = rlt_input(p, op, k);
        RLT_TRY(rlt_need_type(p, input, output->type));
        RLT_TRY(rlt_need_rank(p, input, first->rank));
        for (uint32_t i = 0; i < first->rank; i++) {
            if (i != (uint32_t)axis && input->dims[i] != first->dims[i]) {
                return rlt_fail(p, RLT_ERROR_SHAPE, input, "differs from the first input off the axis");
            }
        }
        total += input->dims[axis];
    }
    if (total > INT32_MAX) return rlt_fail(p, RLT_ERROR_SHAPE, output, "more than 2 GiB");
    dims[axis] = (int32_t)total;
    RLT_TRY(rlt_set_shape(p, output, first->rank, dims));
    RLT_TRY(rlt_need_movable(p, output));
    uint32_t outer = 1, inner = 1;
    for (int32_t i = 0; i < axis; i++) outer *= (uint32_t)dims[i];
    for (uint32_t i = (uint32_t)axis + 1; i < first->rank; i++) inner *= (uint32_t)dims[i];
    uint64_t offset = 0;
    for (uint32_t k = 0; k < op->input_count; k++) {
        const rlt_tensor *input = rlt_input(p, op, k);
        const int alike = rlt_scale(input, 0) == rlt_scale(output, 0) &&
                          rlt_zero_point(input, 0) == rlt_zero_point(output, 0);
        rlt_ref from = RLT_REF_NONE;
        if (!alike) RLT_TRY(rescale(p, op, input, output, &from));
        if (alike) from = rlt_ref_of(p, input);
        const uint32_t size = (uint32_t)input->dims[axis] * inner;
        RLT_TRY(place(p, op, from, output, outer, size, (uint32_t)total * inner, offset));
        offset += size;
    }
    return RLT_OK;
}

rlt_status rlt_prepare_pack(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, op->input_count, 1));
    rlt_tensor *output = rlt_output(p, op, 0);
    const rlt_tensor *first = rlt_input(p, op, 0);
    if (!first) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "no inputs");
    if (first->rank >= RLT_MAX_RANK) return rlt_fail(p, RLT_ERROR_SHAPE, output, "more than 8 dimensions");
    int32_t axis = rlt_option_i32(op, PACK_AXIS, 0), dims[RLT_MAX_RANK];
    RLT_TRY(rlt_wrap_axis(p, first, first->rank + 1, &axis));
    uint32_t outer = 1, inner = 1;
    for (uint32_t i = 0; i < first->rank; i++) {
        dims[i < (uint32_t)axis ? i : i + 1] = first->dims[i];
        if (i < (uint32_t)axis) outer *= (uint32_t)first->dims[i];
        else inner *= (uint32_t)first->dims[i];
    }
    dims[axis] = (int32_t)op->input_count;
    RLT_TRY(rlt_set_shape(p, output, first->rank + 1, dims));
    RLT_TRY(rlt_need_movable(p, output));
    for (uint32_t k = 0; k < op->input_count; k++) {
        const rlt_tensor *input = rlt_input(p, op, k);
        RLT_TRY(rlt_need_type(p, input, output->type));
        RLT_TRY(rlt_need_same_scale(p, output, input));
        if (input->bytes != first->bytes) return rlt_fail(p, RLT_ERROR_SHAPE, input, "differs from the first input");
        RLT_TRY(place(p, op, rlt_ref_of(p, input), output, outer, inner, op->input_count * inner,
                      (uint64_t)k * inner));
    }
    return RLT_OK;
}

/* Paddings before and after each dimension, and the output's shape. */
static rlt_status read_paddings(rlt_prepare_state *p, const rlt_op *op, int32_t *paddings) {
    const rlt_tensor *input = rlt_input(p, op, 0), *tensor = rlt_input(p, op, 1);
    rlt_tensor *output = rlt_output(p, op, 0);
    int32_t dims[RLT_MAX_RANK] = {0};
    RLT_TRY(rlt_need_const(p, tensor));
    RLT_TRY(rlt_need_type(p, output, input->type));
    RLT_TRY(rlt_need_movable(p, input));
    if ((tensor->type != RLT_INT32 && tensor->type != RLT_INT64) || tensor->elements != 2 * input->rank) {
        return rlt_fail(p, RLT_ERROR_SHAPE, tensor, "needs two INT32 or INT64 values per dimension");
    }
    for (uint32_t i = 0; i < 2 * input->rank; i++) {
        paddings[i] = rlt_const_i32(tensor, i);
        if (paddings[i] < 0) return rlt_fail(p, RLT_ERROR_OPTION, tensor, "a padding is negative");
    }
    for (uint32_t i = 0; i < input->rank; i++) {
        const int64_t size = (int64_t)input->dims[i] + paddings[2 * i] + paddings[2 * i + 1];
        if (size > INT32_MAX) return rlt_fail(p, RLT_ERROR_SHAPE, output, "more than 2 GiB");
        dims[i] = (int32_t)size;
    }
    RLT_TRY(rlt_set_shape(p, output, input->rank, dims));
    return rlt_need_movable(p, output);
}

static rlt_status pad_with(rlt_prepare_state *p, const rlt_op *op, rlt_ref value, const int32_t *paddings) {
    const rlt_tensor *input = rlt_input(p, op, 0), *output = rlt_output(p, op, 0);
    rlt_grid grid = {0};
    int64_t in[RLT_MAX_RANK], out[RLT_MAX_RANK];
    RLT_TRY(rlt_need_same_scale(p, input, output));
    RLT_TRY(rlt_add_fill(p, op, value, output));
    rlt_dense_strides(input, in);
    rlt_dense_strides(output, out);
    for (uint32_t i = 0; i < input->rank; i++) {
        grid.output_offset += (uint64_t)(paddings[2 * i] * out[i]);
        rlt_grid_add(&grid, (uint32_t)input->dims[i], in[i], out[i]);
    }
    return rlt_add_move(p, op, rlt_ref_of(p, input), rlt_ref_of(p, output), rlt_element_bytes(input->type), &grid);
}

rlt_status rlt_prepare_pad(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    const rlt_tensor *output = rlt_output(p, op, 0);
    int32_t paddings[2 * RLT_MAX_RANK];
    RLT_TRY(read_paddings(p, op, paddings));
    RLT_TRY(rlt_need_same_scale(p, rlt_input(p, op, 0), output));
    if (rlt_defer_pad(p, op, paddings)) return RLT_OK;
    /* Zero; the zero point where quantized. Little-endian, so its low bytes lead. */
    rlt_ref value;
    int64_t *zero = rlt_add_constant(p, sizeof *zero, &value);
    if (!zero) return RLT_ERROR_MEMORY;
    *zero = output->scale_count ? rlt_zero_point(output, 0) : 0;
    return pad_with(p, op, value, paddings);
}

rlt_status rlt_prepare_padv2(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 3, 1));
    const rlt_tensor *input = rlt_input(p, op, 0), *value = rlt_input(p, op, 2);
    int32_t paddings[2 * RLT_MAX_RANK];
    RLT_TRY(read_paddings(p, op, paddings));
    RLT_TRY(rlt_need_type(p, value, input->type));
    if (value->elements != 1) return rlt_fail(p, RLT_ERROR_SHAPE, value, "must be a single value");
    return pad_with(p, op, rlt_ref_of(p, value), paddings);
}

rlt_status rlt_prepare_mirror_pad(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    const rlt_tensor *input = rlt_input(p, op, 0), *output = rlt_output(p, op, 0);
    int32_t paddings[2 * RLT_MAX_RANK];
    const uint32_t skip = rlt_option_u8(op, MIRROR_MODE, 0) == 0; /* REFLECT */
    RLT_TRY(read_paddings(p, op, paddings));
    RLT_TRY(rlt_need_same_scale(p, input, output));
    for (uint32_t i = 0; i < input->rank; i++) {
        const int32_t limit = input->dims[i] - (int32_t)skip;
        if (paddings[2 * i] > limit || paddings[2 * i + 1] > limit) {
            return rlt_fail(p, RLT_ERROR_OPTION, input, "a padding is larger than what can be mirrored");
        }
    }
    rlt_mirror_pad_params *k = rlt_add_step(p, op, RLT_KERNEL_mirror_pad, sizeof *k, RLT_MIRROR_PAD_REFS,
                                            rlt_tasks(p, RLT_COST_ELEMENT, output->elements, output->elements));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = rlt_ref_of(p, output);
    k->bytes = rlt_element_bytes(input->type);
    k->rank = input->rank;
    k->skip = skip;
    for (uint32_t i = 0; i < input->rank; i++) {
        k->input_dims[i] = (uint32_t)input->dims[i];
        k->output_dims[i] = (uint32_t)output->dims[i];
        k->before[i] = (uint32_t)paddings[2 * i];
    }
    return RLT_OK;
}

rlt_status rlt_prepare_fill(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    const rlt_tensor *value = rlt_input(p, op, 1);
    rlt_tensor *output = rlt_output(p, op, 0);
    int32_t dims[RLT_MAX_RANK] = {0};
    uint32_t rank;
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 0), RLT_MAX_RANK, dims, &rank));
    RLT_TRY(rlt_need_type(p, output, value->type));
    RLT_TRY(rlt_need_same_scale(p, value, output));
    if (value->elements != 1) return rlt_fail(p, RLT_ERROR_SHAPE, value, "must be a single value");
    RLT_TRY(rlt_set_shape(p, output, rank, dims));
    RLT_TRY(rlt_need_movable(p, output));
    return rlt_add_fill(p, op, rlt_ref_of(p, value), output);
}
