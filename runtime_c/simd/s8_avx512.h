/* Vectors of 16 sums of int8 arithmetic with AVX-512. The int8 kernels are written once over these names; s8_avx2.h has
 * the same with 8 sums, and a kernel's file for an instruction set includes one of the two. */
#ifndef RLT_S8_AVX512_H
#define RLT_S8_AVX512_H

#include <immintrin.h>
#include <stdint.h>

#define RLT_INLINE static inline __attribute__((always_inline))
/* Of a function that must not grow each caller; GCC would make a copy of it for every constant argument. */
#if defined(__clang__)
#define RLT_APART static __attribute__((noinline))
#else
#define RLT_APART static __attribute__((noinline, noclone))
#endif

/* Lanes of a vector; vectors whose int8 forms fill one register. */
enum { LANES = 16, QUARTERS = 4 };

typedef __m512i vi;

RLT_INLINE vi vi_load(const int32_t *from) { return _mm512_loadu_si512(from); }
RLT_INLINE vi vi_set(int32_t value) { return _mm512_set1_epi32(value); }
RLT_INLINE vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
RLT_INLINE vi vi_sub(vi a, vi b) { return _mm512_sub_epi32(a, b); }
RLT_INLINE vi vi_mul(vi a, vi b) { return _mm512_mullo_epi32(a, b); }
RLT_INLINE vi vi_left(vi a, int32_t count) { return _mm512_slli_epi32(a, (unsigned)count); }
RLT_INLINE vi vi_max(vi a, vi b) { return _mm512_max_epi32(a, b); }
RLT_INLINE vi vi_min(vi a, vi b) { return _mm512_min_epi32(a, b); }
RLT_INLINE vi vi_load_s8(const int8_t *from) { return _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)from)); }
RLT_INLINE vi vi_load_u8(const uint8_t *from) { return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)from)); }
RLT_INLINE vi vi_load_s16(const void *from) { return _mm512_cvtepi16_epi32(_mm256_loadu_si256(from)); }
/* The low 8, 16 or all bits of the lanes. */
RLT_INLINE void vi_store_8(void *to, vi a) { _mm_storeu_si128(to, _mm512_cvtepi32_epi8(a)); }
RLT_INLINE void vi_store_16(void *to, vi a) { _mm256_storeu_si256(to, _mm512_cvtepi32_epi16(a)); }
RLT_INLINE void vi_store_32(void *to, vi a) { _mm512_storeu_si512(to, a); }

RLT_INLINE vi vi_load_32(const void *from) { return _mm512_loadu_si512(from); }
RLT_INLINE vi vi_right(vi a, int32_t count) { return _mm512_sra_epi32(a, _mm_cvtsi32_si128(count)); }
/* sum + products of 16-bit values and their neighbours'. */
RLT_INLINE vi vi_madd(vi sum, vi a, vi b) { return _mm512_dpwssd_epi32(sum, a, b); }
RLT_INLINE vi vi_set_8(int32_t value) { return _mm512_set1_epi8((char)value); }
RLT_INLINE vi vi_max_8(vi a, vi b) { return _mm512_max_epi8(a, b); }
RLT_INLINE vi vi_min_8(vi a, vi b) { return _mm512_min_epi8(a, b); }
/* Within each 128 bits: bytes of `a` and `b` by turns; narrower values, saturated, of `a` before those of `b`. */
RLT_INLINE vi vi_zip_low_8(vi a, vi b) { return _mm512_unpacklo_epi8(a, b); }
RLT_INLINE vi vi_zip_high_8(vi a, vi b) { return _mm512_unpackhi_epi8(a, b); }
RLT_INLINE vi vi_pack_32(vi a, vi b) { return _mm512_packs_epi32(a, b); }
RLT_INLINE vi vi_pack_16(vi a, vi b) { return _mm512_packs_epi16(a, b); }

/* rlt_requantize() (kernels/common/fixed_point.h): value * multiplier * 2^(left - right - 31), rounded twice; one of
 * left, right is 0 in each lane. */
