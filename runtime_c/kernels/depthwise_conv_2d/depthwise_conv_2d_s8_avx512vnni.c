/* int8 DEPTHWISE_CONV_2D in its packed form with AVX-512 VNNI: words of 4 rows, one byte each. */
#include "../../simd/s8_avx512.h"

enum { GROUP = 4, WORD = 4, WEIGHTS = 64 };

/* A vector of words from `rows` rows, constant where this is inlined, which lie `row` bytes apart. */
RLT_INLINE void make_word(const int rows, const uint8_t *from, size_t row, uint8_t *to) {
    vi word = vi_load_u8(from);
#pragma GCC unroll 3
    for (int i = 1; i < rows; i++) word = _mm512_or_si512(word, vi_left(vi_load_u8(from + (size_t)i * row), 8 * i));
    _mm512_storeu_si512(to, word);
}
RLT_INLINE vi load_column(const uint8_t *words) { return _mm512_loadu_si512(words); }
RLT_INLINE vi load_weights(const uint8_t *from) { return _mm512_loadu_si512(from); }
RLT_INLINE vi multiply_add(vi sum, vi words, vi weights) { return _mm512_dpbusd_epi32(sum, words, weights); }

#include "packed_rows.h"

rlt_status rlt_depthwise_conv_2d_s8_avx512vnni(const rlt_run *run, const void *params) { return run_packed(run, params); }
