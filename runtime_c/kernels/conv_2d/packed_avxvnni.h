/* Packed convolutions with AVX-VNNI: words of 4 bytes, as with AVX-512, and vectors of AVX2. */
#ifndef RLT_CONV_2D_PACKED_AVXVNNI_H
#define RLT_CONV_2D_PACKED_AVXVNNI_H

#include <string.h>

#include "../../simd/s8_avx2.h"
#include "packed.h"

enum { MOST_PIXELS = 8, MOST_VECTORS = 2, DIRECT_VECTORS = 0, WEIGHTS = 32, KNOWS_POSITIVE = 0 };
#define TILES_1(TILE, v, paired) TILE(8, v, paired) TILE(4, v, paired) TILE(2, v, paired) TILE(1, v, paired)
#define TILES_2(TILE, v, paired) TILE(6, v, paired) TILE(4, v, paired) TILE(2, v, paired) TILE(1, v, paired)
#define ROWS(X) X(1, 0, TILES_1) X(2, 0, TILES_2)

RLT_INLINE vi load_word(const int paired, const vi *flip, const uint8_t *from) {
    (void)paired, (void)flip; /* never here */
    int32_t bytes;
    memcpy(&bytes, from, sizeof bytes);
    return vi_set(bytes);
}
RLT_INLINE vi set_term(const int paired, int32_t term) {
    (void)paired;
    return vi_set(term);
}
RLT_INLINE vi load_weights(const uint8_t *from) { return _mm256_loadu_si256((const vi *)(const void *)from); }
RLT_INLINE vi multiply_add(vi sum, vi word, vi weights) { return _mm256_dpbusd_avx_epi32(sum, word, weights); }

/* Loads whole vectors: the band has room behind it. */
static void row_terms(const rlt_conv_2d_packed_params *p, const uint8_t *window, size_t step, int32_t width,
                      int32_t factor, int32_t *terms) {
    const vi zero = _mm256_setzero_si256();
    uint8_t mask[32] = {0};
    memset(mask, 0xFF, (size_t)((p->run_bytes - 1) % 32 + 1));
    const vi last = load_weights(mask);
    for (int32_t x = 0; x < width; x++, window += step) {
        vi sums = zero;
        for (int32_t run = 0; run < p->run_count; run++) {
            const uint8_t *from = window + rlt_conv_run_offset(p, run);
            for (int32_t left = p->run_bytes; left > 0; left -= 32, from += 32) {
                const vi bytes = load_weights(from);
                sums = _mm256_add_epi64(sums, _mm256_sad_epu8(left > 32 ? bytes : _mm256_and_si256(bytes, last), zero));
            }
        }
        const __m128i halves = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
        terms[x] = (int32_t)((uint32_t)factor * (uint32_t)(_mm_cvtsi128_si32(halves) + _mm_extract_epi32(halves, 2)));
    }
}

#endif
