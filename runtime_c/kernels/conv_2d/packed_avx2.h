/* Packed convolutions with AVX2: words of two values of 16 bits, whose products and their sum are
 * exact. */
#ifndef RLT_CONV_2D_PACKED_AVX2_H
#define RLT_CONV_2D_PACKED_AVX2_H

#include <string.h>

#include "../../simd/s8_avx2.h"
#include "packed.h"

enum { MOST_PIXELS = 8, MOST_VECTORS = 2, DIRECT_VECTORS = 0, WEIGHTS = 16, KNOWS_POSITIVE = 0 };
#define TILES_1(TILE, v, paired) TILE(8, v, paired) TILE(4, v, paired) TILE(2, v, paired) TILE(1, v, paired)
#define TILES_2(TILE, v, paired) \
    TILE(5, v, paired) TILE(4, v, paired) TILE(3, v, paired) TILE(2, v, paired) TILE(1, v, paired)

RLT_INLINE vi load_word(const int paired, const vi *flip, const uint8_t *from) {
    (void)paired, (void)flip; /* never here */
    int32_t both;
    memcpy(&both, from, sizeof both);
    return vi_set(both);
}
RLT_INLINE vi set_term(const int paired, int32_t term) {
    (void)paired;
    return vi_set(term);
}
RLT_INLINE vi load_weights(const uint8_t *from) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)from));
}
RLT_INLINE vi multiply_add(vi sum, vi word, vi weights) { return vi_madd(sum, word, weights); }

static void row_terms(const rlt_conv_2d_packed_params *p, const uint8_t *window, size_t step, int32_t width,
                      int32_t factor, int32_t *terms) {
    for (int32_t x = 0; x < width; x++, window += step) {
        uint32_t sum = 0;
        for (int32_t run = 0; run < p->run_count; run++) {
            const uint16_t *from = (const uint16_t *)(const void *)(window + rlt_conv_run_offset(p, run));
            for (int32_t i = 0; i < p->run_bytes; i++) sum += from[i];
        }
        terms[x] = (int32_t)((uint32_t)factor * sum);
    }
}

#endif
