/* Packed convolutions with AVX-512 VNNI: words of 4 bytes, tiles of up to 16 sums, which stay in registers
 * through rounding. More sums at once are slower on AMD Zen 5, measured. */
#ifndef RLT_CONV_2D_PACKED_AVX512_H
#define RLT_CONV_2D_PACKED_AVX512_H

#include <string.h>

#include "../../simd/s8_avx512.h"
#include "packed.h"

enum { MOST_PIXELS = 12, MOST_VECTORS = 4, DIRECT_VECTORS = RLT_CONV_2D_DIRECT_VECTORS, WEIGHTS = 64, KNOWS_POSITIVE = 1 };
#define TILES_1(TILE, v, paired) \
    TILE(12, v, paired) TILE(8, v, paired) TILE(2, v, paired) TILE(1, v, paired)
#define TILES_2(TILE, v, paired) TILE(8, v, paired) TILE(4, v, paired) TILE(1, v, paired)
#define TILES_3(TILE, v, paired) TILE(5, v, paired) TILE(3, v, paired) TILE(1, v, paired)
#define TILES_16(TILE, v, paired) TILE(8, v, paired) TILE(1, v, paired)
#define TILES_24(TILE, v, paired) TILE(4, v, paired) TILE(1, v, paired)
#define TILES_4(TILE, v, paired) TILE(4, v, paired) TILE(2, v, paired) TILE(1, v, paired)
#define SINGLE_ROWS(X) X(1, 0, TILES_1) X(2, 0, TILES_2) X(3, 0, TILES_3) X(4, 0, TILES_4)
#define PAIRED_ROWS(X) X(1, 1, TILES_1) X(2, 1, TILES_16) X(3, 1, TILES_24)

/* `paired`: two words, of which weights for the second are in odd lanes. With lanes as wide as what is repeated, `flip` and
 * the load are one instruction. */
RLT_INLINE vi load_word(const int paired, const vi *flip, const uint8_t *from) {
    int64_t pair;
    int32_t word;
    memcpy(&word, from, sizeof word);
    if (!paired) return flip ? _mm512_xor_epi32(*flip, vi_set(word)) : vi_set(word);
    memcpy(&pair, from, sizeof pair);
    return _mm512_xor_epi64(*flip, _mm512_set1_epi64(pair));
}
RLT_INLINE vi load_weights(const uint8_t *from) { return _mm512_loadu_si512(from); }
RLT_INLINE vi multiply_add(vi sum, vi word, vi weights) { return _mm512_dpbusd_epi32(sum, word, weights); }
RLT_INLINE vi set_term(const int paired, int32_t term) {
    return paired ? _mm512_maskz_set1_epi32(0x5555, term) : vi_set(term);
}

/* Sums of the pairs of two pixels, those of the first in the lower half. */
RLT_INLINE vi add_pairs(vi first, vi second) {
    const vi apart = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
    const vi even = vi_add(first, _mm512_srli_epi64(first, 32));
    return _mm512_permutexvar_epi32(apart, _mm512_mask_add_epi32(even, 0xAAAA, second, _mm512_slli_epi64(second, 32)));
}

/* Sums of bytes of four vectors, added to those in `sum`. `few`: of the first 16 bytes, whose loads cross fewer lines of
 * the cache. */
RLT_INLINE void add_bytes(const int few, const uint8_t *from, const size_t *offsets, vi select, vi *sum) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        const uint8_t *at = from + offsets[i];
        const vi all = few ? _mm512_zextsi128_si512(_mm_loadu_si128((const __m128i *)(const void *)at))
                           : _mm512_loadu_si512(at);
        const vi bytes = _mm512_and_si512(all, select);
        sum[i] = _mm512_add_epi64(sum[i], _mm512_sad_epu8(bytes, _mm512_setzero_si512()));
    }
}

/* Totals of four vectors of eight parts. */
RLT_INLINE __m128i add_parts(const vi *part) {
    const vi ab = _mm512_add_epi64(_mm512_unpacklo_epi64(part[0], part[1]), _mm512_unpackhi_epi64(part[0], part[1]));
    const vi cd = _mm512_add_epi64(_mm512_unpacklo_epi64(part[2], part[3]), _mm512_unpackhi_epi64(part[2], part[3]));
    const vi all = _mm512_castps_si512(_mm512_shuffle_ps(_mm512_castsi512_ps(ab), _mm512_castsi512_ps(cd), 0x88));
    const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

RLT_INLINE void row_terms_of(const int few, const rlt_conv_2d_packed_params *p, const uint8_t *window, size_t step,
                             int32_t width, int32_t factor, int32_t *terms) {
    const int32_t runs = p->run_count, bytes = p->run_bytes;
    const vi every = vi_set(-1), last = _mm512_movm_epi8(UINT64_MAX >> (63 - (bytes - 1) % 64));
    for (int32_t x = 0; x < width; x += 4, window += 4 * step) {
        const size_t rest = (size_t)(width - 1 - x);
        const size_t offsets[4] = {0, rest < 1 ? 0 : step, (rest < 2 ? rest : 2) * step, (rest < 3 ? rest : 3) * step};
        vi part[4] = {vi_set(0), vi_set(0), vi_set(0), vi_set(0)};
        for (int32_t run = 0; run < runs; run++) {
            const uint8_t *from = window + rlt_conv_run_offset(p, run);
            int32_t left = bytes;
            for (; !few && left > 64; left -= 64, from += 64) add_bytes(few, from, offsets, every, part);
            add_bytes(few, from, offsets, last, part);
        }
        const __m128i sums = _mm_mullo_epi32(add_parts(part), _mm_set1_epi32(factor));
        _mm_storeu_si128((__m128i *)(void *)(terms + x), sums);
    }
}

/* Writes whole groups of four. */
static void row_terms(const rlt_conv_2d_packed_params *p, const uint8_t *window, size_t step, int32_t width,
                      int32_t factor, int32_t *terms) {
    if (p->run_bytes <= 16) row_terms_of(1, p, window, step, width, factor, terms);
    else row_terms_of(0, p, window, step, width, factor, terms);
}

/* Tails of a row of pixels, 16 at a time: their bytes lie within two vectors. */
static void row_tails(const rlt_conv_2d_packed_params *p, const uint8_t *window, size_t step, int32_t width,
                      uint8_t *tails) {
    const vi lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const vi at = _mm512_mullo_epi32(lane, vi_set((int32_t)step)), word = _mm512_srli_epi32(at, 2);
    const vi bits = _mm512_slli_epi32(_mm512_and_si512(at, vi_set(3)), 3), byte = vi_set(255);
    for (int32_t x = 0; x < width; x += LANES, window += LANES * step, tails += LANES * RLT_CONV_2D_TAIL) {
        vi sum = vi_set(0);
        for (int32_t run = p->run_count - 1; run >= 0; run--) {
            const uint8_t *from = window + rlt_conv_run_offset(p, run) + p->run_bytes - 1;
            const vi words = _mm512_permutex2var_epi32(_mm512_loadu_si512(from), word, _mm512_loadu_si512(from + 64));
            const vi bytes = _mm512_and_si512(_mm512_srlv_epi32(words, bits), byte);
            sum = _mm512_or_si512(_mm512_slli_epi32(sum, 8), bytes);
        }
        vi_store_32(tails, sum);
    }
}

#endif
