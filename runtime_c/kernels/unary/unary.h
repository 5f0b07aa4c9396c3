/* Parameters of elementwise kernels on one operand. */
#ifndef RLT_UNARY_H
#define RLT_UNARY_H

#include "../../core/kernel.h"

/* Float functions. `alpha`, `beta`: LEAKY_RELU's slope; bounds of a clamp. */
typedef struct {
    rlt_ref input, output;
    uint32_t count;
    float alpha, beta;
} rlt_unary_f32_params;

/* Any function of an 8-bit value: output = table[input as an unsigned byte]. */
typedef struct {
    rlt_ref input, output;
    rlt_ref table; /* uint8[256] */
    uint32_t count;
} rlt_lookup_params;

enum { RLT_UNARY_REFS = 2, RLT_LOOKUP_REFS = 3 };

#endif
