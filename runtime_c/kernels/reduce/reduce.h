/* Parameters of reductions over any set of dimensions. */
#ifndef RLT_REDUCE_H
#define RLT_REDUCE_H

#include "../../core/kernel.h"

/* Dimensions that stay and dimensions that go, outermost first, with their strides in elements of the input;
 * neighbours of one kind are merged. At least one of each (maybe of size 1). */
typedef struct {
    uint32_t outputs, count; /* elements of the output; inputs per output */
    uint32_t kept, reduced;  /* numbers of dimensions */
    uint32_t kept_dims[RLT_MAX_RANK], kept_stride[RLT_MAX_RANK];
    uint32_t reduced_dims[RLT_MAX_RANK], reduced_stride[RLT_MAX_RANK];
} rlt_reduce_shape;

typedef struct {
    rlt_ref input, output;
    rlt_reduce_shape shape;
} rlt_reduce_params;

/* int8 MEAN and SUM: sum of (x - input_zero_point), requantized. */
typedef struct {
    rlt_ref input, output;
    rlt_reduce_shape shape;
    int32_t input_zero_point, output_zero_point, multiplier, shift;
} rlt_reduce_s8_params;

enum { RLT_REDUCE_REFS = 2 };

/* Offset of index `i` of a grid of dimensions. */
static inline size_t rlt_grid_offset(uint32_t i, uint32_t rank, const uint32_t *dims, const uint32_t *stride) {
    size_t offset = 0;
    for (uint32_t d = rank; d-- > 0; i /= dims[d]) offset += (size_t)(i % dims[d]) * stride[d];
    return offset;
}

#endif
