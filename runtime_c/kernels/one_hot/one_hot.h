/* Parameters of the ONE_HOT kernel: output[o][d][i] = on where indices[o][i] == d, else off; elements of `bytes`. */
#ifndef RLT_ONE_HOT_H
#define RLT_ONE_HOT_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref indices, on, off, output;
    uint32_t outer, depth, inner, bytes;
    uint32_t wide; /* indices are INT64 */
} rlt_one_hot_params;

enum { RLT_ONE_HOT_REFS = 4 };

#endif
