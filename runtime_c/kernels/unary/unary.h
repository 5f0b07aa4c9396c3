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

/* Any function of an 8-bit value: output = table[input as an unsigned byte]. Of 16 bits: see common/table_16.h. */
typedef struct {
    rlt_ref input, output;
    rlt_ref table; /* uint8[256] or int16[513] */
    uint32_t count;
} rlt_lookup_params;

/* int16 values times a factor for those from 0 and another for those below, of whose magnitudes (ABS) it may be; the
 * product's sign may be turned (negative slopes). */
typedef struct {
    rlt_ref input, output;
    uint32_t count;
    int32_t multiplier, shift, negative_multiplier, negative_shift;
    int32_t is_magnitude, is_turned;
    int32_t low, high;
} rlt_rescale_s16_params;

/* LOGISTIC and TANH of int16: value * multiplier >> shift is in steps of 1 / (3 * 4096); the table has
 * logistic(i / 24) in steps of 2^-16. */
enum { RLT_CURVE_S16_VALUES = 256 };
typedef struct {
    rlt_ref input, output;
    rlt_ref table; /* uint16[RLT_CURVE_S16_VALUES] */
    uint32_t count;
    int32_t multiplier, shift;
} rlt_curve_s16_params;

enum { RLT_UNARY_REFS = 2, RLT_LOOKUP_REFS = 3 };

#endif
