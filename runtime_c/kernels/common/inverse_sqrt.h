/* 1 / sqrt(n) of an integer, in fixed point. */
#ifndef RLT_INVERSE_SQRT_H
#define RLT_INVERSE_SQRT_H

#include "fixed_point.h"

/* Five Newton steps with 28 fraction bits, as GetInvSqrtQuantizedMultiplierExp in
 * tflite/kernels/internal/common.h; *shift as rlt_requantize() takes it. `n` must not be negative. */
static inline void rlt_inverse_sqrt(int32_t n, int32_t *multiplier, int32_t *shift) {
    if (n <= 1) {
        *multiplier = INT32_MAX;
        *shift = 0;
        return;
    }
    int32_t right = 11;
    for (; n >= 1 << 29; right++) n /= 4;
    const int32_t pairs = (__builtin_clz((uint32_t)n) - 1) / 2 - 1;
    right -= pairs;
    n <<= 2 * pairs;
    const int32_t half = rlt_divide_pot(n >> 1, 1), three_halves = (1 << 28) + (1 << 27);
    int32_t x = 1 << 28;
    for (int32_t i = 0; i < 5; i++) {
        /* Products of 3-bit-integer numbers have 6, of three 9 integer bits: shifts bring them back to 3. */
        const int32_t cube = rlt_shift_left_saturated(rlt_high_mul(rlt_high_mul(x, x), x), 6);
        x = rlt_shift_left_saturated(rlt_high_mul(three_halves, x) - rlt_high_mul(half, cube), 3);
    }
    *multiplier = rlt_high_mul(x, 1518500250); /* sqrt(1/2) */
    if (right < 0) {
        *multiplier = (int32_t)((uint32_t)*multiplier << -right);
        right = 0;
    }
    *shift = -right;
}

#endif
