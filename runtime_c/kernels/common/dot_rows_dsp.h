/* dot_rows.h with the DSP extension: 23 instructions and the loop's for 16 products. */
#ifndef RLT_DOT_ROWS_DSP_H
#define RLT_DOT_ROWS_DSP_H

#include "dsp.h"

enum { DOT_ROWS = 4 };

RLT_INLINE int32_t dot_word(const int8_t *row, uint32_t even, uint32_t odd, int32_t sum) {
    const uint32_t word = load_word(row);
    return __smlad(odd_bytes(word), odd, __smlad(even_bytes(word), even, sum));
}

static __attribute__((noinline)) void dot_rows(const int8_t *row, const int8_t *values, int32_t count, int32_t rows,
                                               int32_t *sum) {
    const int8_t *a = row, *b = rows > 1 ? a + count : a, *c = rows > 2 ? b + count : a, *d = rows > 3 ? c + count : a;
    int32_t sum_a = sum[0], sum_b = sum[1], sum_c = sum[2], sum_d = sum[3];
    for (; count >= 4; count -= 4, a += 4, b += 4, c += 4, d += 4, values += 4) {
        const uint32_t word = load_word(values), even = even_bytes(word), odd = odd_bytes(word);
        sum_a = dot_word(a, even, odd, sum_a);
        sum_b = dot_word(b, even, odd, sum_b);
        sum_c = dot_word(c, even, odd, sum_c);
        sum_d = dot_word(d, even, odd, sum_d);
    }
    for (; count > 0; count--) {
        const int32_t value = *values++;
        sum_a += *a++ * value;
        sum_b += *b++ * value;
        sum_c += *c++ * value;
        sum_d += *d++ * value;
    }
    sum[0] = sum_a, sum[1] = sum_b, sum[2] = sum_c, sum[3] = sum_d;
}

RLT_INLINE int32_t dot_halves(const int16_t *a, const int16_t *b, int32_t count, int32_t sum) {
    for (; count >= 2; count -= 2, a += 2, b += 2) sum = __smlad(load_word(a), load_word(b), sum);
    return count > 0 ? __smlabb(*a, *b, sum) : sum;
}

#endif
