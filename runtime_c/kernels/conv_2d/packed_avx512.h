/* Packed convolutions with AVX-512 VNNI: words of 4 bytes, tiles of up to 16 sums, which stay in registers
 * through rounding. More sums at once are slower on AMD Zen 5, measured. */
#ifndef RLT_CONV_2D_PACKED_AVX512_H
#define RLT_CONV_2D_PACKED_AVX512_H

#include <string.h>

#include "../../simd/s8_avx512.h"
#include "packed.h"

enum { MOST_PIXELS = 12, MOST_VECTORS = 4, WORD = 4, WEIGHTS = 64 };
#define ROWS(X) X(1, 12) X(2, 8) X(3, 5) X(4, 4)

RLT_INLINE vi load_word(const uint8_t *from) {
    int32_t bytes;
    memcpy(&bytes, from, sizeof bytes);
    return vi_set(bytes);
}
RLT_INLINE vi load_weights(const uint8_t *from) { return _mm512_loadu_si512(from); }
RLT_INLINE vi multiply_add(vi sum, vi word, vi weights) { return _mm512_dpbusd_epi32(sum, word, weights); }

/* Short windows, one at a time. */
static void short_row_sums(const rlt_conv_2d_packed_params *p, const uint8_t *window, size_t step, int32_t width,
                           int32_t *sums) {
    const __m128i mask = _mm_movm_epi8((__mmask16)((1u << p->run_bytes) - 1)), zero = _mm_setzero_si128();
    for (int32_t x = 0; x < width; x++, window += step) {
        __m128i sum = zero;
        for (int32_t run = 0; run < p->run_count; run++) {
            const __m128i values = _mm_loadu_si128((const __m128i *)(const void *)(window + rlt_conv_run_offset(p, run)));
            sum = _mm_add_epi32(sum, _mm_sad_epu8(_mm_and_si128(values, mask), zero));
        }
        sums[x] = _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_unpackhi_epi64(sum, sum)));
    }
}

static void row_sums(const rlt_conv_2d_packed_params *p, const uint8_t *window, size_t step, int32_t width,
                     int32_t *sums) {
    const __m512i mask = _mm512_movm_epi8((UINT64_C(1) << p->run_bytes % 64) - 1), zero = _mm512_setzero_si512();
    if (p->run_bytes < 16) {
        short_row_sums(p, window, step, width, sums);
        return;
    }
    for (int32_t x = 0; x < width; x++, window += step) {
        __m512i sum = zero;
        for (int32_t run = 0; run < p->run_count; run++) {
            const uint8_t *from = window + rlt_conv_run_offset(p, run);
            int32_t rest = p->run_bytes;
            for (; rest >= 64; rest -= 64, from += 64) {
                sum = _mm512_add_epi64(sum, _mm512_sad_epu8(_mm512_loadu_si512(from), zero));
            }
            const __m512i last = _mm512_and_si512(_mm512_loadu_si512(from), mask);
            sum = _mm512_add_epi64(sum, _mm512_sad_epu8(last, zero));
        }
        sums[x] = (int32_t)_mm512_reduce_add_epi64(sum);
    }
}

#endif
