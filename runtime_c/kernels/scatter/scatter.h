/* Parameters of the SCATTER_ND and UNSORTED_SEGMENT_SUM kernels: output starts as zeros; output[row of i] += updates[i]
 * for rows of `run` elements. Several updates of one row add up in order, so the work is not split. */
#ifndef RLT_SCATTER_H
#define RLT_SCATTER_H

#include "../../core/kernel.h"

/* The row of update i is where its `depth` coordinates lead in a grid of `dims`. */
typedef struct {
    rlt_ref indices, updates, output;
    uint32_t count, depth, run, rows;
    uint32_t skips_negative; /* UNSORTED_SEGMENT_SUM drops updates of negative rows; else they are errors */
    uint32_t dims[RLT_MAX_RANK];
} rlt_scatter_params;

enum { RLT_SCATTER_REFS = 3 };

#endif
