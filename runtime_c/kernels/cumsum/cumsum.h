/* Parameters of the CUMSUM kernels over [outer, axis, inner]. */
#ifndef RLT_CUMSUM_H
#define RLT_CUMSUM_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref input, output;
    uint32_t outer, axis, inner;
    uint32_t exclusive, reverse;
} rlt_cumsum_params;

enum { RLT_CUMSUM_REFS = 2 };

#endif