RLT_INLINE vi vi_requantize(vi value, vi multiplier, vi left, vi right) {
    const vi nudge = _mm512_set1_epi64(1 << 30);
    value = _mm512_sllv_epi32(value, left);
    vi even = _mm512_mul_epi32(value, multiplier);
    vi odd = _mm512_mul_epi32(_mm512_srli_epi64(value, 32), _mm512_srli_epi64(multiplier, 32));
    even = _mm512_srli_epi64(_mm512_add_epi64(even, nudge), 31);
    odd = _mm512_slli_epi64(_mm512_add_epi64(odd, nudge), 1);
    const vi high = _mm512_mask_blend_epi32(0xAAAA, even, odd);
    /* Division by 2^right, halves away from zero. */
    const vi one = vi_set(1);
    const vi mask = vi_sub(_mm512_sllv_epi32(one, right), one);
    const vi threshold = vi_add(_mm512_srli_epi32(mask, 1), _mm512_srli_epi32(high, 31));
    const __mmask16 up = _mm512_cmpgt_epi32_mask(_mm512_and_si512(high, mask), threshold);
    return _mm512_mask_add_epi32(_mm512_srav_epi32(high, right), up, _mm512_srav_epi32(high, right), one);
}

/* Constants of vi_requantize_small(). */
typedef struct {
    vi even, odd; /* multipliers; `odd` holds lanes 1, 3, ... where `even` has 0, 2, ... */
    vi nudge_even, nudge_odd; /* what rounds the product and the division after it, as 64 bits */
    vi right;
} v_scale;

RLT_INLINE v_scale v_make_scale(vi even, vi odd, vi right) {
    const vi half = _mm512_srli_epi32(_mm512_sllv_epi32(vi_set(1), right), 1), low = _mm512_set1_epi64(INT64_C(1) << 31);
    return (v_scale){even, odd, _mm512_or_si512(_mm512_slli_epi64(half, 32), low),
                     _mm512_or_si512(_mm512_and_si512(half, _mm512_set1_epi64(-(INT64_C(1) << 32))), low), right};
}

/* From arrays of multipliers and right shifts; reads one multiplier past the vector's. */
RLT_INLINE v_scale v_load_scale(const int32_t *multiplier, const int32_t *right) {
    return v_make_scale(vi_load(multiplier), vi_load(multiplier + 1), vi_load(right));
}

RLT_INLINE v_scale v_set_scale(int32_t multiplier, int32_t right) {
    return v_make_scale(vi_set(multiplier), vi_set(multiplier), vi_set(right));
}

/* The same result for |value| < 2^30, left shift 0 and right shifts of at least 1. Then the sign of the intermediate
 * is that of `value` wherever it matters, and halves go away from zero by one subtraction. */
RLT_INLINE vi vi_requantize_small(vi value, const v_scale *scale) {
    const vi twice = vi_add(value, value);
    const vi even = _mm512_add_epi64(_mm512_mul_epi32(twice, scale->even), scale->nudge_even);
    const vi odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(twice, 32), scale->odd), scale->nudge_odd);
    const vi high = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
    return _mm512_srav_epi32(vi_add(high, _mm512_srai_epi32(value, 31)), scale->right);
}

/* kernels/common/prepare_float_scale.h: sums scaled by floats. In memory one array after the other. */
typedef struct {
    __m512 high, low, offset;
} v_float_scale;

RLT_INLINE v_float_scale v_load_float_scale(const void *from) {
    const float *high = from;
    return (v_float_scale){_mm512_loadu_ps(high), _mm512_loadu_ps(high + LANES), _mm512_loadu_ps(high + 2 * LANES)};
}

RLT_INLINE vi vi_scale_float(vi sum, const v_float_scale *scale) {
    enum { TO_NEAREST = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC,
           TO_ZERO = _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC };
    const vi sign = vi_set(INT32_MIN);
    const __m512 x = _mm512_cvt_roundepi32_ps(sum, TO_NEAREST);
    const __m512 offset = _mm512_castsi512_ps(
        _mm512_ternarylogic_epi32(_mm512_castps_si512(scale->offset), sum, sign, 0xF8)); /* offset | (sum & sign) */
    const __m512 rest = _mm512_fmadd_round_ps(x, scale->low, offset, TO_NEAREST);
    return _mm512_cvttps_epi32(_mm512_fmadd_round_ps(x, scale->high, rest, TO_ZERO));
}

/* Rounding modes are those of instructions: nothing to set. */
typedef int v_mode;
RLT_INLINE v_mode v_enter(int scaled) { return scaled; }
RLT_INLINE void v_leave(v_mode mode) { (void)mode; }

/* The same where results below 0 count as 0. */
RLT_INLINE vi vi_scale_positive(vi sum, const v_float_scale *scale) {
    enum { TO_NEAREST = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC,
           TO_ZERO = _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC };
    const __m512 x = _mm512_cvt_roundepi32_ps(sum, TO_NEAREST);
    const __m512 rest = _mm512_fmadd_round_ps(x, scale->low, scale->offset, TO_NEAREST);
    return _mm512_cvttps_epi32(_mm512_fmadd_round_ps(x, scale->high, rest, TO_ZERO));
}

