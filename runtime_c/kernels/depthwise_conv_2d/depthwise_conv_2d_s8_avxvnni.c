/* int8 DEPTHWISE_CONV_2D in its packed form with AVX-VNNI: words of 4 rows, one byte each. */
#include "packed_ymm.h"

enum { GROUP = 4, WEIGHTS = 32, SUMS = 4 };
#define VECTORS(X) X(1, 4, 0) X(2, 2, 0) X(1, 4, 1) X(2, 2, 1)

RLT_INLINE vi multiply_add(vi sum, vi words, vi weights) { return _mm256_dpbusd_avx_epi32(sum, words, weights); }

/* The words of a block of four rows. */
RLT_INLINE void make_words(const vi *row, uint8_t *to) {
    const vi upper = _mm256_unpacklo_epi8(row[0], row[1]), upper2 = _mm256_unpackhi_epi8(row[0], row[1]);
    const vi lower = _mm256_unpacklo_epi8(row[2], row[3]), lower2 = _mm256_unpackhi_epi8(row[2], row[3]);
    vi *words = (vi *)(void *)to;
    _mm256_storeu_si256(words, _mm256_unpacklo_epi16(upper, lower));
    _mm256_storeu_si256(words + 1, _mm256_unpackhi_epi16(upper, lower));
    _mm256_storeu_si256(words + 2, _mm256_unpacklo_epi16(upper2, lower2));
    _mm256_storeu_si256(words + 3, _mm256_unpackhi_epi16(upper2, lower2));
}
RLT_INLINE void store_padding(uint8_t *to, int32_t value) {
    _mm256_storeu_si256((vi *)(void *)to, _mm256_set1_epi8((char)value));
}

#include "packed_rows.h"

rlt_status rlt_depthwise_conv_2d_s8_avxvnni(const rlt_run *run, const void *params) { return run_packed(run, params); }
