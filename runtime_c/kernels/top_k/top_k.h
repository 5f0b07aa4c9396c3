/* Parameters of the TOPK_V2 kernels over [rows, count]: the k largest of each row in falling order, the first of equal
 * values first. */
#ifndef RLT_TOP_K_H
#define RLT_TOP_K_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref input, values, indices;
    uint32_t rows, count, k;
    uint32_t is_short; /* indices are INT16 */
} rlt_top_k_params;

enum { RLT_TOP_K_REFS = 3 };

#endif
