/* Operators that take parts of a tensor: SLICE, STRIDED_SLICE, SPLIT, SPLIT_V, UNPACK, REVERSE_V2. */
#include "prepare_move.h"

/* Field numbers of StridedSliceOptions and UnpackOptions. */
enum { BEGIN_MASK, END_MASK, ELLIPSIS_MASK, NEW_AXIS_MASK, SHRINK_AXIS_MASK, OFFSET };
enum { UNPACK_NUM, UNPACK_AXIS };

/* `count` elements from `start` on along each dimension of `input`, every `step`-th. */
typedef struct {
    int32_t start[RLT_MAX_RANK], step[RLT_MAX_RANK], count[RLT_MAX_RANK];
} part;

static rlt_status add_part(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *input, const rlt_tensor *output,
                           const part *of) {
    rlt_grid grid = {0};
    int64_t strides[RLT_MAX_RANK], out[RLT_MAX_RANK], stride = 1;
    RLT_TRY(rlt_need_movable(p, input));
    RLT_TRY(rlt_need_type(p, output, input->type));
    RLT_TRY(rlt_need_same_scale(p, input, output));
    rlt_dense_strides(input, strides);
    for (uint32_t i = input->rank; i-- > 0; stride *= of->count[i]) out[i] = stride;
    for (uint32_t i = 0; i < input->rank; i++) {
        if (of->count[i]) grid.input_offset += (uint64_t)(of->start[i] * strides[i]);
        rlt_grid_add(&grid, (uint32_t)of->count[i], strides[i] * of->step[i], out[i]);
    }
    return rlt_add_move(p, op, rlt_ref_of(p, input), rlt_ref_of(p, output), rlt_element_bytes(input->type), &grid);
}

static void whole(const rlt_tensor *input, part *of) {
    for (uint32_t i = 0; i < input->rank; i++) {
        of->start[i] = 0;
        of->step[i] = 1;
        of->count[i] = input->dims[i];
    }
}

rlt_status rlt_prepare_slice(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 3, 1));
    const rlt_tensor *input = rlt_input(p, op, 0);
    rlt_tensor *output = rlt_output(p, op, 0);
    part of;
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 1), input->rank, of.start, NULL));
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 2), input->rank, of.count, NULL));
    for (uint32_t i = 0; i < input->rank; i++) {
        of.step[i] = 1;
        if (of.start[i] < 0 || of.start[i] > input->dims[i]) {
            return rlt_fail(p, RLT_ERROR_OPTION, input, "slice begins outside the tensor");
        }
        if (of.count[i] == -1) of.count[i] = input->dims[i] - of.start[i];
        if (of.count[i] < 0 || of.count[i] > input->dims[i] - of.start[i]) {
            return rlt_fail(p, RLT_ERROR_OPTION, input, "slice ends outside the tensor");
        }
    }
    RLT_TRY(rlt_set_shape(p, output, input->rank, of.count));
    return add_part(p, op, input, output, &of);
}

typedef struct {
    int32_t begin[RLT_MAX_RANK], end[RLT_MAX_RANK], step[RLT_MAX_RANK];
    uint32_t count, begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_mask;
    int offset;
} specs;

static rlt_status read_specs(rlt_prepare_state *p, const rlt_op *op, specs *s) {
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 1), RLT_MAX_RANK, s->begin, &s->count));
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 2), s->count, s->end, NULL));
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 3), s->count, s->step, NULL));
    s->begin_mask = (uint32_t)rlt_option_i32(op, BEGIN_MASK, 0);
    s->end_mask = (uint32_t)rlt_option_i32(op, END_MASK, 0);
    s->ellipsis_mask = (uint32_t)rlt_option_i32(op, ELLIPSIS_MASK, 0);
    s->new_axis_mask = (uint32_t)rlt_option_i32(op, NEW_AXIS_MASK, 0);
    s->shrink_mask = (uint32_t)rlt_option_i32(op, SHRINK_AXIS_MASK, 0);
    s->offset = rlt_option_u8(op, OFFSET, 0);
    return RLT_OK;
}

