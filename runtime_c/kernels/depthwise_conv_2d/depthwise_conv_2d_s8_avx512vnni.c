/* int8 DEPTHWISE_CONV_2D in its packed form with AVX-512 VNNI: words of 4 rows, one byte each. */
#include "../../simd/s8_avx512.h"

enum { GROUP = 4, WORD = 4, WEIGHTS = 64 };

/* The words of `rows` rows, constant where this is inlined, for `count` bytes of a row, in whole vectors. */
RLT_INLINE void make_words(const int rows, const uint8_t *from, size_t step, int32_t count, uint8_t *to) {
    for (int32_t i = 0; i < count; i += LANES, from += LANES, to += LANES * WORD) {
        vi word = vi_load_u8(from);
#pragma GCC unroll 3
        for (int row = 1; row < rows; row++) {
            word = _mm512_or_si512(word, vi_left(vi_load_u8(from + (size_t)row * step), 8 * row));
        }
        _mm512_storeu_si512(to, word);
    }
}
RLT_INLINE vi load_column(const uint8_t *words) { return _mm512_loadu_si512(words); }
RLT_INLINE vi load_weights(const uint8_t *from) { return _mm512_loadu_si512(from); }
RLT_INLINE vi multiply_add(vi sum, vi words, vi weights) { return _mm512_dpbusd_epi32(sum, words, weights); }

#include "packed_rows.h"

rlt_status rlt_depthwise_conv_2d_s8_avx512vnni(const rlt_run *run, const void *params) { return run_packed(run, params); }
