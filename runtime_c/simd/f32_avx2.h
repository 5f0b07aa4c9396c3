/* Vectors of 8 floats with AVX2 and FMA: the names of f32_avx512.h. */
#ifndef RLT_F32_AVX2_H
#define RLT_F32_AVX2_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RLT_INLINE static inline __attribute__((always_inline))

typedef __m256 rlt_vec;
enum { RLT_LANES = 8, RLT_VEC_REGISTERS = 16 };

RLT_INLINE rlt_vec rlt_vec_load(const float *from) { return _mm256_loadu_ps(from); }
RLT_INLINE void rlt_vec_store(float *to, rlt_vec x) { _mm256_storeu_ps(to, x); }
RLT_INLINE rlt_vec rlt_vec_all(float x) { return _mm256_set1_ps(x); }
RLT_INLINE rlt_vec rlt_vec_of(__m256i x) { return _mm256_cvtepi32_ps(x); }
RLT_INLINE __m256i rlt_vec_to_whole(rlt_vec x) { return _mm256_cvttps_epi32(x); }
RLT_INLINE rlt_vec rlt_vec_add(rlt_vec a, rlt_vec b) { return _mm256_add_ps(a, b); }
RLT_INLINE rlt_vec rlt_vec_sub(rlt_vec a, rlt_vec b) { return _mm256_sub_ps(a, b); }
RLT_INLINE rlt_vec rlt_vec_mul(rlt_vec a, rlt_vec b) { return _mm256_mul_ps(a, b); }
RLT_INLINE rlt_vec rlt_vec_div(rlt_vec a, rlt_vec b) { return _mm256_div_ps(a, b); }
RLT_INLINE rlt_vec rlt_vec_fma(rlt_vec a, rlt_vec b, rlt_vec c) { return _mm256_fmadd_ps(a, b, c); }
RLT_INLINE rlt_vec rlt_vec_all_pairs(const float *from) {
    double pair;
    memcpy(&pair, from, sizeof pair);
    return _mm256_castpd_ps(_mm256_set1_pd(pair));
}
RLT_INLINE rlt_vec rlt_vec_all_even(float x) { return _mm256_blend_ps(_mm256_setzero_ps(), _mm256_set1_ps(x), 0x55); }
RLT_INLINE rlt_vec rlt_vec_add_pairs(rlt_vec a, rlt_vec b) {
    return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(_mm256_hadd_ps(a, b)), 0xD8));
}
RLT_INLINE rlt_vec rlt_vec_max(rlt_vec a, rlt_vec b) { return _mm256_max_ps(a, b); }
RLT_INLINE rlt_vec rlt_vec_min(rlt_vec a, rlt_vec b) { return _mm256_min_ps(a, b); }

RLT_INLINE __m256i rlt_first_lanes(size_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
RLT_INLINE rlt_vec rlt_vec_load_first(const float *from, size_t count) {
    return _mm256_maskload_ps(from, rlt_first_lanes(count));
}
RLT_INLINE void rlt_vec_store_first(float *to, rlt_vec x, size_t count) {
    _mm256_maskstore_ps(to, rlt_first_lanes(count), x);
}

RLT_INLINE rlt_vec rlt_vec_load_or(const float *from, size_t count, rlt_vec fill) {
    const __m256i mask = rlt_first_lanes(count);
    return _mm256_blendv_ps(fill, _mm256_maskload_ps(from, mask), _mm256_castsi256_ps(mask));
}

RLT_INLINE rlt_vec rlt_vec_where_less(rlt_vec a, rlt_vec b, rlt_vec yes, rlt_vec no) {
    return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
RLT_INLINE rlt_vec rlt_vec_abs(rlt_vec x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }
RLT_INLINE rlt_vec rlt_vec_sqrt(rlt_vec x) { return _mm256_sqrt_ps(x); }
RLT_INLINE rlt_vec rlt_vec_with_sign(rlt_vec x, rlt_vec sign) {
    return _mm256_or_ps(x, _mm256_and_ps(sign, _mm256_set1_ps(-0.0f)));
}

RLT_INLINE rlt_vec rlt_vec_power_of_two(rlt_vec n) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23));
}
RLT_INLINE rlt_vec rlt_vec_round(rlt_vec x) {
    return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

RLT_INLINE rlt_vec rlt_vec_truncate(rlt_vec x) {
    return _mm256_round_ps(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}
RLT_INLINE void rlt_vec_store_s8(int8_t *to, rlt_vec x, size_t count) {
    const __m256i whole = _mm256_cvtps_epi32(x);
    const __m128i half = _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
    const __m128i bytes = _mm_packs_epi16(half, half);
    if (count >= RLT_LANES) {
        _mm_storel_epi64((__m128i *)(void *)to, bytes);
        return;
    }
    int8_t all[16];
    _mm_storeu_si128((__m128i *)(void *)all, bytes);
    for (size_t i = 0; i < count; i++) to[i] = all[i];
}

RLT_INLINE float rlt_vec_sum(rlt_vec x) {
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}
RLT_INLINE float rlt_vec_largest(rlt_vec x) {
    __m128 half = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

#endif
