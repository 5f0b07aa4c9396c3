/* rlt_requantize() (kernels/common/fixed_point.h) on 16 lanes. */
#ifndef RLT_SIMD_REQUANTIZE_AVX512_H
#define RLT_SIMD_REQUANTIZE_AVX512_H

#include <immintrin.h>
#include <stdint.h>

/* value * multiplier * 2^(left - right - 31), rounded twice; one of left, right is 0 in each lane. */
static inline __m512i rlt_requantize_avx512(__m512i value, __m512i multiplier, __m512i left, __m512i right) {
    const __m512i nudge = _mm512_set1_epi64(1 << 30);
    value = _mm512_sllv_epi32(value, left);
    __m512i even = _mm512_mul_epi32(value, multiplier);
    __m512i odd = _mm512_mul_epi32(_mm512_srli_epi64(value, 32), _mm512_srli_epi64(multiplier, 32));
    even = _mm512_srli_epi64(_mm512_add_epi64(even, nudge), 31);
    odd = _mm512_slli_epi64(_mm512_add_epi64(odd, nudge), 1);
    const __m512i high = _mm512_mask_blend_epi32(0xAAAA, even, odd);
    /* Division by 2^right, halves away from zero. */
    const __m512i one = _mm512_set1_epi32(1);
    const __m512i mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, right), one);
    const __m512i threshold = _mm512_add_epi32(_mm512_srli_epi32(mask, 1), _mm512_srli_epi32(high, 31));
    const __mmask16 up = _mm512_cmpgt_epi32_mask(_mm512_and_si512(high, mask), threshold);
    return _mm512_mask_add_epi32(_mm512_srav_epi32(high, right), up, _mm512_srav_epi32(high, right), one);
}

/* Per-channel constants of rlt_requantize_small_avx512(). */
typedef struct {
    __m512i even, odd; /* multipliers; `odd` holds lanes 1, 3, ... where `even` has 0, 2, ... */
    __m512i half, right;
} rlt_small_scale;

/* From arrays of multipliers and right shifts; reads one multiplier past the 16. */
static inline rlt_small_scale rlt_load_small_scale(const int32_t *multiplier, const int32_t *right) {
    const __m512i shift = _mm512_loadu_si512(right);
    return (rlt_small_scale){_mm512_loadu_si512(multiplier), _mm512_loadu_si512(multiplier + 1),
                             _mm512_srli_epi32(_mm512_sllv_epi32(_mm512_set1_epi32(1), shift), 1), shift};
}

/* The same result for |value| < 2^30, left shift 0 and right shifts of at least 1. Then the sign of the intermediate
 * is that of `value` wherever it matters, and halves go away from zero by one subtraction. */
static inline __m512i rlt_requantize_small_avx512(__m512i value, const rlt_small_scale *scale) {
    const __m512i nudge = _mm512_set1_epi64(INT64_C(1) << 31), twice = _mm512_add_epi32(value, value);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(twice, scale->even), nudge);
    const __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(twice, 32), scale->odd), nudge);
    const __m512i high = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
    const __m512i biased = _mm512_add_epi32(_mm512_add_epi32(high, scale->half), _mm512_srai_epi32(value, 31));
    return _mm512_srav_epi32(biased, scale->right);
}

/* The last steps of an int8 result, on bytes. */
typedef struct {
    __m512i zero_point; /* 16-bit lanes */
    __m512i low, high;  /* 8-bit lanes */
    __m512i order;
} rlt_byte_range;

static inline rlt_byte_range rlt_load_byte_range(int32_t zero_point, int32_t low, int32_t high) {
    return (rlt_byte_range){
        _mm512_set1_epi16((int16_t)zero_point), _mm512_set1_epi8((int8_t)low), _mm512_set1_epi8((int8_t)high),
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)};
}

/* Four vectors of requantized values to 64 bytes in order, zero point added, clamped. */
static inline __m512i rlt_to_bytes_avx512(__m512i a, __m512i b, __m512i c, __m512i d, const rlt_byte_range *range) {
    const __m512i ab = _mm512_adds_epi16(_mm512_packs_epi32(a, b), range->zero_point);
    const __m512i cd = _mm512_adds_epi16(_mm512_packs_epi32(c, d), range->zero_point);
    const __m512i bytes = _mm512_permutexvar_epi32(range->order, _mm512_packs_epi16(ab, cd));
    return _mm512_min_epi8(_mm512_max_epi8(bytes, range->low), range->high);
}

#endif
