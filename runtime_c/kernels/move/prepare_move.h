/* Steps that move values. Host only. */
#ifndef RLT_PREPARE_MOVE_H
#define RLT_PREPARE_MOVE_H

#include "../common/prepare_common.h"
#include "move.h"

/* A grid of elements: `rank` dimensions with their strides in both tensors, and where both begin; all in elements. */
typedef struct {
    uint32_t rank;
    uint32_t dims[2 * RLT_MAX_RANK];
    int64_t input_stride[2 * RLT_MAX_RANK], output_stride[2 * RLT_MAX_RANK];
    uint64_t input_offset, output_offset;
} rlt_grid;

/* Adds a dimension inside those that are there. */
void rlt_grid_add(rlt_grid *grid, uint32_t dim, int64_t input_stride, int64_t output_stride);

/* Bytes of one element of a type that can be moved; 0 for others (INT4, STRING). */
uint32_t rlt_element_bytes(uint32_t type);
rlt_status rlt_need_movable(rlt_prepare_state *p, const rlt_tensor *tensor);

/* Strides of a dense tensor, in elements. */
void rlt_dense_strides(const rlt_tensor *tensor, int64_t *strides);

/* The step for a grid, its dimensions merged as far as they can be. */
rlt_status rlt_add_move(rlt_prepare_state *p, const rlt_op *op, rlt_ref input, rlt_ref output, uint32_t element_bytes,
                        const rlt_grid *grid);
/* A step that copies all of `from` to `to`; `like`, one of the two, has type and shape. */
rlt_status rlt_add_copy(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *from, const rlt_tensor *to,
                        const rlt_tensor *like);
/* Makes output the same bytes as input; by a copy where input is a variable that may be written while output is alive. */
rlt_status rlt_share_or_copy(rlt_prepare_state *p, const rlt_op *op, rlt_tensor *output, rlt_tensor *input);
/* A step that sets all of `output` to the one value at `value`. */
rlt_status rlt_add_fill(rlt_prepare_state *p, const rlt_op *op, rlt_ref value, const rlt_tensor *output);

#endif
