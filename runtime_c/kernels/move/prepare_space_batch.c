/* SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND: [batches, h, channels] or [batches, h, w, channels], block shape (constant),
 * paddings or crops (constant, two per spatial dimension). ZEROS_LIKE. */
#include "prepare_move.h"

/* Zero; the zero point where quantized. Little-endian, so its low bytes lead. */
static rlt_status add_zeros(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *output) {
    rlt_ref value;
    int64_t *zero = rlt_add_constant(p, sizeof *zero, &value);
    if (!zero) return RLT_ERROR_MEMORY;
    *zero = output->scale_count ? rlt_zero_point(output, 0) : 0;
    return rlt_add_fill(p, op, value, output);
}

typedef struct {
    uint32_t spatial; /* 1 or 2 dimensions */
    int32_t block[2], edges[4];
} blocks;

static rlt_status read_blocks(rlt_prepare_state *p, const rlt_op *op, blocks *b) {
    RLT_TRY(rlt_operands(p, op, 3, 1));
    const rlt_tensor *input = rlt_input(p, op, 0), *edges = rlt_input(p, op, 2);
    const rlt_tensor *output = rlt_output(p, op, 0);
    if (input->rank != 3 && input->rank != 4) return rlt_fail(p, RLT_ERROR_SHAPE, input, "must have 3 or 4 dimensions");
    b->spatial = input->rank - 2;
    b->block[1] = 1;
    RLT_TRY(rlt_need_movable(p, input));
    RLT_TRY(rlt_need_type(p, output, input->type));
    RLT_TRY(rlt_need_same_scale(p, input, output));
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 1), b->spatial, b->block, NULL));
    RLT_TRY(rlt_need_const(p, edges));
    if (edges->elements != 2 * b->spatial) return rlt_fail(p, RLT_ERROR_SHAPE, edges, "needs two values per dimension");
    for (uint32_t i = 0; i < 2 * b->spatial; i++) b->edges[i] = rlt_const_i32(edges, i);
    for (uint32_t i = 0; i < b->spatial; i++) {
        const int32_t limit = 1 << 15;
        if (b->block[i] < 1 || b->block[i] > limit || b->edges[2 * i] < 0 || b->edges[2 * i] > limit ||
            b->edges[2 * i + 1] < 0 || b->edges[2 * i + 1] > limit || input->dims[1 + i] > INT32_MAX / (4 * limit)) {
            return rlt_fail(p, RLT_ERROR_OPTION, edges, "block, padding or crop out of range");
        }
    }
    return RLT_OK;
}

static rlt_status add_step(rlt_prepare_state *p, const rlt_op *op, const blocks *b, int to_small) {
    const rlt_tensor *input = rlt_input(p, op, 0), *output = rlt_output(p, op, 0);
    const rlt_tensor *small = to_small ? output : input, *large = to_small ? input : output;
    rlt_space_batch_params *k = rlt_add_step(p, op, RLT_KERNEL_space_batch, sizeof *k, RLT_SPACE_BATCH_REFS,
                                             rlt_tasks(p, RLT_COST_MOVED_BYTE, small->bytes,
                                                       (uint64_t)small->dims[0] * small->dims[1]));
    if (!k) return RLT_ERROR_MEMORY;
    k->small = rlt_ref_of(p, small);
    k->large = rlt_ref_of(p, large);
    k->to_small = to_small != 0;
    k->batches = large->dims[0];
    k->block_h = b->block[0];
    k->block_w = b->block[1];
    k->top = b->edges[0];
    k->left = b->spatial == 2 ? b->edges[2] : 0;
    k->h = small->dims[1];
    k->w = b->spatial == 2 ? small->dims[2] : 1;
    k->high = large->dims[1];
    k->wide = b->spatial == 2 ? large->dims[2] : 1;
    k->pixel = (uint32_t)input->dims[input->rank - 1] * rlt_element_bytes(input->type);
    return RLT_OK;
}

rlt_status rlt_prepare_space_to_batch_nd(rlt_prepare_state *p, const rlt_op *op) {
    blocks b = {0};
    RLT_TRY(read_blocks(p, op, &b));
    const rlt_tensor *input = rlt_input(p, op, 0);
    rlt_tensor *output = rlt_output(p, op, 0);
    int32_t dims[4] = {0};
    int64_t batches = input->dims[0];
    for (uint32_t i = 0; i < b.spatial; i++) {
        const int32_t padded = input->dims[1 + i] + b.edges[2 * i] + b.edges[2 * i + 1];
        if (padded % b.block[i]) return rlt_fail(p, RLT_ERROR_SHAPE, input, "is not a multiple of the block shape");
        dims[1 + i] = padded / b.block[i];
        batches *= b.block[i];
    }
    if (batches > INT32_MAX) return rlt_fail(p, RLT_ERROR_SHAPE, output, "too many batches");
    dims[0] = (int32_t)batches;
    dims[1 + b.spatial] = input->dims[1 + b.spatial];
    RLT_TRY(rlt_set_shape(p, output, input->rank, dims));
    RLT_TRY(rlt_need_movable(p, output));
    RLT_TRY(add_zeros(p, op, output));
    return add_step(p, op, &b, 1);
}

rlt_status rlt_prepare_batch_to_space_nd(rlt_prepare_state *p, const rlt_op *op) {
    blocks b = {0};
    RLT_TRY(read_blocks(p, op, &b));
    const rlt_tensor *input = rlt_input(p, op, 0);
    rlt_tensor *output = rlt_output(p, op, 0);
    int32_t dims[4] = {0};
    const int64_t block = (int64_t)b.block[0] * b.block[1];
    if (input->dims[0] % block) return rlt_fail(p, RLT_ERROR_SHAPE, input, "batches are not a multiple of the block");
    dims[0] = (int32_t)(input->dims[0] / block);
    for (uint32_t i = 0; i < b.spatial; i++) {
        dims[1 + i] = input->dims[1 + i] * b.block[i] - b.edges[2 * i] - b.edges[2 * i + 1];
        if (dims[1 + i] < 1) return rlt_fail(p, RLT_ERROR_SHAPE, input, "nothing is left after the crops");
    }
    dims[1 + b.spatial] = input->dims[1 + b.spatial];
    RLT_TRY(rlt_set_shape(p, output, input->rank, dims));
    RLT_TRY(rlt_need_movable(p, output));
    return add_step(p, op, &b, 0);
}

rlt_status rlt_prepare_zeros_like(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    const rlt_tensor *input = rlt_input(p, op, 0);
    rlt_tensor *output = rlt_output(p, op, 0);
    RLT_TRY(rlt_need_type(p, output, input->type));
    RLT_TRY(rlt_same_shape(p, output, input));
    RLT_TRY(rlt_need_movable(p, output));
    return add_zeros(p, op, output);
}
