/* Vectors of 16 floats with AVX-512. The float kernels are written once over these names; f32_avx2.h has the same with
 * 8 floats, and a kernel's file for an instruction set includes one of the two. */
#ifndef RLT_F32_AVX512_H
#define RLT_F32_AVX512_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RLT_INLINE static inline __attribute__((always_inline))

typedef __m512 rlt_vec;
enum { RLT_LANES = 16, RLT_VEC_REGISTERS = 32 };

RLT_INLINE rlt_vec rlt_vec_load(const float *from) { return _mm512_loadu_ps(from); }
RLT_INLINE void rlt_vec_store(float *to, rlt_vec x) { _mm512_storeu_ps(to, x); }
RLT_INLINE rlt_vec rlt_vec_all(float x) { return _mm512_set1_ps(x); }
RLT_INLINE rlt_vec rlt_vec_of(__m512i x) { return _mm512_cvtepi32_ps(x); }
RLT_INLINE __m512i rlt_vec_to_whole(rlt_vec x) { return _mm512_cvttps_epi32(x); }
RLT_INLINE rlt_vec rlt_vec_add(rlt_vec a, rlt_vec b) { return _mm512_add_ps(a, b); }
RLT_INLINE rlt_vec rlt_vec_sub(rlt_vec a, rlt_vec b) { return _mm512_sub_ps(a, b); }
RLT_INLINE rlt_vec rlt_vec_mul(rlt_vec a, rlt_vec b) { return _mm512_mul_ps(a, b); }
RLT_INLINE rlt_vec rlt_vec_div(rlt_vec a, rlt_vec b) { return _mm512_div_ps(a, b); }
RLT_INLINE rlt_vec rlt_vec_fma(rlt_vec a, rlt_vec b, rlt_vec c) { return _mm512_fmadd_ps(a, b, c); }
/* Two values, or one and zero, in all pairs of lanes. */
RLT_INLINE rlt_vec rlt_vec_all_pairs(const float *from) {
    double pair;
    memcpy(&pair, from, sizeof pair);
    return _mm512_castpd_ps(_mm512_set1_pd(pair));
}
RLT_INLINE rlt_vec rlt_vec_all_even(float x) { return _mm512_maskz_broadcastss_ps(0x5555, _mm_set_ss(x)); }
/* Sums of neighbouring lanes, first those of `a`. */
RLT_INLINE rlt_vec rlt_vec_add_pairs(rlt_vec a, rlt_vec b) {
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    return _mm512_add_ps(_mm512_permutex2var_ps(a, even, b), _mm512_permutex2var_ps(a, odd, b));
}
/* The second operand where one is not a number, as `a > b ? a : b` and `a < b ? a : b` have it. */
RLT_INLINE rlt_vec rlt_vec_max(rlt_vec a, rlt_vec b) { return _mm512_max_ps(a, b); }
RLT_INLINE rlt_vec rlt_vec_min(rlt_vec a, rlt_vec b) { return _mm512_min_ps(a, b); }

RLT_INLINE __mmask16 rlt_first_lanes(size_t count) { return (__mmask16)((1u << count) - 1); }

/* `count` values, 0 to 16; the other lanes are zero. Nothing past them is touched. */
RLT_INLINE rlt_vec rlt_vec_load_first(const float *from, size_t count) {
    return _mm512_maskz_loadu_ps(rlt_first_lanes(count), from);
}
RLT_INLINE void rlt_vec_store_first(float *to, rlt_vec x, size_t count) {
    _mm512_mask_storeu_ps(to, rlt_first_lanes(count), x);
}

/* The same with `fill` in the other lanes. */
RLT_INLINE rlt_vec rlt_vec_load_or(const float *from, size_t count, rlt_vec fill) {
    return _mm512_mask_loadu_ps(fill, rlt_first_lanes(count), from);
}

/* a < b ? yes : no */
RLT_INLINE rlt_vec rlt_vec_where_less(rlt_vec a, rlt_vec b, rlt_vec yes, rlt_vec no) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), no, yes);
}
RLT_INLINE rlt_vec rlt_vec_abs(rlt_vec x) { return _mm512_abs_ps(x); }
RLT_INLINE rlt_vec rlt_vec_sqrt(rlt_vec x) { return _mm512_sqrt_ps(x); }
/* The size of `x` with the sign of `sign`; x is not negative. */
RLT_INLINE rlt_vec rlt_vec_with_sign(rlt_vec x, rlt_vec sign) {
    return _mm512_or_ps(x, _mm512_and_ps(sign, _mm512_set1_ps(-0.0f)));
}

/* 2^n for lanes n that hold whole numbers from -126 to 127. */
RLT_INLINE rlt_vec rlt_vec_power_of_two(rlt_vec n) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127)), 23));
}
RLT_INLINE rlt_vec rlt_vec_round(rlt_vec x) {
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

RLT_INLINE rlt_vec rlt_vec_truncate(rlt_vec x) {
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}
/* The first `count` lanes as bytes; they hold whole numbers from -128 to 127. */
RLT_INLINE void rlt_vec_store_s8(int8_t *to, rlt_vec x, size_t count) {
    _mm512_mask_cvtepi32_storeu_epi8(to, rlt_first_lanes(count), _mm512_cvtps_epi32(x));
}

RLT_INLINE float rlt_vec_sum(rlt_vec x) { return _mm512_reduce_add_ps(x); }
RLT_INLINE float rlt_vec_largest(rlt_vec x) { return _mm512_reduce_max_ps(x); }

#endif