/* One dimension of `size` elements under spec `i`, as tensorflow.org/api_docs/python/tf/strided_slice says. */
static rlt_status slice_axis(rlt_prepare_state *p, const rlt_tensor *input, const specs *s, uint32_t i, int32_t size,
                             int32_t *start, int32_t *count) {
    const int64_t step = s->step[i];
    if (step == 0) return rlt_fail(p, RLT_ERROR_OPTION, input, "stride is 0");
    const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : (int64_t)size - 1;
    int64_t begin = s->begin[i] < 0 ? (int64_t)s->begin[i] + size : s->begin[i];
    if ((s->begin_mask >> i) & 1) begin = step > 0 ? low : high;
    if ((s->shrink_mask >> i) & 1) {
        if (begin < 0 || begin >= size) return rlt_fail(p, RLT_ERROR_OPTION, input, "index outside the tensor");
        *start = (int32_t)begin;
        *count = 1;
        return RLT_OK;
    }
    int64_t end = s->offset ? (int64_t)s->begin[i] + s->end[i] : s->end[i];
    if (end < 0 && !(s->offset && s->begin[i] >= 0)) end += size;
    if ((s->end_mask >> i) & 1) end = step > 0 ? high : low;
    begin = begin < low ? low : begin > high ? high : begin;
    end = end < low ? low : end > high ? high : end;
    const int64_t reach = step > 0 ? end - begin : begin - end, size_of_step = step > 0 ? step : -step;
    *start = (int32_t)begin;
    *count = reach > 0 ? (int32_t)((reach + size_of_step - 1) / size_of_step) : 0;
    return RLT_OK;
}

rlt_status rlt_prepare_strided_slice(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 4, 1));
    const rlt_tensor *input = rlt_input(p, op, 0);
    rlt_tensor *output = rlt_output(p, op, 0);
    specs s = {0};
    part of;
    RLT_TRY(read_specs(p, op, &s));
    whole(input, &of);
    uint32_t axis = 0, rank = 0, inserted = 0, ellipses = 0;
    for (uint32_t i = 0; i < s.count; i++) {
        if ((s.ellipsis_mask >> i) & 1) ellipses++;
        else if ((s.new_axis_mask >> i) & 1) inserted++;
    }
    const uint32_t used = s.count - inserted - ellipses;
    if (ellipses > 1 || used > input->rank) return rlt_fail(p, RLT_ERROR_OPTION, input, "too many dimensions sliced");
    int32_t dims[2 * RLT_MAX_RANK] = {0};
    for (uint32_t i = 0; i < s.count; i++) {
        if ((s.ellipsis_mask >> i) & 1) {
            for (uint32_t k = used; k < input->rank; k++) dims[rank++] = input->dims[axis++];
        } else if ((s.new_axis_mask >> i) & 1) {
            dims[rank++] = 1;
        } else {
            RLT_TRY(slice_axis(p, input, &s, i, input->dims[axis], &of.start[axis], &of.count[axis]));
            of.step[axis] = s.step[i];
            if (!((s.shrink_mask >> i) & 1)) dims[rank++] = of.count[axis];
            axis++;
        }
    }
    while (axis < input->rank) dims[rank++] = input->dims[axis++];
    RLT_TRY(rlt_set_shape(p, output, rank, dims));
    return add_part(p, op, input, output, &of);
}

/* Output k takes sizes[k] elements along `axis`. */
static rlt_status split(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *input, int32_t axis,
                        const int32_t *sizes, int equal) {
    part of;
    int64_t start = 0;
    whole(input, &of);
    for (uint32_t k = 0; k < op->output_count; k++) {
        rlt_tensor *output = rlt_output(p, op, k);
        if (!output) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "an output is missing");
        const int32_t size = sizes[equal ? 0 : k];
        if (size < 0 || start + size > input->dims[axis]) {
            return rlt_fail(p, RLT_ERROR_SHAPE, output, "the parts are larger than the whole");
        }
        of.start[axis] = (int32_t)start;
        of.count[axis] = size;
        start += size;
        RLT_TRY(rlt_set_shape(p, output, input->rank, of.count));
        RLT_TRY(add_part(p, op, input, output, &of));
    }
    if (start != input->dims[axis]) return rlt_fail(p, RLT_ERROR_SHAPE, input, "the parts do not add up to the whole");
    return RLT_OK;
}

