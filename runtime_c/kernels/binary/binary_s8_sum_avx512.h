/* int8 ADD of two tensors with AVX-512, for the usual case: the operand with the larger scale is halved, the other one
 * and the result are scaled down. Each rounding is one 64-bit sum before a shift; zero points are part of that sum.
 *
 * rlt_requantize() of (x - zp) * 2^20 by multiplier * 2^-31 * 2^-shift, with x in the top byte of 32 bits:
 *   (x * 2^24 * multiplier - zp * 2^24 * multiplier + 2^34 + 2^(34 + shift) - (x < zp) * 2^35) >> (35 + shift)
 * and of the sum, which needs no look at signs where all results below the zero point become one:
 *   (sum * multiplier + 2^30 + 2^(30 + shift) + zp * 2^(31 + shift)) >> (31 + shift) */
#ifndef RLT_BINARY_S8_SUM_AVX512_H
#define RLT_BINARY_S8_SUM_AVX512_H

#include "binary_s8_rows.h"

typedef struct {
    vi even_bytes, odd_bytes; /* bytes of 16 that become the top one of every second 32-bit lane */
    vi scaled_multiplier, scaled_nudge, scaled_shift, multiplier, nudge, shift, halved_zero_point;
    __m128i scaled_zero_point;
    v_range range;
} sum_scale;

/* High words of 64-bit products that lie in even lanes. */
RLT_INLINE vi high_words(vi even, vi odd) { return _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB); }

RLT_INLINE vi scaled_operand(const sum_scale *s, const int8_t *from) {
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)from);
    const vi four = _mm512_broadcast_i32x4(bytes);
    const vi even = _mm512_mul_epi32(_mm512_shuffle_epi8(four, s->even_bytes), s->scaled_multiplier);
    const vi odd = _mm512_mul_epi32(_mm512_shuffle_epi8(four, s->odd_bytes), s->scaled_multiplier);
    const vi high = high_words(_mm512_add_epi64(even, s->scaled_nudge), _mm512_add_epi64(odd, s->scaled_nudge));
    const __mmask16 below = _mm_cmplt_epi8_mask(bytes, s->scaled_zero_point);
    return _mm512_srav_epi32(_mm512_mask_sub_epi32(high, below, high, vi_set(8)), s->scaled_shift);
}

RLT_INLINE vi sum_of_sixteen(const int positive, const sum_scale *s, const int8_t *halved, const int8_t *scaled) {
    vi sum = vi_add(vi_left(vi_load_s8(halved), 19), scaled_operand(s, scaled));
    if (!positive) sum = vi_sub(sum, s->halved_zero_point);
    const vi x = positive ? sum : vi_add(sum, sum);
    const vi even = _mm512_add_epi64(_mm512_mul_epi32(x, s->multiplier), s->nudge);
    const vi odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(x, 32), s->multiplier), s->nudge);
    const vi high = high_words(even, odd);
    return _mm512_srav_epi32(positive ? high : vi_add(high, _mm512_srai_epi32(sum, 31)), s->shift);
}

RLT_INLINE void sum_rows(const int positive, const sum_scale *s, const int8_t *halved, const int8_t *scaled,
                         int8_t *output, int32_t count) {
    int8_t last_halved[STEP] = {0}, last_scaled[STEP] = {0};
    for (; count > 0; count -= STEP, halved += STEP, scaled += STEP, output += STEP) {
        if (count < STEP) {
            memcpy(last_halved, halved, (size_t)count), halved = last_halved;
            memcpy(last_scaled, scaled, (size_t)count), scaled = last_scaled;
        }
        vi y[QUARTERS];
#pragma GCC unroll 4
        for (int i = 0; i < QUARTERS; i++) y[i] = sum_of_sixteen(positive, s, halved + i * LANES, scaled + i * LANES);
        v_store_bytes(output, v_narrow(y, QUARTERS, &s->range), count);
    }
}

static void sum_rows_positive(const sum_scale *s, const int8_t *halved, const int8_t *scaled, int8_t *output,
                              int32_t count) {
    sum_rows(1, s, halved, scaled, output, count);
}
static void sum_rows_any(const sum_scale *s, const int8_t *halved, const int8_t *scaled, int8_t *output,
                         int32_t count) {
    sum_rows(0, s, halved, scaled, output, count);
}

/* 0 where the scales are not of this kind. */
static int usual_scale(const rlt_binary_s8_params *p, const rlt_rescale *halved, const rlt_rescale *scaled,
                       int positive, sum_scale *s) {
    const int32_t right = -scaled->shift, last = -p->shift;
    if (kind_of(halved) != HALF || halved->left != 20 || scaled->left != 20 || right < 1 || right > 16 || last < 1 ||
        last > 22) {
        return 0;
    }
    const int64_t product = (int64_t)scaled->multiplier << 24;
    const int64_t half = INT64_C(1) << 30, one = INT64_C(1) << (31 + last);
    const int64_t offset = halved->zero_point * (INT64_C(1) << 19);
    const int64_t nudge = half + one / 2 + p->zero_point * one - (positive ? offset * p->multiplier : 0);
    /* Each second lane: the top byte is the element of that number, the other three are zero. */
    const vi four = _mm512_setr_epi64(0x00808080, 0x02808080, 0x04808080, 0x06808080, 0x08808080, 0x0A808080,
                                      0x0C808080, 0x0E808080);
    const vi none = _mm512_set1_epi64((int64_t)0x8080808000000000);
    s->even_bytes = _mm512_or_si512(four, none);
    s->odd_bytes = _mm512_add_epi64(s->even_bytes, _mm512_set1_epi64(0x01000000));
    s->scaled_multiplier = vi_set(scaled->multiplier);
    s->scaled_nudge = _mm512_set1_epi64(16 * half + (INT64_C(1) << (34 + right)) - scaled->zero_point * product);
    s->scaled_shift = vi_set(3 + right);
    s->scaled_zero_point = _mm_set1_epi8((int8_t)scaled->zero_point);
    s->halved_zero_point = vi_set((int32_t)offset);
    s->multiplier = vi_set(p->multiplier);
    s->nudge = _mm512_set1_epi64(positive ? nudge : 2 * nudge);
    s->shift = vi_set(positive ? last - 1 : last);
    s->range = v_set_range(0, p->low, p->high);
    return 1;
}

static void usual_add_row(const void *params, const void *a, const void *b, void *output, uint32_t count,
                          uint32_t step_a, uint32_t step_b) {
    const rlt_binary_s8_params *p = params;
    const int positive = p->low >= p->zero_point;
    sum_scale s;
    if (step_a && step_b && usual_scale(p, &p->rescale_a, &p->rescale_b, positive, &s)) {
        (positive ? sum_rows_positive : sum_rows_any)(&s, a, b, output, (int32_t)count);
    } else if (step_a && step_b && usual_scale(p, &p->rescale_b, &p->rescale_a, positive, &s)) {
        (positive ? sum_rows_positive : sum_rows_any)(&s, b, a, output, (int32_t)count);
    } else {
        add_row(params, a, b, output, count, step_a, step_b);
    }
}

#endif
