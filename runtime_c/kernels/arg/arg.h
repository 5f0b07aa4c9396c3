/* Parameters of the ARG_MAX and ARG_MIN kernels over [outer, axis, inner]; the first of equal values wins. */
#ifndef RLT_ARG_H
#define RLT_ARG_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref input, output;
    uint32_t outer, axis, inner;
    uint32_t smallest; /* ARG_MIN */
    uint32_t wide;     /* output is INT64 */
} rlt_arg_params;

enum { RLT_ARG_REFS = 2 };

#endif