rlt_status rlt_prepare_split(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, op->output_count));
    const rlt_tensor *input = rlt_input(p, op, 1);
    int32_t axis;
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 0), 1, &axis, NULL));
    RLT_TRY(rlt_wrap_axis(p, input, input->rank, &axis));
    if (!op->output_count || (uint32_t)input->dims[axis] % op->output_count) {
        return rlt_fail(p, RLT_ERROR_SHAPE, input, "cannot be split evenly");
    }
    const int32_t size = (int32_t)((uint32_t)input->dims[axis] / op->output_count);
    return split(p, op, input, axis, &size, 1);
}

rlt_status rlt_prepare_split_v(rlt_prepare_state *p, const rlt_op *op) {
    enum { LIMIT = 256 };
    RLT_TRY(rlt_operands(p, op, 3, op->output_count));
    const rlt_tensor *input = rlt_input(p, op, 0);
    int32_t axis, sizes[LIMIT], open = -1;
    if (op->output_count > LIMIT) return rlt_fail(p, RLT_ERROR_OPTION, input, "more than 256 parts");
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 1), op->output_count, sizes, NULL));
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 2), 1, &axis, NULL));
    RLT_TRY(rlt_wrap_axis(p, input, input->rank, &axis));
    int64_t rest = input->dims[axis];
    for (uint32_t k = 0; k < op->output_count; k++) {
        if (sizes[k] == -1 && open < 0) open = (int32_t)k;
        else rest -= sizes[k];
    }
    if (open >= 0) sizes[open] = rest < 0 || rest > INT32_MAX ? -1 : (int32_t)rest;
    return split(p, op, input, axis, sizes, 0);
}

rlt_status rlt_prepare_unpack(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 1, op->output_count));
    const rlt_tensor *input = rlt_input(p, op, 0);
    int32_t axis = rlt_option_i32(op, UNPACK_AXIS, 0), dims[RLT_MAX_RANK] = {0};
    uint32_t rank = 0;
    RLT_TRY(rlt_wrap_axis(p, input, input->rank, &axis));
    if ((uint32_t)input->dims[axis] != op->output_count) {
        return rlt_fail(p, RLT_ERROR_SHAPE, input, "has another size along the axis than there are outputs");
    }
    for (uint32_t i = 0; i < input->rank; i++) {
        if (i != (uint32_t)axis) dims[rank++] = input->dims[i];
    }
    part of;
    whole(input, &of);
    for (uint32_t k = 0; k < op->output_count; k++) {
        rlt_tensor *output = rlt_output(p, op, k);
        of.start[axis] = (int32_t)k;
        of.count[axis] = 1;
        RLT_TRY(rlt_set_shape(p, output, rank, dims));
        RLT_TRY(add_part(p, op, input, output, &of));
    }
    return RLT_OK;
}

rlt_status rlt_prepare_reverse_v2(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    const rlt_tensor *input = rlt_input(p, op, 0);
    rlt_tensor *output = rlt_output(p, op, 0);
    int32_t axes[RLT_MAX_RANK];
    uint32_t count;
    part of;
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 1), RLT_MAX_RANK, axes, &count));
    whole(input, &of);
    for (uint32_t i = 0; i < count; i++) {
        RLT_TRY(rlt_wrap_axis(p, input, input->rank, &axes[i]));
        of.start[axes[i]] = input->dims[axes[i]] - 1;
        of.step[axes[i]] = -1;
    }
    RLT_TRY(rlt_same_shape(p, output, input));
    return add_part(p, op, input, output, &of);
}
