/* tanh and the logistic function of 16-bit fixed-point numbers, bit for bit as gemmlowp's fixedpoint.h computes them
 * for LiteRT's integer LSTM: exp by a polynomial and a product of powers, 1 / (1 + x) by three Newton steps. A number
 * with k integer bits is raw * 2^(k - 15). */
#ifndef RLT_FIXED_POINT_16_H
#define RLT_FIXED_POINT_16_H

#include "fixed_point.h"

/* Files for instruction sets that saturate define it first. */
#ifndef RLT_SATURATE_16
#define RLT_SATURATE_16(value) rlt_clamp(value, INT16_MIN, INT16_MAX)
#endif

static inline int32_t rlt_saturate_16(int32_t value) {
    return RLT_SATURATE_16(value);
}

/* a * b * 2^-15, to nearest, halves up. */
static inline int32_t rlt_high_mul_16(int32_t a, int32_t b) {
    return rlt_saturate_16((a * b + (1 << 14)) >> 15);
}

/* exp(x) of x in [-1/4, 0), both without integer bits: Taylor around -1/8. */
static inline int32_t rlt_exp_quarter_16(int32_t a) {
    const int32_t x = a + (1 << 12), square = rlt_high_mul_16(x, x);
    const int32_t cube = rlt_high_mul_16(square, x), fourth = rlt_high_mul_16(square, square);
    const int32_t third = 10923, constant = 28918; /* 1/3, exp(-1/8) */
    const int32_t tail = rlt_high_mul_16(rlt_divide_pot(fourth, 2) + cube, third) + square;
    return rlt_saturate_16(constant + rlt_high_mul_16(constant, x + rlt_divide_pot(tail, 1)));
}

/* exp(a) without integer bits, of a <= 0 with `bits` integer bits (1 to 7). */
static inline int32_t rlt_exp_16(int32_t a, int32_t bits) {
    /* exp(-2^(i - 2)), for each bit of the multiple of 1/4 in a. */
    static const int16_t FACTORS[] = {25520, 19875, 12055, 4435, 600, 11, 0};
    const int32_t quarter = 1 << (13 - bits);
    if (a == 0) return INT16_MAX;
    if (bits > 5 && a < -(1 << (20 - bits))) return 0; /* below -32 */
    const int32_t rest = (a & (quarter - 1)) - quarter, multiple = rest - a;
    const int32_t quarters = multiple >> (13 - bits);
    int32_t result = rlt_exp_quarter_16(rest * (1 << bits));
#pragma GCC unroll 7
    for (int32_t i = 0; i < 7; i++)
        if (quarters & 1 << i) result = rlt_high_mul_16(result, FACTORS[i]);
    return result;
}

/* 2 / (1 + a) with 2 integer bits, of a in [0, 1] without. */
static inline int32_t rlt_two_over_one_plus_16(int32_t a) {
    const int32_t half = (a + INT16_MAX + 1) / 2;
    int32_t x = 23130 + rlt_high_mul_16(half, -15420); /* 48/17 - 32/17 * half */
    for (int32_t i = 0; i < 3; i++) {
        const int32_t missing = (1 << 13) - rlt_high_mul_16(half, x);
        x += rlt_saturate_16(rlt_high_mul_16(x, missing) * 4);
    }
    return x;
}

/* Both give a number without integer bits. */
static inline int16_t rlt_tanh_16(int16_t value, int32_t bits) {
    if (value == 0) return 0;
    const int32_t decay = rlt_exp_16(value > 0 ? -value : value, bits + 1); /* exp(-2|x|) */
    const int32_t result = rlt_saturate_16((rlt_two_over_one_plus_16(decay) - (1 << 13)) * 4);
    return (int16_t)(value > 0 ? result : -result);
}

static inline int16_t rlt_logistic_16(int16_t value, int32_t bits) {
    if (value == 0) return 1 << 14;
    const int32_t decay = rlt_exp_16(value > 0 ? -value : value, bits);
    const int32_t result = rlt_saturate_16(rlt_two_over_one_plus_16(decay) * 2);
    return (int16_t)(value > 0 ? result : INT16_MAX - result);
}

#endif
