/* int8 DEPTHWISE_CONV_2D in its packed form with AVX2: words of 2 rows, 16 bits each, as weights are. */
#include "../../simd/s8_avx2.h"

enum { GROUP = 2, WORD = 4, WEIGHTS = 32 };

RLT_INLINE void make_word(const int rows, const uint8_t *from, size_t row, uint8_t *to) {
    vi word = vi_load_u8(from);
    if (rows > 1) word = _mm256_or_si256(word, vi_left(vi_load_u8(from + row), 16));
    _mm256_storeu_si256((vi *)(void *)to, word);
}
RLT_INLINE vi load_column(const uint8_t *words) { return _mm256_loadu_si256((const vi *)(const void *)words); }
RLT_INLINE vi load_weights(const uint8_t *from) { return _mm256_loadu_si256((const vi *)(const void *)from); }
RLT_INLINE vi multiply_add(vi sum, vi words, vi weights) { return vi_madd(sum, words, weights); }

#include "packed_rows.h"

rlt_status rlt_depthwise_conv_2d_s8_avx2(const rlt_run *run, const void *params) { return run_packed(run, params); }
