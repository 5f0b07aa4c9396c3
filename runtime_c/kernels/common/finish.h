/* How a kernel of the DSP extension turns a channel's sum into an int8 value, in fewer instructions than
 * rlt_requantize() and with the same result.
 *
 *   h = high word of (2 * sum + bias2) * multiplier, rounded      (SMMULR: rlt_high_mul() of sum + bias)
 *   value = saturate((h + (h < 0 ? -1 : 0) + offset) >> shift)    (rlt_divide_pot(), then the zero point)
 *
 * Prepare refuses channels for which one of these could overflow, so a kernel need not look. */
#ifndef RLT_FINISH_H
#define RLT_FINISH_H

#include <stddef.h>

#include "fixed_point.h"

typedef struct {
    int32_t bias2;      /* 2 * bias' */
    int32_t multiplier;
    int32_t offset;     /* half of 2^shift, plus output zero point * 2^shift */
    int32_t shift;      /* at least 1 */
} rlt_finish;

/* The same for results that are rounded once (rlt_requantize_exact()): `offset` has 2 more, and where the bits below
 * the result come to at most 4 the short form cannot tell on which side of a half the result lies. So that there are
 * many such bits, sums are shifted left first as far as their bound allows; bias2, offset and shift belong to that. */
typedef struct {
    rlt_finish finish;
    int32_t left;
    rlt_exact_factor exact;
} rlt_finish_exact;

/* The same for Helium, four channels side by side. h is VQRDMULH's result. What is above shifted right by s and
 * saturates is here shifted left by 24 - s, saturating (VQSHL): it leaves [-2^31, 2^31) just when the value leaves
 * [-128, 128), and the value is the top byte. */
typedef struct {
    int32_t bias[4], multiplier[4], offset[4];
    int32_t shift[4]; /* 24 - rlt_finish.shift */
} rlt_finish_four;

/* Activations that end inside int8's range: values are saturated first and cut here. */
static inline void rlt_cut(int8_t *values, size_t count, int32_t low, int32_t high) {
    if (low <= INT8_MIN && high >= INT8_MAX) return;
    for (size_t i = 0; i < count; i++) values[i] = (int8_t)rlt_clamp(values[i], low, high);
}

#endif
