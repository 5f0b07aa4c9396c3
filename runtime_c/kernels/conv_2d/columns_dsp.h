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
    const uint32_t *low = weights, *high = rest_exists ? weights + pairs : weights;
    int32_t a = 0, b = 0, c = 0, d = 0;
    for (int32_t i = pairs; i > 0; i -= 2, column += 2, low += 2, high += 2) {
        const uint32_t x0 = column[0], x1 = column[1];
        b = __smlad(x0, low[0], b);
        a = __smlad(x0, even_bytes(low[0]), a);
        b = __smlad(x1, low[1], b);
        a = __smlad(x1, even_bytes(low[1]), a);
        d = __smlad(x0, high[0], d);
        c = __smlad(x0, even_bytes(high[0]), c);
        d = __smlad(x1, high[1], d);
        c = __smlad(x1, even_bytes(high[1]), c);
    }
    sum[0] = a;
    sum[1] = second(b, a);
    sum[2] = c;
    sum[3] = second(d, c);
}

#endif
