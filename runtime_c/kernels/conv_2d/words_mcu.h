/* What the word kernels share: the products of one column. */
#ifndef RLT_CONV_2D_WORDS_MCU_H
#define RLT_CONV_2D_WORDS_MCU_H

#include "../common/mcu.h"
#include "words.h"

/* Fills a column's end, zeros up to a multiple of RLT_CONV_2D_WORDS_STEP; returns where it then ends. */
RLT_INLINE int32_t *round_up(int32_t *column, int32_t depth) {
    for (; depth % RLT_CONV_2D_WORDS_STEP; depth++) column[depth] = 0;
    return column + depth;
}

#ifdef RLT_THUMB_1
/* Written out: the compiler takes the lines of assembly for instructions when it chooses branches, which reach only
 * 256 bytes. */
#define ONE_ELEMENT(x, at) \
    "ldrb r7, [r1, #" #at "]\n\t" \
    "muls r7, " #x ", r7\n\t" \
    "add r8, r7\n\t" \
    "ldrb r7, [r2, #" #at "]\n\t" \
    "muls r7, " #x ", r7\n\t" \
    "add r9, r7\n\t"
#define FOUR_ELEMENTS(a, b, c, d) \
    "ldmia r0!, {r3-r6}\n\t" ONE_ELEMENT(r3, a) ONE_ELEMENT(r4, b) ONE_ELEMENT(r5, c) ONE_ELEMENT(r6, d)
#endif

typedef struct {
    int32_t a, b;
} two_sums;

/* Sums of two channels over one column rounded up, from `start` on, which is -128 * (sum of the column). */
RLT_INLINE two_sums multiply_one(const int32_t *column, const int32_t *end, const uint8_t *weights, const uint8_t *other,
                                 int32_t start) {
    int32_t a = start, b = start;
#if defined(RLT_THUMB_2)
    __asm__ volatile(
        "1:\n\t"
        ".rept 2\n\t"
        "ldmia.w %[column]!, {r2-r9}\n\t"
        ".irp x, r2, r3, r4, r5, r6, r7, r8, r9\n\t"
        "ldrb.w r12, [%[weights]], #1\n\t"
        "mla %[a], \\x, r12, %[a]\n\t"
        "ldrb.w r12, [%[other]], #1\n\t"
        "mla %[b], \\x, r12, %[b]\n\t"
        ".endr\n\t"
        ".endr\n\t"
        "ldr.w r12, %[end]\n\t"
        "cmp %[column], r12\n\t"
        "bne 1b\n\t"
        : [a] "+r"(a), [b] "+r"(b), [column] "+r"(column), [weights] "+r"(weights), [other] "+r"(other)
        : [end] "m"(end)
        : "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r12", "cc", "memory");
#elif defined(RLT_THUMB_1)
    register const int32_t *column_ __asm__("r0") = column;
    register const uint8_t *weights_ __asm__("r1") = weights, *other_ __asm__("r2") = other;
    register int32_t a_ __asm__("r8") = a, b_ __asm__("r9") = b;
    register const int32_t *end_ __asm__("r10") = end;
    __asm__ volatile(
        ".syntax unified\n"
        "1:\n\t"
        FOUR_ELEMENTS(0, 1, 2, 3)
        FOUR_ELEMENTS(4, 5, 6, 7)
        FOUR_ELEMENTS(8, 9, 10, 11)
        FOUR_ELEMENTS(12, 13, 14, 15)
        "adds r1, #16\n\t"
        "adds r2, #16\n\t"
        "cmp r0, r10\n\t"
        "bne 1b\n\t"
        : "+r"(column_), "+r"(weights_), "+r"(other_), "+r"(a_), "+r"(b_)
        : "r"(end_)
        : "r3", "r4", "r5", "r6", "r7", "cc", "memory");
    a = a_, b = b_;
#else
    for (; column != end; column += 4, weights += 4, other += 4) {
        const int32_t x0 = column[0], x1 = column[1], x2 = column[2], x3 = column[3];
        a += x0 * weights[0] + x1 * weights[1] + x2 * weights[2] + x3 * weights[3];
        b += x0 * other[0] + x1 * other[1] + x2 * other[2] + x3 * other[3];
    }
#endif
    return (two_sums){a, b};
}

#endif
