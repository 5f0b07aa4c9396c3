#include "prepare_move.h"

void rlt_grid_add(rlt_grid *grid, uint32_t dim, int64_t input_stride, int64_t output_stride) {
    grid->dims[grid->rank] = dim;
    grid->input_stride[grid->rank] = input_stride;
    grid->output_stride[grid->rank] = output_stride;
    grid->rank++;
}

uint32_t rlt_element_bytes(uint32_t type) {
    switch (type) {
    case RLT_INT8:
    case RLT_UINT8:
    case RLT_BOOL: return 1;
    case RLT_INT16:
    case RLT_UINT16:
    case RLT_FLOAT16: return 2;
    case RLT_FLOAT32:
    case RLT_INT32:
    case RLT_UINT32: return 4;
    case RLT_INT64:
    case RLT_UINT64:
    case RLT_FLOAT64: return 8;
    default: return 0;
    }
}

rlt_status rlt_need_movable(rlt_prepare_state *p, const rlt_tensor *tensor) {
    if (!rlt_element_bytes(tensor->type)) {
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, tensor, "elements of this type cannot be moved");
    }
    if (tensor->bytes > INT32_MAX) return rlt_fail(p, RLT_ERROR_SHAPE, tensor, "more than 2 GiB");
    return RLT_OK;
}

void rlt_dense_strides(const rlt_tensor *tensor, int64_t *strides) {
    int64_t stride = 1;
    for (uint32_t i = tensor->rank; i-- > 0; stride *= tensor->dims[i]) strides[i] = stride;
}

/* Merges dimensions that one stride walks through in both tensors; dimensions of 1 go. */
static void merge(const rlt_grid *from, rlt_grid *to) {
    to->rank = 0;
    to->input_offset = from->input_offset;
    to->output_offset = from->output_offset;
    for (uint32_t i = 0; i < from->rank; i++) {
        const uint32_t dim = from->dims[i];
        if (dim == 1) continue;
        const uint32_t top = to->rank - 1;
        if (to->rank && to->input_stride[top] == from->input_stride[i] * dim &&
            to->output_stride[top] == from->output_stride[i] * dim) {
            to->dims[top] *= dim;
            to->input_stride[top] = from->input_stride[i];
            to->output_stride[top] = from->output_stride[i];
        } else {
            rlt_grid_add(to, dim, from->input_stride[i], from->output_stride[i]);
        }
    }
}

rlt_status rlt_add_move(rlt_prepare_state *p, const rlt_op *op, rlt_ref input, rlt_ref output, uint32_t element_bytes,
                        const rlt_grid *grid) {
    rlt_grid g;
    uint64_t count = 1;
    for (uint32_t i = 0; i < grid->rank; i++) count *= grid->dims[i];
    if (!count) return RLT_OK; /* nothing to move */
    merge(grid, &g);
    uint64_t run = element_bytes;
    if (g.rank && g.input_stride[g.rank - 1] == 1 && g.output_stride[g.rank - 1] == 1) run *= g.dims[--g.rank];
    if (!g.rank) rlt_grid_add(&g, 1, 0, 0);
    if (g.rank > RLT_MAX_RANK) return rlt_fail(p, RLT_ERROR_SHAPE, NULL, "too many dimensions to move");
    uint64_t rows = 1;
    for (uint32_t i = 0; i + 1 < g.rank; i++) rows *= g.dims[i];
    const uint64_t units = rows == 1 ? g.dims[g.rank - 1] : rows;
    rlt_move_params *k = rlt_add_step(p, op, RLT_KERNEL_move, sizeof *k, RLT_MOVE_REFS,
                                      rlt_tasks(p, RLT_COST_MOVED_BYTE, count * element_bytes, units));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = input;
    k->output = output;
    k->input_offset = (uint32_t)(g.input_offset * element_bytes);
    k->output_offset = (uint32_t)(g.output_offset * element_bytes);
    k->run = (uint32_t)run;
    k->rank = g.rank;
    for (uint32_t i = 0; i < g.rank; i++) {
        k->dims[i] = g.dims[i];
        k->input_stride[i] = (int32_t)(g.input_stride[i] * element_bytes);
        k->output_stride[i] = (int32_t)(g.output_stride[i] * element_bytes);
    }
    return RLT_OK;
}

rlt_status rlt_add_fill(rlt_prepare_state *p, const rlt_op *op, rlt_ref value, const rlt_tensor *output) {
    rlt_fill_params *k = rlt_add_step(p, op, RLT_KERNEL_fill, sizeof *k, RLT_FILL_REFS,
                                      rlt_tasks(p, RLT_COST_MOVED_BYTE, output->bytes, output->elements));
    if (!k) return RLT_ERROR_MEMORY;
    k->value = value;
    k->output = rlt_ref_of(p, output);
    k->count = output->elements;
    k->bytes = rlt_element_bytes(output->type);
    return RLT_OK;
}

rlt_status rlt_add_copy(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *from, const rlt_tensor *to,
                        const rlt_tensor *like) {
    rlt_grid grid = {0};
    RLT_TRY(rlt_need_movable(p, like));
    rlt_grid_add(&grid, like->elements, 1, 1);
    return rlt_add_move(p, op, rlt_ref_of(p, from), rlt_ref_of(p, to), rlt_element_bytes(like->type), &grid);
}

rlt_status rlt_share_or_copy(rlt_prepare_state *p, const rlt_op *op, rlt_tensor *output, rlt_tensor *input) {
    if (!rlt_is_variable(p, input) || input->type == RLT_RESOURCE) return rlt_share(p, output, input);
    return rlt_share_variable(p, output, input) ? RLT_OK : rlt_add_copy(p, op, input, output, output);
}
