/* Vectors of 8 sums of int8 arithmetic with AVX2: the names of s8_avx512.h. */
#ifndef RLT_S8_AVX2_H
#define RLT_S8_AVX2_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define RLT_INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define RLT_APART static __attribute__((noinline))
#else
#define RLT_APART static __attribute__((noinline, noclone))
#endif

enum { LANES = 8, QUARTERS = 2 };

typedef __m256i vi;

RLT_INLINE vi vi_load(const int32_t *from) { return _mm256_loadu_si256((const vi *)from); }
RLT_INLINE vi vi_set(int32_t value) { return _mm256_set1_epi32(value); }
RLT_INLINE vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
RLT_INLINE vi vi_sub(vi a, vi b) { return _mm256_sub_epi32(a, b); }
RLT_INLINE vi vi_mul(vi a, vi b) { return _mm256_mullo_epi32(a, b); }
RLT_INLINE vi vi_left(vi a, int32_t count) { return _mm256_slli_epi32(a, count); }
RLT_INLINE vi vi_max(vi a, vi b) { return _mm256_max_epi32(a, b); }
RLT_INLINE vi vi_min(vi a, vi b) { return _mm256_min_epi32(a, b); }
RLT_INLINE vi vi_load_s8(const int8_t *from) { return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)from)); }
RLT_INLINE vi vi_load_u8(const uint8_t *from) { return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)from)); }
RLT_INLINE vi vi_load_s16(const void *from) { return _mm256_cvtepi16_epi32(_mm_loadu_si128(from)); }
RLT_INLINE __m128i vi_low_16(vi a) {
    const vi low = _mm256_and_si256(a, _mm256_set1_epi32(0xFFFF));
    return _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
}
RLT_INLINE void vi_store_8(void *to, vi a) {
    const __m128i low = _mm_and_si128(vi_low_16(a), _mm_set1_epi16(0xFF));
    _mm_storel_epi64(to, _mm_packus_epi16(low, low));
}
RLT_INLINE void vi_store_16(void *to, vi a) { _mm_storeu_si128(to, vi_low_16(a)); }
RLT_INLINE void vi_store_32(void *to, vi a) { _mm256_storeu_si256((vi *)to, a); }
RLT_INLINE vi vi_load_32(const void *from) { return _mm256_loadu_si256((const vi *)from); }
RLT_INLINE vi vi_right(vi a, int32_t count) { return _mm256_sra_epi32(a, _mm_cvtsi32_si128(count)); }
RLT_INLINE vi vi_set_8(int32_t value) { return _mm256_set1_epi8((char)value); }
RLT_INLINE vi vi_max_8(vi a, vi b) { return _mm256_max_epi8(a, b); }
RLT_INLINE vi vi_min_8(vi a, vi b) { return _mm256_min_epi8(a, b); }
RLT_INLINE vi vi_zip_low_8(vi a, vi b) { return _mm256_unpacklo_epi8(a, b); }
RLT_INLINE vi vi_zip_high_8(vi a, vi b) { return _mm256_unpackhi_epi8(a, b); }
RLT_INLINE vi vi_pack_32(vi a, vi b) { return _mm256_packs_epi32(a, b); }
RLT_INLINE vi vi_pack_16(vi a, vi b) { return _mm256_packs_epi16(a, b); }

/* sum + products of 16-bit values and their neighbours'. The empty statement keeps GCC from adding up products of several
 * steps first, which takes more registers than there are. */
RLT_INLINE vi vi_madd(vi sum, vi a, vi b) {
    sum = vi_add(sum, _mm256_madd_epi16(a, b));
    __asm__("" : "+x"(sum));
    return sum;
}

RLT_INLINE vi vi_requantize(vi value, vi multiplier, vi left, vi right) {
    const vi nudge = _mm256_set1_epi64x(1 << 30);
    value = _mm256_sllv_epi32(value, left);
    vi even = _mm256_mul_epi32(value, multiplier);
    vi odd = _mm256_mul_epi32(_mm256_srli_epi64(value, 32), _mm256_srli_epi64(multiplier, 32));
    even = _mm256_srli_epi64(_mm256_add_epi64(even, nudge), 31);
    odd = _mm256_slli_epi64(_mm256_add_epi64(odd, nudge), 1);
    const vi high = _mm256_blend_epi32(even, odd, 0xAA);
    const vi one = vi_set(1);
    const vi mask = vi_sub(_mm256_sllv_epi32(one, right), one);
    const vi threshold = vi_add(_mm256_srli_epi32(mask, 1), _mm256_srli_epi32(high, 31));
    const vi up = _mm256_cmpgt_epi32(_mm256_and_si256(high, mask), threshold); /* -1 where up */
    return vi_sub(_mm256_srav_epi32(high, right), up);
}

