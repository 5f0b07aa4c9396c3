/* Operators that rearrange or repeat: TRANSPOSE, DEPTH_TO_SPACE, SPACE_TO_DEPTH, TILE, BROADCAST_TO, GATHER; and
 * SHAPE, RANK, whose result is known beforehand. */
#include "prepare_move.h"

/* Field numbers of GatherOptions; DepthToSpaceOptions and SpaceToDepthOptions. */
enum { GATHER_AXIS, GATHER_BATCH_DIMS };
enum { BLOCK_SIZE };

static rlt_status movable_pair(rlt_prepare_state *p, const rlt_tensor *input, const rlt_tensor *output) {
    RLT_TRY(rlt_need_movable(p, input));
    RLT_TRY(rlt_need_movable(p, output));
    RLT_TRY(rlt_need_type(p, output, input->type));
    return rlt_need_same_scale(p, input, output);
}

static rlt_status add_grid(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *input, const rlt_tensor *output,
                           const rlt_grid *grid) {
    return rlt_add_move(p, op, rlt_ref_of(p, input), rlt_ref_of(p, output), rlt_element_bytes(input->type), grid);
}

rlt_status rlt_prepare_transpose(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    const rlt_tensor *input = rlt_input(p, op, 0);
    rlt_tensor *output = rlt_output(p, op, 0);
    int32_t order[RLT_MAX_RANK], dims[RLT_MAX_RANK] = {0};
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 1), input->rank, order, NULL));
    uint32_t seen = 0;
    for (uint32_t i = 0; i < input->rank; i++) {
        RLT_TRY(rlt_wrap_axis(p, input, input->rank, &order[i]));
        seen |= 1u << order[i];
        dims[i] = input->dims[order[i]];
    }
    if (seen != (1u << input->rank) - 1) return rlt_fail(p, RLT_ERROR_OPTION, input, "not a permutation of the axes");
    RLT_TRY(rlt_set_shape(p, output, input->rank, dims));
    RLT_TRY(movable_pair(p, input, output));
    rlt_grid grid = {0};
    int64_t in[RLT_MAX_RANK], out[RLT_MAX_RANK];
    rlt_dense_strides(input, in);
    rlt_dense_strides(output, out);
    for (uint32_t i = 0; i < input->rank; i++) rlt_grid_add(&grid, (uint32_t)dims[i], in[order[i]], out[i]);
    return add_grid(p, op, input, output, &grid);
}

/* Both ways between a deep tensor [b, h, w, s * s * c] and a wide one [b, h * s, w * s, c]. */
static rlt_status rearrange_blocks(rlt_prepare_state *p, const rlt_op *op, int to_space) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    const rlt_tensor *input = rlt_input(p, op, 0);
    rlt_tensor *output = rlt_output(p, op, 0);
    const int32_t s = rlt_option_i32(op, BLOCK_SIZE, 0);
    RLT_TRY(rlt_need_rank(p, input, 4));
    if (s < 1 || s > 1 << 12) return rlt_fail(p, RLT_ERROR_OPTION, NULL, "block size out of range");
    const int32_t *d = input->dims;
    const int fits = to_space ? d[3] % (s * s) == 0 : d[1] % s == 0 && d[2] % s == 0;
    if (!fits) return rlt_fail(p, RLT_ERROR_SHAPE, input, "is not a multiple of the block size");
    const int32_t h = to_space ? d[1] : d[1] / s, w = to_space ? d[2] : d[2] / s;
    const int32_t c = to_space ? d[3] / (s * s) : d[3];
    if ((int64_t)h * s > INT32_MAX || (int64_t)w * s > INT32_MAX || (int64_t)c * s * s > INT32_MAX) {
        return rlt_fail(p, RLT_ERROR_SHAPE, output, "more than 2 GiB");
    }
    const int32_t wide[4] = {d[0], h * s, w * s, c}, deep[4] = {d[0], h, w, c * s * s};
    RLT_TRY(rlt_set_shape(p, output, 4, to_space ? wide : deep));
    RLT_TRY(movable_pair(p, input, output));
    /* Over [b, h, y in block, w, x in block, c]: a block's row lies together in the deep tensor too. */
    const uint32_t dims[6] = {(uint32_t)d[0], (uint32_t)h, (uint32_t)s, (uint32_t)w, (uint32_t)s, (uint32_t)c};
    const int64_t row = (int64_t)w * s * c, pixel = (int64_t)s * s * c;
    const int64_t in_wide[6] = {h * s * row, s * row, row, (int64_t)s * c, c, 1};
    const int64_t in_deep[6] = {h * w * pixel, w * pixel, (int64_t)s * c, pixel, c, 1};
    rlt_grid grid = {0};
    for (uint32_t i = 0; i < 6; i++) {
        rlt_grid_add(&grid, dims[i], to_space ? in_deep[i] : in_wide[i], to_space ? in_wide[i] : in_deep[i]);
    }
    return add_grid(p, op, input, output, &grid);
}

