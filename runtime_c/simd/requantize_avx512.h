/* rlt_requantize() (kernels/common/fixed_point.h) on 16 lanes. */
#ifndef RLT_SIMD_REQUANTIZE_AVX512_H
#define RLT_SIMD_REQUANTIZE_AVX512_H

#include <immintrin.h>

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

#endif
