/* Packed convolutions with AVX2: words of two values of 16 bits, whose products and their sum are
 * exact. */
#ifndef RLT_CONV_2D_PACKED_AVX2_H
#define RLT_CONV_2D_PACKED_AVX2_H

#include <string.h>

#include "../../simd/s8_avx2.h"

enum { MOST_PIXELS = 8, MOST_VECTORS = 2, WORD = 4, WEIGHTS = 16 };
#define ROWS(X) X(1, 8) X(2, 5)

RLT_INLINE vi load_word(const uint8_t *from) {
    int32_t both;
    memcpy(&both, from, sizeof both);
    return vi_set(both);
}
RLT_INLINE vi load_weights(const uint8_t *from) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)from));
}
RLT_INLINE vi multiply_add(vi sum, vi word, vi weights) { return vi_madd(sum, word, weights); }

#endif
