/* fixed_point_16.h's functions with Helium, eight numbers at a time and the same bits: VQRDMULH is rlt_high_mul_16(). */
#ifndef RLT_FIXED_POINT_16_MVE_H
#define RLT_FIXED_POINT_16_MVE_H

#include "mve.h"

/* x * 2^-shift of numbers whose sum with 1 does not overflow, to nearest, halves away from zero. */
RLT_INLINE int16x8_t divide_eight(int16x8_t x, const int shift) {
    x = vaddq_s16(x, vshrq_n_s16(x, 15));
    return shift == 1 ? vrshrq_n_s16(x, 1) : vrshrq_n_s16(x, 2);
}

RLT_INLINE int16x8_t exp_quarter_eight(int16x8_t a) {
    const int16x8_t x = vaddq_n_s16(a, 1 << 12), square = vqrdmulhq_s16(x, x);
    const int16x8_t cube = vqrdmulhq_s16(square, x), fourth = vqrdmulhq_s16(square, square);
    const int16x8_t third = vqrdmulhq_n_s16(vaddq_s16(divide_eight(fourth, 2), cube), 10923);
    const int16x8_t tail = divide_eight(vaddq_s16(third, square), 1);
    return vqaddq_n_s16(vqrdmulhq_n_s16(vaddq_s16(x, tail), 28918), 28918);
}

RLT_INLINE int16x8_t exp_eight(int16x8_t a, int32_t bits) {
    static const int16_t FACTORS[] = {25520, 19875, 12055, 4435, 600, 11, 0}; /* as in fixed_point_16.h */
    const int32_t quarter = 1 << (13 - bits);
    const int16x8_t rest = vsubq_n_s16(vandq_s16(a, vdupq_n_s16((int16_t)(quarter - 1))), (int16_t)quarter);
    const int16x8_t multiple = vsubq_s16(rest, a);
    int16x8_t result = exp_quarter_eight(vshlq_r_s16(rest, bits));
    for (int32_t i = 0; i < 7 && i - 2 < bits; i++) {
        const int16x8_t some = vandq_s16(multiple, vdupq_n_s16((int16_t)(quarter << i)));
        result = vpselq_s16(vqrdmulhq_n_s16(result, FACTORS[i]), result, vcmpneq_n_s16(some, 0));
    }
    if (bits > 5) result = vpselq_s16(vdupq_n_s16(0), result, vcmpltq_n_s16(a, (int16_t)-(1 << (20 - bits))));
    return vpselq_s16(vdupq_n_s16(INT16_MAX), result, vcmpeqq_n_s16(a, 0));
}

RLT_INLINE int16x8_t two_over_one_plus_eight(int16x8_t a) {
    const int16x8_t half = vaddq_n_s16(vshrq_n_s16(a, 1), 1 << 14);
    int16x8_t x = vaddq_n_s16(vqrdmulhq_n_s16(half, -15420), 23130);
    for (int32_t i = 0; i < 3; i++) {
        const int16x8_t missing = vsubq_s16(vdupq_n_s16(1 << 13), vqrdmulhq_s16(half, x));
        x = vaddq_s16(x, vqshlq_n_s16(vqrdmulhq_s16(x, missing), 2));
    }
    return x;
}

/* Minus the magnitude, which always has a value. */
RLT_INLINE int16x8_t not_positive(int16x8_t value) {
    return vpselq_s16(vnegq_s16(value), value, vcmpgtq_n_s16(value, 0));
}

static inline int16x8_t tanh_eight(int16x8_t value, int32_t bits) {
    const int16x8_t decay = exp_eight(not_positive(value), bits + 1);
    const int16x8_t result = vqshlq_n_s16(vsubq_n_s16(two_over_one_plus_eight(decay), 1 << 13), 2);
    const int16x8_t both = vpselq_s16(result, vnegq_s16(result), vcmpgtq_n_s16(value, 0));
    return vpselq_s16(vdupq_n_s16(0), both, vcmpeqq_n_s16(value, 0));
}

static inline int16x8_t logistic_eight(int16x8_t value, int32_t bits) {
    const int16x8_t result = vqshlq_n_s16(two_over_one_plus_eight(exp_eight(not_positive(value), bits)), 1);
    const int16x8_t other = vsubq_s16(vdupq_n_s16(INT16_MAX), result);
    const int16x8_t both = vpselq_s16(result, other, vcmpgtq_n_s16(value, 0));
    return vpselq_s16(vdupq_n_s16(1 << 14), both, vcmpeqq_n_s16(value, 0));
}

/* Of `count` numbers in place. */
static __attribute__((noinline)) void tanh_row(int16_t *row, uint32_t count, int32_t bits) {
    for (int32_t left = (int32_t)count; left > 0; left -= 8, row += 8) {
        const mve_pred16_t some = vctp16q((uint32_t)left);
        vstrhq_p_s16(row, tanh_eight(vldrhq_z_s16(row, some), bits), some);
    }
}

static __attribute__((noinline)) void logistic_row(int16_t *row, uint32_t count, int32_t bits) {
    for (int32_t left = (int32_t)count; left > 0; left -= 8, row += 8) {
        const mve_pred16_t some = vctp16q((uint32_t)left);
        vstrhq_p_s16(row, logistic_eight(vldrhq_z_s16(row, some), bits), some);
    }
}

#endif