typedef struct {
    vi even, odd;
    vi nudge_even, nudge_odd;
    vi right;
} v_scale;

RLT_INLINE v_scale v_make_scale(vi even, vi odd, vi right) {
    const vi half = _mm256_srli_epi32(_mm256_sllv_epi32(vi_set(1), right), 1), low = _mm256_set1_epi64x(INT64_C(1) << 31);
    return (v_scale){even, odd, _mm256_or_si256(_mm256_slli_epi64(half, 32), low),
                     _mm256_or_si256(_mm256_and_si256(half, _mm256_set1_epi64x(-(INT64_C(1) << 32))), low), right};
}

RLT_INLINE v_scale v_load_scale(const int32_t *multiplier, const int32_t *right) {
    return v_make_scale(vi_load(multiplier), vi_load(multiplier + 1), vi_load(right));
}

RLT_INLINE v_scale v_set_scale(int32_t multiplier, int32_t right) {
    return v_make_scale(vi_set(multiplier), vi_set(multiplier), vi_set(right));
}

RLT_INLINE vi vi_requantize_small(vi value, const v_scale *scale) {
    const vi twice = vi_add(value, value);
    const vi even = _mm256_add_epi64(_mm256_mul_epi32(twice, scale->even), scale->nudge_even);
    const vi odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(twice, 32), scale->odd), scale->nudge_odd);
    const vi high = _mm256_blend_epi32(_mm256_shuffle_epi32(even, 0xF5), odd, 0xAA);
    return _mm256_srav_epi32(vi_add(high, _mm256_srai_epi32(value, 31)), scale->right);
}

/* kernels/common/prepare_float_scale.h: sums scaled by floats, rounded towards 0 at first too. In memory one array after
 * the other. */
typedef struct {
    __m256 high, low, offset;
} v_float_scale;

RLT_INLINE v_float_scale v_load_float_scale(const void *from) {
    const float *high = from;
    return (v_float_scale){_mm256_loadu_ps(high), _mm256_loadu_ps(high + LANES), _mm256_loadu_ps(high + 2 * LANES)};
}

/* Around everything that uses one: the rounding mode is the thread's. */
typedef unsigned v_mode;
RLT_INLINE v_mode v_enter(int scaled) {
    const v_mode before = _mm_getcsr();
    if (scaled) _mm_setcsr(before | _MM_ROUND_TOWARD_ZERO);
    return before;
}
RLT_INLINE void v_leave(v_mode mode) {
    if (mode != _mm_getcsr()) _mm_setcsr(mode);
}

RLT_INLINE vi vi_scale_positive(vi sum, const v_float_scale *scale) {
    const __m256 x = _mm256_cvtepi32_ps(sum);
    return _mm256_cvttps_epi32(_mm256_fmadd_ps(x, scale->high, _mm256_fmadd_ps(x, scale->low, scale->offset)));
}
RLT_INLINE vi vi_scale_float(vi sum, const v_float_scale *scale) {
    const __m256 sign = _mm256_and_ps(_mm256_castsi256_ps(sum), _mm256_set1_ps(-0.0f)), x = _mm256_cvtepi32_ps(sum);
    const __m256 rest = _mm256_fmadd_ps(x, scale->low, _mm256_or_ps(scale->offset, sign));
    return _mm256_cvttps_epi32(_mm256_fmadd_ps(x, scale->high, rest));
}

/* The same in one operation, where `low` is 0; `positive`: results below 0 count as 0. */
RLT_INLINE vi vi_scale_once(vi sum, const int positive, const v_float_scale *scale) {
    const __m256 sign = _mm256_and_ps(_mm256_castsi256_ps(sum), _mm256_set1_ps(-0.0f));
    const __m256 offset = positive ? scale->offset : _mm256_or_ps(scale->offset, sign);
    return _mm256_cvttps_epi32(_mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), scale->high, offset));
}

