/* Parameters of LOG_SOFTMAX and L2_NORMALIZATION, over the last dimension. */
#ifndef RLT_NORMALIZE_H
#define RLT_NORMALIZE_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref input, output;
    uint32_t rows, depth;
    int32_t zero_point; /* of an int8 input */
} rlt_normalize_params;

enum { RLT_NORMALIZE_REFS = 2 };

#endif
