/* Parameters of the EMBEDDING_LOOKUP kernel for 8-bit and 4-bit tables and float results. (Tables of the result's type
 * are GATHER's.) */
#ifndef RLT_EMBEDDING_LOOKUP_H
#define RLT_EMBEDDING_LOOKUP_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref ids, table, scales, output;
    uint32_t count, rows, run;
    uint32_t scale_count; /* 1, or one per row */
    uint32_t is_packed;   /* two signed 4-bit values per byte, the first in the low half */
} rlt_embedding_params;

enum { RLT_EMBEDDING_REFS = 4 };

#endif