RLT_INLINE __m128i v_round_away(__m256d value) {
    const __m256d limit = _mm256_set1_pd(1 << 30);
    value = _mm256_max_pd(_mm256_min_pd(value, limit), _mm256_sub_pd(_mm256_setzero_pd(), limit));
    const __m256d whole = _mm256_round_pd(value, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
    const __m256d rest = _mm256_sub_pd(value, whole), one = _mm256_set1_pd(1.0);
    const __m256d up = _mm256_and_pd(_mm256_cmp_pd(rest, _mm256_set1_pd(0.5), _CMP_GE_OQ), one);
    const __m256d down = _mm256_and_pd(_mm256_cmp_pd(rest, _mm256_set1_pd(-0.5), _CMP_LE_OQ), one);
    return _mm256_cvttpd_epi32(_mm256_sub_pd(_mm256_add_pd(whole, up), down));
}

RLT_INLINE vi vi_scale_exact(vi value, const double *factor) {
    const __m256d low = _mm256_cvtepi32_pd(_mm256_castsi256_si128(value));
    const __m256d high = _mm256_cvtepi32_pd(_mm256_extracti128_si256(value, 1));
    const __m128i first = v_round_away(_mm256_mul_pd(low, _mm256_loadu_pd(factor)));
    const __m128i second = v_round_away(_mm256_mul_pd(high, _mm256_loadu_pd(factor + 4)));
    return _mm256_inserti128_si256(_mm256_castsi128_si256(first), second, 1);
}

typedef struct {
    vi zero_point;     /* 16-bit lanes */
    __m128i low, high; /* 8-bit lanes */
} v_range;

RLT_INLINE v_range v_set_range(int32_t zero_point, int32_t low, int32_t high) {
    return (v_range){_mm256_set1_epi16((int16_t)zero_point), _mm_set1_epi8((int8_t)low), _mm_set1_epi8((int8_t)high)};
}

typedef __m128i v_bytes;

/* Two vectors, or one twice, as 16-bit lanes in order. */
RLT_INLINE vi v_to_halves(const vi *a, const int count) {
    return _mm256_permute4x64_epi64(_mm256_packs_epi32(a[0], a[count > 1 ? 1 : 0]), 0xD8);
}

RLT_INLINE v_bytes v_to_bytes(const vi *a, const int count, const v_range *range) {
    const vi halves = _mm256_adds_epi16(v_to_halves(a, count), range->zero_point);
    const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
    return _mm_min_epi8(_mm_max_epi8(bytes, range->low), range->high);
}

typedef struct {
    __m128i top, zero_point; /* 8-bit lanes; `top` is unsigned, the largest result less the zero point */
} v_positive_range;

typedef struct {
    v_range any;
    v_positive_range positive;
} v_last_steps;

RLT_INLINE v_last_steps v_last_steps_of(int32_t zero_point, int32_t low, int32_t high) {
    return (v_last_steps){v_set_range(zero_point, low, high),
                          {_mm_set1_epi8((char)(high - zero_point)), _mm_set1_epi8((char)zero_point)}};
}

RLT_INLINE v_bytes v_last_bytes(const vi *a, const int count, const int positive, const v_last_steps *steps) {
    if (!positive) return v_to_bytes(a, count, &steps->any);
    const vi halves = v_to_halves(a, count);
    const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
    return _mm_add_epi8(_mm_min_epu8(bytes, steps->positive.top), steps->positive.zero_point);
}

RLT_INLINE void v_store_bytes(int8_t *to, v_bytes bytes, int32_t count) {
    if (count >= QUARTERS * LANES) {
        _mm_storeu_si128((__m128i *)to, bytes);
    } else {
        int8_t all[16];
        _mm_storeu_si128((__m128i *)all, bytes);
        memcpy(to, all, (size_t)count);
    }
}

RLT_INLINE void v_store_quarter(int8_t *to, v_bytes bytes, const int quarter, int32_t count) {
    const __m128i part = quarter == 0 ? bytes : _mm_srli_si128(bytes, 8);
    if (count >= LANES) {
        _mm_storel_epi64((__m128i *)to, part);
    } else {
        v_store_bytes(to, part, count);
    }
}
/* The first `count` bytes of a half, which is a quarter here. */
RLT_INLINE void v_store_half(int8_t *to, v_bytes bytes, const int half, int32_t count) {
    v_store_quarter(to, bytes, half, count);
}

RLT_INLINE v_bytes v_load_bytes(const int8_t *from, int32_t count) {
    int8_t all[16] = {0};
    if (count >= QUARTERS * LANES) return _mm_loadu_si128((const __m128i *)from);
    memcpy(all, from, (size_t)count);
    return _mm_loadu_si128((const __m128i *)all);
}
RLT_INLINE v_bytes v_set_bytes(int32_t value) { return _mm_set1_epi8((int8_t)value); }
RLT_INLINE v_bytes v_max_bytes(v_bytes a, v_bytes b) { return _mm_max_epi8(a, b); }
RLT_INLINE v_bytes v_min_bytes(v_bytes a, v_bytes b) { return _mm_min_epi8(a, b); }

RLT_INLINE vi vi_mean(vi sum, int32_t count) {
    const __m256 total = _mm256_cvtepi32_ps(vi_add(_mm256_abs_epi32(sum), vi_set(count / 2)));
    const vi mean = _mm256_cvttps_epi32(_mm256_div_ps(total, _mm256_set1_ps((float)count)));
    return _mm256_sign_epi32(mean, sum);
}

#endif
