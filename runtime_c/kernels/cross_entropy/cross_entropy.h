/* Parameters of softmax cross entropy with its gradient: per row of `depth` logits,
 *   loss = sum over i of labels[i] * (log(sum of exp) - logits[i])
 *   dlogits = softmax * (sum of labels) - labels
 * Sparse labels are class numbers: the same with one label of 1. */
#ifndef RLT_CROSS_ENTROPY_H
#define RLT_CROSS_ENTROPY_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref logits, labels, loss, dlogits;
    uint32_t rows, depth;
    uint32_t sparse; /* labels are int32[rows], else float[rows, depth] */
} rlt_cross_entropy_params;

enum { RLT_CROSS_ENTROPY_REFS = 4 };

#endif
