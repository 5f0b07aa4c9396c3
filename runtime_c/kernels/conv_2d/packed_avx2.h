/* Packed convolutions with AVX2: words of 2 bytes, widened to 16 bits, where products and sums of two are
 * exact. */
#ifndef RLT_CONV_2D_PACKED_AVX2_H
#define RLT_CONV_2D_PACKED_AVX2_H

#include <string.h>

#include "../../simd/s8_avx2.h"

enum { MOST_PIXELS = 8, MOST_VECTORS = 2, WORD = 2, WEIGHTS = 16 };
#define ROWS(X) X(1, 8) X(2, 5)

RLT_INLINE vi load_word(const uint8_t *from) {
    int16_t bytes;
    memcpy(&bytes, from, sizeof bytes);
    return _mm256_cvtepu8_epi16(_mm_set1_epi16(bytes));
}
RLT_INLINE vi load_weights(const uint8_t *from) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)from));
}
RLT_INLINE vi multiply_add(vi sum, vi word, vi weights) { return vi_add(sum, _mm256_madd_epi16(word, weights)); }

#endif
