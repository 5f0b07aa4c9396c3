/* Parameters of the CAST kernel. */
#ifndef RLT_CAST_H
#define RLT_CAST_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref input, output;
    uint32_t count, input_type, output_type;
} rlt_cast_params;

enum { RLT_CAST_REFS = 2 };

#endif
