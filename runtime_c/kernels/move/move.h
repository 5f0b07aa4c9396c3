/* Parameters of the kernels that only move values; one kernel serves every element type. */
#ifndef RLT_MOVE_H
#define RLT_MOVE_H

#include "../../core/kernel.h"

/* Copies runs of `run` bytes over a grid: offsets and strides are in bytes; 0 repeats, negative strides reverse. */
typedef struct {
    rlt_ref input, output;
    uint32_t input_offset, output_offset;
    uint32_t run, rank; /* rank at least 1 */
    uint32_t dims[RLT_MAX_RANK];
    int32_t input_stride[RLT_MAX_RANK], output_stride[RLT_MAX_RANK];
} rlt_move_params;

/* output[i] = value[0], elements of `bytes` bytes. */
typedef struct {
    rlt_ref value, output;
    uint32_t count, bytes;
} rlt_fill_params;

/* MIRROR_PAD; `skip` is 1 where the edge itself is not repeated (REFLECT). */
typedef struct {
    rlt_ref input, output;
    uint32_t bytes, rank, skip;
    uint32_t input_dims[RLT_MAX_RANK], output_dims[RLT_MAX_RANK], before[RLT_MAX_RANK];
} rlt_mirror_pad_params;

/* output[b][o][i] = input[b][o][indices[b][i]], runs of `run` bytes. */
typedef struct {
    rlt_ref input, indices, output;
    uint32_t batches, outer, axis, count, run;
    uint32_t wide; /* indices are INT64 */
} rlt_gather_params;

/* output[i] = input[indices[i][0], ..., indices[i][depth - 1]], runs of `run` bytes; `dims` are the input's. */
typedef struct {
    rlt_ref input, indices, output;
    uint32_t count, depth, run;
    uint32_t wide; /* indices are INT64 */
    uint32_t dims[RLT_MAX_RANK];
} rlt_gather_nd_params;

/* SPACE_TO_BATCH_ND and back: pixel [b, y, x] of the small images [blocks * batches, h, w] is pixel
 * [b % batches, y * block_h + b / batches / block_w - top, x * block_w + b / batches % block_w - left] of the large
 * ones [batches, high, wide], where that lies inside. */
typedef struct {
    rlt_ref small, large;
    uint32_t to_small; /* copies large to small; else small to large */
    int32_t batches, block_h, block_w, top, left;
    int32_t h, w, high, wide;
    uint32_t pixel; /* bytes */
} rlt_space_batch_params;

/* output = input with a block of `update_dims` replaced, whose first element goes to `start` (an index per dimension). */
typedef struct {
    rlt_ref input, update, start, output;
    uint32_t count, bytes, rank; /* elements of the output; bytes of one */
    uint32_t wide;               /* start is INT64 */
    uint32_t dims[RLT_MAX_RANK], update_dims[RLT_MAX_RANK];
} rlt_update_slice_params;

enum { RLT_UPDATE_SLICE_REFS = 4 };
enum { RLT_MOVE_REFS = 2, RLT_FILL_REFS = 2, RLT_MIRROR_PAD_REFS = 2, RLT_GATHER_REFS = 3, RLT_SPACE_BATCH_REFS = 2 };

#endif
