/* Instructions of the DSP extension (Armv7E-M, Armv8-M) that int8 kernels use, and how they finish a sum. */
#ifndef RLT_DSP_H
#define RLT_DSP_H

#include <arm_acle.h>
#include <stddef.h>

#include "finish.h"

#define RLT_INLINE static inline __attribute__((always_inline))

/* Words at any address: these cores read and write them unaligned. (A freestanding memcpy() would be a call.) */
RLT_INLINE uint32_t load_word(const void *from) {
    uint32_t word;
    __builtin_memcpy(&word, from, sizeof word);
    return word;
}
RLT_INLINE void store_word(void *to, uint32_t word) { __builtin_memcpy(to, &word, sizeof word); }

/* Bytes 0 and 2, or 1 and 3, as two int16. */
RLT_INLINE uint32_t even_bytes(uint32_t word) {
    uint32_t halves;
    __asm__("sxtb16 %0, %1" : "=r"(halves) : "r"(word));
    return halves;
}
RLT_INLINE uint32_t odd_bytes(uint32_t word) {
    uint32_t halves;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(word));
    return halves;
}

/* The lower, or upper, halves of two words side by side, that of `a` below. */
RLT_INLINE uint32_t lower_halves(uint32_t a, uint32_t b) {
    uint32_t both;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(both) : "r"(a), "r"(b));
    return both;
}
RLT_INLINE uint32_t upper_halves(uint32_t a, uint32_t b) {
    uint32_t both;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(both) : "r"(b), "r"(a));
    return both;
}

/* finish.h's h. (Constants by value: a store of int8 may alias what a pointer shows.) */
RLT_INLINE int32_t high_word(int32_t sum, rlt_finish f) {
    int32_t high;
    __asm__("smmulr %0, %1, %2" : "=r"(high) : "r"((uint32_t)sum * 2u + (uint32_t)f.bias2), "r"(f.multiplier));
    return high;
}

RLT_INLINE int32_t saturated(int32_t value) { return __ssat(value, 8); }

/* finish.h's value. */
RLT_INLINE int8_t finished(int32_t sum, rlt_finish f) {
    const int32_t high = high_word(sum, f);
    return (int8_t)saturated((high + (high >> 31) + f.offset) >> f.shift);
}

/* window_16/finish_16.h's value. */
RLT_INLINE int32_t scaled_half(int32_t sum, int32_t multiplier) {
    int32_t high;
    __asm__("smmulr %0, %1, %2" : "=r"(high) : "r"(sum), "r"(multiplier));
    return __ssat(high, 16);
}

/* rlt_cut(), four at a time. */
RLT_INLINE void cut(int8_t *values, size_t count, int32_t low, int32_t high) {
    if (low <= INT8_MIN && high >= INT8_MAX) return;
    const uint32_t least = (uint8_t)low * 0x01010101u, most = (uint8_t)high * 0x01010101u;
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        uint32_t four = load_word(values + i), rest;
        __asm__("ssub8 %[rest], %[four], %[least]\n\t" /* sets a flag of each byte for SEL */
                "sel %[four], %[four], %[least]\n\t"
                "ssub8 %[rest], %[four], %[most]\n\t"
                "sel %[four], %[most], %[four]"
                : [four] "+r"(four), [rest] "=&r"(rest)
                : [least] "r"(least), [most] "r"(most)
                : "cc");
        store_word(values + i, four);
    }
    for (; i < count; i++) values[i] = (int8_t)rlt_clamp(values[i], low, high);
}

/* Two int16 side by side. */
RLT_INLINE uint32_t both_halves(int32_t value) { return (uint32_t)value << 16 | (uint16_t)value; }

/* The same of int16. */
RLT_INLINE void cut_halves(int16_t *values, size_t count, int32_t low, int32_t high) {
    if (low <= INT16_MIN && high >= INT16_MAX) return;
    const uint32_t least = both_halves(low), most = both_halves(high);
    size_t i = 0;
    for (; i + 2 <= count; i += 2) {
        uint32_t two = load_word(values + i), rest;
        __asm__("ssub16 %[rest], %[two], %[least]\n\t" /* sets a flag of each half for SEL */
                "sel %[two], %[two], %[least]\n\t"
                "ssub16 %[rest], %[two], %[most]\n\t"
                "sel %[two], %[most], %[two]"
                : [two] "+r"(two), [rest] "=&r"(rest)
                : [least] "r"(least), [most] "r"(most)
                : "cc");
        store_word(values + i, two);
    }
    for (; i < count; i++) values[i] = (int16_t)rlt_clamp(values[i], low, high);
}

#endif
