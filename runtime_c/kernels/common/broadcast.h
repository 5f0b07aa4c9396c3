/* Walking two operands and an output in step, one of them perhaps repeated along some dimensions. */
#ifndef RLT_BROADCAST_H
#define RLT_BROADCAST_H

#include "../../core/kernel.h"

/* The shape of an elementwise operation on two operands: `rows` rows of `count` elements. Within a row an operand
 * steps by 0 or 1 elements; from row to row its strides (in elements) tell. Neighbouring dimensions with one walk
 * are merged, so operands of equal shape make one row. */
typedef struct {
    uint32_t rows, count, step_a, step_b;
    uint32_t rank; /* of the row dimensions below, outermost first */
    uint32_t dims[RLT_MAX_RANK - 1], stride_a[RLT_MAX_RANK - 1], stride_b[RLT_MAX_RANK - 1];
} rlt_broadcast;

/* One row: output[i] from a[i * step_a] and b[i * step_b]. */
typedef void (*rlt_row_fn)(const void *params, const void *a, const void *b, void *output, uint32_t count,
                           uint32_t step_a, uint32_t step_b);

/* Runs this task's share of the rows, or of the elements where there is one row. */
void rlt_broadcast_rows(const rlt_run *run, const rlt_broadcast *shape, const void *params, const void *a,
                        const void *b, void *output, uint32_t input_bytes, uint32_t output_bytes, rlt_row_fn row);

#endif