rlt_status rlt_prepare_depth_to_space(rlt_prepare_state *p, const rlt_op *op) {
    return rearrange_blocks(p, op, 1);
}

rlt_status rlt_prepare_space_to_depth(rlt_prepare_state *p, const rlt_op *op) {
    return rearrange_blocks(p, op, 0);
}

rlt_status rlt_prepare_tile(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    const rlt_tensor *input = rlt_input(p, op, 0);
    rlt_tensor *output = rlt_output(p, op, 0);
    int32_t times[RLT_MAX_RANK], dims[RLT_MAX_RANK] = {0};
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 1), input->rank, times, NULL));
    for (uint32_t i = 0; i < input->rank; i++) {
        const int64_t size = (int64_t)input->dims[i] * times[i];
        if (times[i] < 0 || size > INT32_MAX) return rlt_fail(p, RLT_ERROR_OPTION, input, "multiple out of range");
        dims[i] = (int32_t)size;
    }
    RLT_TRY(rlt_set_shape(p, output, input->rank, dims));
    RLT_TRY(movable_pair(p, input, output));
    rlt_grid grid = {0};
    int64_t in[RLT_MAX_RANK], out[RLT_MAX_RANK];
    rlt_dense_strides(input, in);
    rlt_dense_strides(output, out);
    for (uint32_t i = 0; i < input->rank; i++) {
        rlt_grid_add(&grid, (uint32_t)times[i], 0, out[i] * input->dims[i]);
        rlt_grid_add(&grid, (uint32_t)input->dims[i], in[i], out[i]);
    }
    return add_grid(p, op, input, output, &grid);
}

rlt_status rlt_prepare_broadcast_to(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    const rlt_tensor *input = rlt_input(p, op, 0);
    rlt_tensor *output = rlt_output(p, op, 0);
    int32_t dims[RLT_MAX_RANK] = {0};
    uint32_t rank;
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 1), RLT_MAX_RANK, dims, &rank));
    if (rank < input->rank) return rlt_fail(p, RLT_ERROR_SHAPE, input, "has more dimensions than the new shape");
    RLT_TRY(rlt_set_shape(p, output, rank, dims));
    RLT_TRY(movable_pair(p, input, output));
    rlt_grid grid = {0};
    int64_t in[RLT_MAX_RANK], out[RLT_MAX_RANK];
    rlt_dense_strides(input, in);
    rlt_dense_strides(output, out);
    for (uint32_t i = 0; i < rank; i++) {
        const uint32_t missing = rank - input->rank;
        const int32_t own = i < missing ? 1 : input->dims[i - missing];
        if (own != 1 && own != dims[i]) return rlt_fail(p, RLT_ERROR_SHAPE, input, "does not fit the new shape");
        rlt_grid_add(&grid, (uint32_t)dims[i], own == 1 ? 0 : in[i - missing], out[i]);
    }
    return add_grid(p, op, input, output, &grid);
}

