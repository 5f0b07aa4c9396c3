/* Operators that give the same bytes another shape, without a step: RESHAPE, SQUEEZE, EXPAND_DIMS. */
#include "../move/prepare_move.h"

/* Fields of ReshapeOptions and SqueezeOptions. */
enum { NEW_SHAPE = 0, SQUEEZE_DIMS = 0 };

static rlt_status same_bytes(rlt_prepare_state *p, const rlt_op *op, rlt_tensor *output, rlt_tensor *input,
                             uint32_t rank, const int32_t *dims) {
    RLT_TRY(rlt_need_type(p, output, input->type));
    RLT_TRY(rlt_set_shape(p, output, rank, dims));
    return rlt_share_or_copy(p, op, output, input);
}

/* The asked shape: second input, or options, or the output's own. */
static rlt_status read_shape(rlt_prepare_state *p, const rlt_op *op, int32_t *dims, uint32_t *rank) {
    const rlt_tensor *shape = rlt_input(p, op, 1), *output = rlt_output(p, op, 0);
    if (shape && shape->data) return rlt_const_vector(p, shape, RLT_MAX_RANK, dims, rank);
    *rank = rlt_option_vector_i32(op, NEW_SHAPE, dims, RLT_MAX_RANK);
    if (*rank > RLT_MAX_RANK) return rlt_fail(p, RLT_ERROR_SHAPE, output, "more than 8 dimensions");
    if (*rank || !shape) return RLT_OK;
    *rank = output->rank;
    for (uint32_t i = 0; i < *rank; i++) dims[i] = output->dims[i];
    return RLT_OK;
}

rlt_status rlt_prepare_reshape(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    rlt_tensor *input = rlt_input(p, op, 0), *output = rlt_output(p, op, 0);
    int32_t dims[RLT_MAX_RANK] = {0};
    uint32_t rank, open = RLT_MAX_RANK;
    RLT_TRY(read_shape(p, op, dims, &rank));
    if (rank == 1 && dims[0] == 0 && input->elements == 1) rank = 0; /* older files' way to write a scalar */
    uint64_t known = 1;
    for (uint32_t i = 0; i < rank; i++) {
        if (dims[i] == -1 && open == RLT_MAX_RANK) {
            open = i;
        } else if (dims[i] < 0) {
            return rlt_fail(p, RLT_ERROR_OPTION, output, "the new shape is negative");
        } else if ((known *= (uint32_t)dims[i]) > UINT32_MAX) {
            return rlt_fail(p, RLT_ERROR_SHAPE, output, "more than 4 GiB");
        }
    }
    if (open < rank) {
        if (!known || input->elements % known) return rlt_fail(p, RLT_ERROR_SHAPE, output, "new shape does not fit");
        dims[open] = (int32_t)(input->elements / known);
    } else if (known != input->elements) {
        return rlt_fail(p, RLT_ERROR_SHAPE, output, "the new shape has another number of elements");
    }
    return same_bytes(p, op, output, input, rank, dims);
}

rlt_status rlt_prepare_squeeze(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    rlt_tensor *input = rlt_input(p, op, 0), *output = rlt_output(p, op, 0);
    int32_t axes[RLT_MAX_RANK], dims[RLT_MAX_RANK] = {0};
    const uint32_t count = rlt_option_vector_i32(op, SQUEEZE_DIMS, axes, RLT_MAX_RANK);
    if (count > RLT_MAX_RANK) return rlt_fail(p, RLT_ERROR_OPTION, input, "more than 8 axes");
    uint32_t drop = 0, rank = 0;
    for (uint32_t i = 0; i < count; i++) {
        RLT_TRY(rlt_wrap_axis(p, input, input->rank, &axes[i]));
        if (input->dims[axes[i]] != 1) return rlt_fail(p, RLT_ERROR_SHAPE, input, "a squeezed dimension is not 1");
        drop |= 1u << axes[i];
    }
    for (uint32_t i = 0; i < input->rank; i++) {
        const int gone = count ? (drop >> i) & 1 : input->dims[i] == 1;
        if (!gone) dims[rank++] = input->dims[i];
    }
    return same_bytes(p, op, output, input, rank, dims);
}

rlt_status rlt_prepare_expand_dims(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    rlt_tensor *input = rlt_input(p, op, 0), *output = rlt_output(p, op, 0);
    int32_t axis, dims[RLT_MAX_RANK] = {0};
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 1), 1, &axis, NULL));
    if (input->rank >= RLT_MAX_RANK) return rlt_fail(p, RLT_ERROR_SHAPE, output, "more than 8 dimensions");
    RLT_TRY(rlt_wrap_axis(p, input, input->rank + 1, &axis));
    for (uint32_t i = 0; i <= input->rank; i++) {
        dims[i] = i < (uint32_t)axis ? input->dims[i] : i == (uint32_t)axis ? 1 : input->dims[i - 1];
    }
    return same_bytes(p, op, output, input, input->rank + 1, dims);
}
