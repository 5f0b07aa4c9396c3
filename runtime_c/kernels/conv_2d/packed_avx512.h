/* Packed convolutions with AVX-512 VNNI: words of 4 bytes, tiles of up to 16 sums, which stay in registers
 * through rounding. More sums at once are slower on AMD Zen 5, measured. */
#ifndef RLT_CONV_2D_PACKED_AVX512_H
#define RLT_CONV_2D_PACKED_AVX512_H

#include <string.h>

#include "../../simd/s8_avx512.h"

enum { MOST_PIXELS = 12, MOST_VECTORS = 4, WORD = 4, WEIGHTS = 64 };
#define ROWS(X) X(1, 12) X(2, 8) X(3, 5) X(4, 4)

RLT_INLINE vi load_word(const uint8_t *from) {
    int32_t bytes;
    memcpy(&bytes, from, sizeof bytes);
    return vi_set(bytes);
}
RLT_INLINE vi load_weights(const uint8_t *from) { return _mm512_loadu_si512(from); }
RLT_INLINE vi multiply_add(vi sum, vi word, vi weights) { return _mm512_dpbusd_epi32(sum, word, weights); }

#endif
