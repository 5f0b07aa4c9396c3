/* dot_rows.h with Helium: 10 instructions for 64 products. */
#ifndef RLT_DOT_ROWS_MVE_H
#define RLT_DOT_ROWS_MVE_H

#include "mve.h"

enum { DOT_ROWS = 4 };

RLT_INLINE void dot_rows(const int8_t *row, const int8_t *values, int32_t count, int32_t rows, int32_t *sum) {
    const int8_t *a = row, *b = rows > 1 ? a + count : a, *c = rows > 2 ? b + count : a, *d = rows > 3 ? c + count : a;
    __asm__ volatile(
        "ldrd r0, r2, [%[sum]]\n\t"
        "ldrd r4, r6, [%[sum], #8]\n\t"
        "wlstp.8 lr, %[count], 2f\n"
        "1:\n\t"
        "vldrb.u8 q0, [%[values]], #16\n\t"
        "vldrb.u8 q1, [%[a]], #16\n\t"
        "vmladava.s8 r0, q0, q1\n\t"
        "vldrb.u8 q2, [%[b]], #16\n\t"
        "vmladava.s8 r2, q0, q2\n\t"
        "vldrb.u8 q1, [%[c]], #16\n\t"
        "vmladava.s8 r4, q0, q1\n\t"
        "vldrb.u8 q2, [%[d]], #16\n\t"
        "vmladava.s8 r6, q0, q2\n\t"
        "letp lr, 1b\n"
        "2:\n\t"
        "strd r0, r2, [%[sum]]\n\t"
        "strd r4, r6, [%[sum], #8]"
        : [values] "+r"(values), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d)
        : [sum] "r"(sum), [count] "r"(count)
        : "r0", "r2", "r4", "r6", "lr", "q0", "q1", "q2", "cc", "memory");
}

RLT_INLINE int32_t dot_halves(const int16_t *a, const int16_t *b, int32_t count, int32_t sum) {
    register int32_t total __asm__("r0") = sum;
    __asm__ volatile(
        "wlstp.16 lr, %[count], 2f\n"
        "1:\n\t"
        "vldrh.u16 q0, [%[a]], #16\n\t"
        "vldrh.u16 q1, [%[b]], #16\n\t"
        "vmladava.s16 %[total], q0, q1\n\t"
        "letp lr, 1b\n"
        "2:"
        : [total] "+r"(total), [a] "+r"(a), [b] "+r"(b)
        : [count] "r"(count)
        : "lr", "q0", "q1", "cc", "memory");
    return total;
}

#endif