/* The same in one operation, where `low` is 0; `positive`: results below 0 count as 0. */
RLT_INLINE vi vi_scale_once(vi sum, const int positive, const v_float_scale *scale) {
    enum { TO_NEAREST = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC,
           TO_ZERO = _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC };
    const vi signed_offset = _mm512_ternarylogic_epi32(_mm512_castps_si512(scale->offset), sum, vi_set(INT32_MIN), 0xF8);
    const __m512 offset = positive ? scale->offset : _mm512_castsi512_ps(signed_offset);
    const __m512 x = _mm512_cvt_roundepi32_ps(sum, TO_NEAREST);
    return _mm512_cvttps_epi32(_mm512_fmadd_round_ps(x, scale->high, offset, TO_ZERO));
}

/* Eight doubles rounded to int32, halves away from zero; within +-2^30. What is added before cutting the fraction is just
 * below a half: a half itself would carry the number below one half to one. */
RLT_INLINE __m256i v_round_away(__m512d value) {
    const __m512d limit = _mm512_set1_pd(1 << 30), half = _mm512_set1_pd(0x1.fffffffffffffp-2);
    const __m512d sign = _mm512_and_pd(value, _mm512_set1_pd(-0.0));
    value = _mm512_max_pd(_mm512_min_pd(value, limit), _mm512_sub_pd(_mm512_setzero_pd(), limit));
    return _mm512_cvttpd_epi32(_mm512_add_pd(value, _mm512_or_pd(half, sign)));
}

/* rlt_requantize_exact() with the factors as doubles, for results within +-2^30. */
RLT_INLINE vi vi_scale_exact(vi value, const double *factor) {
    const __m512d low = _mm512_cvtepi32_pd(_mm512_castsi512_si256(value));
    const __m512d high = _mm512_cvtepi32_pd(_mm512_extracti64x4_epi64(value, 1));
    const __m256i first = v_round_away(_mm512_mul_pd(low, _mm512_loadu_pd(factor)));
    const __m256i second = v_round_away(_mm512_mul_pd(high, _mm512_loadu_pd(factor + 8)));
    return _mm512_inserti64x4(_mm512_castsi256_si512(first), second, 1);
}

/* The last steps of an int8 result, on bytes. */
typedef struct {
    vi zero_point; /* 16-bit lanes */
    vi low, high;  /* 8-bit lanes */
    vi order;
} v_range;

RLT_INLINE v_range v_set_range(int32_t zero_point, int32_t low, int32_t high) {
    return (v_range){_mm512_set1_epi16((int16_t)zero_point), _mm512_set1_epi8((int8_t)low),
                     _mm512_set1_epi8((int8_t)high),
                     _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)};
}

/* int8 forms of QUARTERS vectors, in order. */
typedef __m512i v_bytes;

RLT_INLINE v_bytes v_clamp_halves(vi ab, vi cd, const v_range *range) {
    const vi bytes = _mm512_permutexvar_epi32(range->order, _mm512_packs_epi16(ab, cd));
    return _mm512_min_epi8(_mm512_max_epi8(bytes, range->low), range->high);
}

/* Of requantized values: zero point added, clamped. Indices past `count` repeat the first vector. */
RLT_INLINE v_bytes v_to_bytes(const vi *a, const int count, const v_range *range) {
    const vi ab = _mm512_adds_epi16(_mm512_packs_epi32(a[0], a[count > 1 ? 1 : 0]), range->zero_point);
    const vi cd = _mm512_adds_epi16(_mm512_packs_epi32(a[count > 2 ? 2 : 0], a[count > 3 ? 3 : 0]), range->zero_point);
    return v_clamp_halves(ab, cd, range);
}

/* Of values that have their zero point. */
RLT_INLINE v_bytes v_narrow(const vi *a, const int count, const v_range *range) {
    return v_clamp_halves(_mm512_packs_epi32(a[0], a[count > 1 ? 1 : 0]),
                          _mm512_packs_epi32(a[count > 2 ? 2 : 0], a[count > 3 ? 3 : 0]), range);
}

/* The same where all values below 0 count as 0, to which the zero point is added last. */
typedef struct {
    vi top, zero_point; /* 8-bit lanes; `top` is unsigned, the largest result less the zero point */
    vi order;
} v_positive_range;

