/* Parameters of the LOCAL_RESPONSE_NORMALIZATION kernel over [rows, depth]. */
#ifndef RLT_LOCAL_RESPONSE_H
#define RLT_LOCAL_RESPONSE_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref input, output;
    uint32_t rows, depth;
    int32_t radius;
    float bias, alpha, beta;
} rlt_local_response_params;

enum { RLT_LOCAL_RESPONSE_REFS = 2 };

#endif
