/* int8 DEPTHWISE_CONV_2D in its packed form with AVX2: words of 2 rows, 16 bits each, as weights are. */
#include "packed_ymm.h"

enum { GROUP = 2, WEIGHTS = 32, SUMS = 4 };
#define VECTORS(X) X(1, 4, 0) X(2, 2, 0) X(1, 4, 1) X(2, 2, 1)

RLT_INLINE vi multiply_add(vi sum, vi words, vi weights) { return vi_madd(sum, words, weights); }

/* The words of a block of two rows. */
RLT_INLINE void make_words(const vi *row, uint8_t *to) {
    const vi zero = _mm256_setzero_si256();
    const vi first = _mm256_unpacklo_epi8(row[0], row[1]), second = _mm256_unpackhi_epi8(row[0], row[1]);
    vi *words = (vi *)(void *)to;
    _mm256_storeu_si256(words, _mm256_unpacklo_epi8(first, zero));
    _mm256_storeu_si256(words + 1, _mm256_unpackhi_epi8(first, zero));
    _mm256_storeu_si256(words + 2, _mm256_unpacklo_epi8(second, zero));
    _mm256_storeu_si256(words + 3, _mm256_unpackhi_epi8(second, zero));
}
RLT_INLINE void store_padding(uint8_t *to, int32_t value) {
    _mm256_storeu_si256((vi *)(void *)to, _mm256_set1_epi16((int16_t)value));
}

#include "packed_rows.h"

rlt_status rlt_depthwise_conv_2d_s8_avx2(const rlt_run *run, const void *params) { return run_packed(run, params); }