rlt_status rlt_prepare_gather(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    const rlt_tensor *input = rlt_input(p, op, 0), *indices = rlt_input(p, op, 1);
    rlt_tensor *output = rlt_output(p, op, 0);
    int32_t axis = rlt_option_i32(op, GATHER_AXIS, 0), batch_dims = rlt_option_i32(op, GATHER_BATCH_DIMS, 0);
    int32_t dims[2 * RLT_MAX_RANK] = {0};
    uint32_t batches = 1, outer = 1, inner = 1, rank = 0;
    RLT_TRY(rlt_wrap_axis(p, input, input->rank, &axis));
    if (batch_dims < 0) batch_dims += (int32_t)indices->rank;
    if (batch_dims < 0 || batch_dims > axis || batch_dims > (int32_t)indices->rank) {
        return rlt_fail(p, RLT_ERROR_OPTION, indices, "batch dimensions out of range");
    }
    if (indices->type != RLT_INT32 && indices->type != RLT_INT64) {
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, indices, "indices are INT32 or INT64");
    }
    for (int32_t i = 0; i < (int32_t)input->rank; i++) {
        if (i < batch_dims && input->dims[i] != indices->dims[i]) {
            return rlt_fail(p, RLT_ERROR_SHAPE, indices, "batch dimensions differ from the input's");
        }
        if (i < batch_dims) batches *= (uint32_t)input->dims[i];
        else if (i < axis) outer *= (uint32_t)input->dims[i];
        else if (i > axis) inner *= (uint32_t)input->dims[i];
        if (i < axis) dims[rank++] = input->dims[i];
    }
    for (uint32_t i = (uint32_t)batch_dims; i < indices->rank; i++) dims[rank++] = indices->dims[i];
    for (uint32_t i = (uint32_t)axis + 1; i < input->rank; i++) dims[rank++] = input->dims[i];
    RLT_TRY(rlt_set_shape(p, output, rank, dims));
    RLT_TRY(movable_pair(p, input, output));
    if (!output->elements) return RLT_OK;
    rlt_gather_params *k = rlt_add_step(p, op, RLT_KERNEL_gather, sizeof *k, RLT_GATHER_REFS,
                                        rlt_tasks(p, RLT_COST_ELEMENT, output->elements, (uint64_t)batches * outer));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->indices = rlt_ref_of(p, indices);
    k->output = rlt_ref_of(p, output);
    k->batches = batches;
    k->outer = outer;
    k->axis = (uint32_t)input->dims[axis];
    k->count = indices->elements / batches;
    k->run = inner * rlt_element_bytes(input->type);
    k->wide = indices->type == RLT_INT64;
    return RLT_OK;
}

/* An output whose `count` values are known now. */
static rlt_status add_known(rlt_prepare_state *p, rlt_tensor *output, uint32_t rank, const int32_t *values,
                            uint32_t count) {
    const int32_t dims[1] = {(int32_t)count};
    if (output->type != RLT_INT32 && output->type != RLT_INT64) {
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, output, "must be INT32 or INT64");
    }
    RLT_TRY(rlt_set_shape(p, output, rank, dims));
    if (!count) return RLT_OK;
    uint8_t *constant = rlt_make_constant(p, output);
    if (!constant) return RLT_ERROR_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        if (output->type == RLT_INT64) ((int64_t *)(void *)constant)[i] = values[i];
        else ((int32_t *)(void *)constant)[i] = values[i];
    }
    return RLT_OK;
}

rlt_status rlt_prepare_shape(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    const rlt_tensor *input = rlt_input(p, op, 0);
    return add_known(p, rlt_output(p, op, 0), 1, input->dims, input->rank);
}

rlt_status rlt_prepare_rank(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    const int32_t rank = (int32_t)rlt_input(p, op, 0)->rank;
    return add_known(p, rlt_output(p, op, 0), 0, &rank, 1);
}
