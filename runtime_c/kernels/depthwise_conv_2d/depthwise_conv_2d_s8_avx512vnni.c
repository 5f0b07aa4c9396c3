/* int8 DEPTHWISE_CONV_2D in its packed form with AVX-512 VNNI: words of 4 rows, one byte each. */
#include "../../simd/s8_avx512.h"
#include "packed.h"

enum { GROUP = 4, WEIGHTS = 64, SUMS = 8 };
#define VECTORS(X) X(1, 8, 0) X(2, 4, 0) X(1, 8, 1) X(2, 4, 1)

/* Fours of bytes in the order in which interleaving leaves them in theirs. */
RLT_INLINE vi in_order(vi row, int flip) {
    const vi order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, _mm512_xor_si512(row, _mm512_set1_epi8((char)flip)));
}
RLT_INLINE vi load_row(const uint8_t *from, int flip) { return in_order(_mm512_loadu_si512(from), flip); }
RLT_INLINE vi load_row_part(const uint8_t *from, int32_t count, int flip) {
    return in_order(_mm512_maskz_loadu_epi8((UINT64_C(1) << count) - 1, from), flip);
}

/* The words of a block of four rows. */
RLT_INLINE void make_words(const vi *row, uint8_t *to) {
    const vi upper = _mm512_unpacklo_epi8(row[0], row[1]), upper2 = _mm512_unpackhi_epi8(row[0], row[1]);
    const vi lower = _mm512_unpacklo_epi8(row[2], row[3]), lower2 = _mm512_unpackhi_epi8(row[2], row[3]);
    _mm512_storeu_si512(to, _mm512_unpacklo_epi16(upper, lower));
    _mm512_storeu_si512(to + 64, _mm512_unpackhi_epi16(upper, lower));
    _mm512_storeu_si512(to + 128, _mm512_unpacklo_epi16(upper2, lower2));
    _mm512_storeu_si512(to + 192, _mm512_unpackhi_epi16(upper2, lower2));
}
RLT_INLINE void store_padding(uint8_t *to, int32_t value) { _mm512_storeu_si512(to, _mm512_set1_epi8((char)value)); }
RLT_INLINE vi load_words(const uint8_t *from) { return _mm512_loadu_si512(from); }
RLT_INLINE vi load_weights(const uint8_t *from) { return _mm512_loadu_si512(from); }
RLT_INLINE vi multiply_add(vi sum, vi words, vi weights) { return _mm512_dpbusd_epi32(sum, words, weights); }

typedef v_float_scale scale;
RLT_INLINE scale load_scale(const int32_t *from) {
    return v_load_float_scale(from);
}
RLT_INLINE vi requantize_fast(const int negative, vi sum, const scale *s) {
    return negative ? vi_scale_float(sum, s) : vi_scale_positive(sum, s);
}

typedef v_last_steps last_steps;
RLT_INLINE last_steps last_steps_of(int32_t zero_point, int32_t low, int32_t high) {
    return v_last_steps_of(zero_point, low, high);
}
typedef v_bytes four_bytes;
RLT_INLINE four_bytes to_bytes(const int positive, const vi *y, const last_steps *steps) {
    return v_last_bytes(y, 4, positive, steps);
}

typedef __mmask16 part;
RLT_INLINE part part_of(int32_t count) { return (part)((1u << count) - 1); }
RLT_INLINE void store_part(int8_t *to, four_bytes bytes, const int which, part part) {
    _mm_mask_storeu_epi8(to, part, v_quarter(bytes, which));
}

#include "packed_rows.h"

rlt_status rlt_depthwise_conv_2d_s8_avx512vnni(const rlt_run *run, const void *params) { return run_packed(run, params); }
