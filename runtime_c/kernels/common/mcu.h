/* What int8 kernels share on small cores without SIMD: Cortex-M0 to M3, RV32IMC. These multiply words only, so kernels
 * widen the input to words once and keep sums of several pixels or channels in registers. The inner loops of Arm cores
 * are assembly, since compilers neither load several words at once nor use the upper registers of Thumb-1. */
#ifndef RLT_MCU_H
#define RLT_MCU_H

#include "finish.h"

#define RLT_INLINE static inline __attribute__((always_inline))

/* RLT_THUMB_1: eight registers, products of 32 bits. RLT_THUMB_2: all registers, also products of 64 bits. */
#if defined(__thumb2__)
#define RLT_THUMB_2
#elif defined(__thumb__)
#define RLT_THUMB_1
#endif

/* finish.h's h. |sum + bias| is below 2^29, as prepare made sure. */
RLT_INLINE int32_t high_word(int32_t sum, rlt_finish f) {
#ifdef RLT_THUMB_1
    /* (a * m + 2^30) >> 31 by halves: the lower half of `a` signed, so that no sum of products overflows. */
    const int32_t a = (int32_t)((uint32_t)sum + (uint32_t)(f.bias2 >> 1)), low = (int16_t)a, high = (a - low) >> 16;
    const int32_t m_low = f.multiplier & 0xffff, m_high = f.multiplier >> 16;
    const int32_t middle = high * m_low + low * m_high + ((low * m_low) >> 16);
    return 2 * (high * m_high) + (((middle >> 14) + 1) >> 1); /* a constant 2^14 would take two instructions */
#else
    const int64_t product = (int64_t)(int32_t)((uint32_t)sum * 2u + (uint32_t)f.bias2) * f.multiplier;
    return (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31);
#endif
}

RLT_INLINE int32_t saturated(int32_t value) {
#ifdef RLT_THUMB_2
    int32_t result;
    __asm__("ssat %0, #8, %1" : "=r"(result) : "r"(value));
    return result;
#else
    if ((int8_t)value == value) return value;
    return value < 0 ? INT8_MIN : INT8_MAX;
#endif
}

/* finish.h's value. */
RLT_INLINE int8_t finished(int32_t sum, rlt_finish f) {
    const int32_t high = high_word(sum, f);
    return (int8_t)saturated((high + (high >> 31) + f.offset) >> f.shift);
}

#endif
