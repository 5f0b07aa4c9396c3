/* What the column kernels of int16 activations share. */
#ifndef RLT_CONV_2D_COLUMNS_S16_DSP_H
#define RLT_CONV_2D_COLUMNS_S16_DSP_H

#include "../common/dsp.h"
#include "columns.h"

/* `count` values as pairs, `step` words apart; the last one maybe alone. Returns where the next pair goes. */
RLT_INLINE uint32_t *copy_pairs(uint32_t *to, const size_t step, const int16_t *from, int32_t count) {
    for (; count >= 8; count -= 8, from += 8, to += 4 * step) {
        to[0] = load_word(from);
        to[step] = load_word(from + 2);
        to[2 * step] = load_word(from + 4);
        to[3 * step] = load_word(from + 6);
    }
    for (; count >= 2; count -= 2, from += 2, to += step) *to = load_word(from);
    if (count > 0) *to = (uint16_t)*from, to += step;
    return to;
}

/* Adds to the sums of four channels, the last two maybe absent, those over one column. */
RLT_INLINE void multiply_one(const uint32_t *column, const uint32_t *weights, int32_t pairs, int rest_exists,
                             int32_t sum[4]) {
    const uint32_t *low = weights, *high = rest_exists ? weights + pairs : weights, *const end = column + pairs;
    int32_t a = sum[0], b = sum[1], c = sum[2], d = sum[3];
    uint32_t x, y, w, t, v = (uint32_t)(-pairs & 7) * 38u; /* 8n + 2k pairs enter the unrolled loop at its last k */
    __asm__ volatile(
        "adr.w %[x], 1f\n\t"
        "add.w %[x], %[x], %[v]\n\t"
        "orr.w %[x], %[x], #1\n\t"
        "bx %[x]\n\t"
        ".balign 4\n"
        "1:\n\t"
        ".rept 4\n\t" /* two pairs: 19 instructions of 4 bytes */
        "ldrd %[x], %[y], [%[column]], #8\n\t"
        "ldrd %[v], %[w], [%[low]], #8\n\t"
        "sxtb16.w %[t], %[v]\n\t"
        "sxtb16.w %[v], %[v], ror #8\n\t"
        "smlad %[a], %[x], %[t], %[a]\n\t"
        "smlad %[b], %[x], %[v], %[b]\n\t"
        "sxtb16.w %[t], %[w]\n\t"
        "sxtb16.w %[w], %[w], ror #8\n\t"
        "smlad %[a], %[y], %[t], %[a]\n\t"
        "smlad %[b], %[y], %[w], %[b]\n\t"
        "ldrd %[v], %[w], [%[high]], #8\n\t"
        "sxtb16.w %[t], %[v]\n\t"
        "sxtb16.w %[v], %[v], ror #8\n\t"
        "smlad %[c], %[x], %[t], %[c]\n\t"
        "smlad %[d], %[x], %[v], %[d]\n\t"
        "sxtb16.w %[t], %[w]\n\t"
        "sxtb16.w %[w], %[w], ror #8\n\t"
        "smlad %[c], %[y], %[t], %[c]\n\t"
        "smlad %[d], %[y], %[w], %[d]\n\t"
        ".endr\n\t"
        "ldr.w %[t], %[end]\n\t"
        "cmp %[column], %[t]\n\t"
        "bne 1b\n\t"
        : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [x] "=&r"(x), [y] "=&r"(y), [w] "=&r"(w), [t] "=&r"(t),
          [v] "+r"(v), [column] "+r"(column), [low] "+r"(low), [high] "+r"(high)
        : [end] "m"(end)
        : "cc", "memory");
    sum[0] = a, sum[1] = b, sum[2] = c, sum[3] = d;
}

#endif
