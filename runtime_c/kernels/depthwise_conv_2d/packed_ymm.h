/* Packed depthwise convolutions with the vectors of AVX2: all but words and products. */
#ifndef RLT_DEPTHWISE_CONV_2D_PACKED_YMM_H
#define RLT_DEPTHWISE_CONV_2D_PACKED_YMM_H

#include "../../simd/s8_avx2.h"
#include "packed.h"

RLT_INLINE vi load_words(const uint8_t *from) { return _mm256_loadu_si256((const vi *)(const void *)from); }
RLT_INLINE vi load_weights(const uint8_t *from) { return load_words(from); }

/* Fours of bytes in the order in which interleaving leaves them in theirs. */
RLT_INLINE vi load_row(const uint8_t *from, int flip) {
    const vi row = _mm256_xor_si256(load_words(from), _mm256_set1_epi8((char)flip));
    return _mm256_permutevar8x32_epi32(row, _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7));
}
RLT_INLINE vi load_row_part(const uint8_t *from, int32_t count, int flip) {
    uint8_t all[4 * LANES] = {0};
    memcpy(all, from, (size_t)count);
    return load_row(all, flip);
}

typedef v_float_scale scale;
RLT_INLINE scale load_scale(const int32_t *from) { return v_load_float_scale(from); }
RLT_INLINE vi requantize_fast(const int negative, vi sum, const scale *s) {
    return negative ? vi_scale_float(sum, s) : vi_scale_positive(sum, s);
}

/* Of a zero point, in 16 or 8 bits, and clamping; `top`: the largest result less the zero point, unsigned. */
typedef struct {
    vi zero_point, low, high, zero_byte, top;
} last_steps;
RLT_INLINE last_steps last_steps_of(int32_t zero_point, int32_t low, int32_t high) {
    return (last_steps){_mm256_set1_epi16((int16_t)zero_point), _mm256_set1_epi8((char)low),
                        _mm256_set1_epi8((char)high), _mm256_set1_epi8((char)zero_point),
                        _mm256_set1_epi8((char)(high - zero_point))};
}

/* Of four vectors, in order. */
typedef vi four_bytes;
RLT_INLINE four_bytes to_bytes(const int positive, const vi *y, const last_steps *steps) {
    const vi order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const vi ab = _mm256_packs_epi32(y[0], y[1]), cd = _mm256_packs_epi32(y[2], y[3]);
    if (positive) {
        const vi bytes = _mm256_min_epu8(_mm256_packus_epi16(ab, cd), steps->top);
        return _mm256_permutevar8x32_epi32(_mm256_add_epi8(bytes, steps->zero_byte), order);
    }
    const vi bytes = _mm256_packs_epi16(_mm256_adds_epi16(ab, steps->zero_point),
                                        _mm256_adds_epi16(cd, steps->zero_point));
    return _mm256_permutevar8x32_epi32(_mm256_min_epi8(_mm256_max_epi8(bytes, steps->low), steps->high), order);
}

typedef int32_t part;
RLT_INLINE part part_of(int32_t count) { return count; }
RLT_INLINE void store_part(int8_t *to, four_bytes bytes, const int which, part part) {
    const __m128i half = which < 2 ? _mm256_castsi256_si128(bytes) : _mm256_extracti128_si256(bytes, 1);
    v_store_quarter(to, half, which % 2, part);
}

#endif