RLT_INLINE v_positive_range v_set_positive_range(int32_t zero_point, int32_t high) {
    const v_range range = v_set_range(0, 0, 0);
    return (v_positive_range){_mm512_set1_epi8((char)(high - zero_point)), _mm512_set1_epi8((char)zero_point),
                              range.order};
}

RLT_INLINE v_bytes v_positive_to_bytes(const vi *a, const int count, const v_positive_range *range) {
    const vi ab = _mm512_packs_epi32(a[0], a[count > 1 ? 1 : 0]);
    const vi cd = _mm512_packs_epi32(a[count > 2 ? 2 : 0], a[count > 3 ? 3 : 0]);
    const vi bytes = _mm512_permutexvar_epi32(range->order, _mm512_packus_epi16(ab, cd));
    return _mm512_add_epi8(_mm512_min_epu8(bytes, range->top), range->zero_point);
}

/* Both. */
typedef struct {
    v_range any;
    v_positive_range positive;
} v_last_steps;

RLT_INLINE v_last_steps v_last_steps_of(int32_t zero_point, int32_t low, int32_t high) {
    return (v_last_steps){v_set_range(zero_point, low, high), v_set_positive_range(zero_point, high)};
}

RLT_INLINE v_bytes v_last_bytes(const vi *a, const int count, const int positive, const v_last_steps *steps) {
    return positive ? v_positive_to_bytes(a, count, &steps->positive) : v_to_bytes(a, count, &steps->any);
}

RLT_INLINE void v_store_bytes(int8_t *to, v_bytes bytes, int32_t count) {
    if (count >= QUARTERS * LANES) {
        _mm512_storeu_si512(to, bytes);
    } else {
        _mm512_mask_storeu_epi8(to, (UINT64_C(1) << count) - 1, bytes);
    }
}

/* The first `count` bytes of a half. */
RLT_INLINE void v_store_half(int8_t *to, v_bytes bytes, const int half, int32_t count) {
    const __m256i part = half ? _mm512_extracti64x4_epi64(bytes, 1) : _mm512_castsi512_si256(bytes);
    _mm256_mask_storeu_epi8(to, (__mmask32)((UINT64_C(1) << count) - 1), part);
}

/* `quarter` is a constant. */
RLT_INLINE __m128i v_quarter(v_bytes bytes, const int quarter) {
    return quarter == 0   ? _mm512_castsi512_si128(bytes)
           : quarter == 1 ? _mm512_extracti32x4_epi32(bytes, 1)
           : quarter == 2 ? _mm512_extracti32x4_epi32(bytes, 2)
                          : _mm512_extracti32x4_epi32(bytes, 3);
}

/* The first `count` bytes of it. */
RLT_INLINE void v_store_quarter(int8_t *to, v_bytes bytes, const int quarter, int32_t count) {
    const __m128i part = v_quarter(bytes, quarter);
    if (count >= LANES) {
        _mm_storeu_si128((__m128i *)to, part);
    } else {
        _mm_mask_storeu_epi8(to, (__mmask16)((1u << count) - 1), part);
    }
}

/* `count` bytes as lanes, or all LANES of them; nothing past them is touched. */
RLT_INLINE v_bytes v_load_bytes(const int8_t *from, int32_t count) {
    if (count >= QUARTERS * LANES) return _mm512_loadu_si512(from);
    return _mm512_maskz_loadu_epi8((UINT64_C(1) << count) - 1, from);
}
RLT_INLINE v_bytes v_set_bytes(int32_t value) { return _mm512_set1_epi8((int8_t)value); }
RLT_INLINE v_bytes v_max_bytes(v_bytes a, v_bytes b) { return _mm512_max_epi8(a, b); }
RLT_INLINE v_bytes v_min_bytes(v_bytes a, v_bytes b) { return _mm512_min_epi8(a, b); }

/* sum / count, halves away from zero, for count up to 65536 and |sum| <= 128 * count: exact, as the quotient of floats
 * below 2^24 is nearer to its integer part than to the next integer. */
RLT_INLINE vi vi_mean(vi sum, int32_t count) {
    const __m512 total = _mm512_cvtepi32_ps(vi_add(_mm512_abs_epi32(sum), vi_set(count / 2)));
    const vi mean = _mm512_cvttps_epi32(_mm512_div_ps(total, _mm512_set1_ps((float)count)));
    return _mm512_mask_sub_epi32(mean, _mm512_movepi32_mask(sum), _mm512_setzero_si512(), mean);
}

#endif
