/* What the column kernels share: widening bytes, and the products of one column. */
#ifndef RLT_CONV_2D_COLUMNS_DSP_H
#define RLT_CONV_2D_COLUMNS_DSP_H

#include "../common/dsp.h"
#include "columns.h"

/* Widens `count` bytes to pairs, `step` words apart. Returns where the next pair goes. */
RLT_INLINE uint32_t *widen(uint32_t *to, const size_t step, const int8_t *from, int32_t count) {
    for (; count >= 4; count -= 4, from += 4, to += 2 * step) {
        const uint32_t word = load_word(from);
        to[0] = even_bytes(word);
        to[step] = odd_bytes(word);
    }
    if (count <= 0) return to;
    to[0] = (uint16_t)from[0] | (count > 2 ? (uint32_t)from[2] << 16 : 0);
    if (count == 1) return to + step;
    to[step] = (uint16_t)from[1];
    return to + 2 * step;
}

/* The sum of B from 256 * B + A and A. */
RLT_INLINE int32_t second(int32_t both, int32_t first) { return (int32_t)((uint32_t)both - (uint32_t)first) >> 8; }

/* Sums of four channels, the last two maybe absent, over one column. */
RLT_INLINE void multiply_one(const uint32_t *column, const uint32_t *weights, int32_t pairs, int rest_exists,
                             int32_t sum[4]) {
    const uint32_t *low = weights, *high = rest_exists ? weights + pairs : weights, *const end = column + pairs;
    int32_t a = 0, b = 0, c = 0, d = 0;
    uint32_t x, y, w;
    uint32_t v = (uint32_t)(-pairs & 7) * 30u; /* a column of 8n + 2k pairs enters the unrolled loop at its last k */
    __asm__ volatile(
        "adr.w %[x], 1f\n\t"
        "add.w %[x], %[x], %[v]\n\t"
        "orr.w %[x], %[x], #1\n\t"
        "bx %[x]\n\t"
        ".balign 4\n"
        "1:\n\t"
        ".rept 4\n\t" /* two pairs: 15 instructions of 4 bytes */
        "ldrd %[x], %[y], [%[column]], #8\n\t"
        "ldrd %[v], %[w], [%[low]], #8\n\t"
        "smlad %[b], %[x], %[v], %[b]\n\t"
        "smlad %[b], %[y], %[w], %[b]\n\t"
        "sxtb16.w %[v], %[v]\n\t"
        "sxtb16.w %[w], %[w]\n\t"
        "smlad %[a], %[x], %[v], %[a]\n\t"
        "smlad %[a], %[y], %[w], %[a]\n\t"
        "ldrd %[v], %[w], [%[high]], #8\n\t"
        "smlad %[d], %[x], %[v], %[d]\n\t"
        "smlad %[d], %[y], %[w], %[d]\n\t"
        "sxtb16.w %[v], %[v]\n\t"
        "sxtb16.w %[w], %[w]\n\t"
        "smlad %[c], %[x], %[v], %[c]\n\t"
        "smlad %[c], %[y], %[w], %[c]\n\t"
        ".endr\n\t"
        "cmp %[column], %[end]\n\t"
        "bne 1b\n\t"
        : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [x] "=&r"(x), [y] "=&r"(y), [w] "=&r"(w), [v] "+r"(v),
          [column] "+r"(column), [low] "+r"(low), [high] "+r"(high)
        : [end] "r"(end)
        : "cc", "memory");
    sum[0] = a;
    sum[1] = second(b, a);
    sum[2] = c;
    sum[3] = second(d, c);
}

#endif
