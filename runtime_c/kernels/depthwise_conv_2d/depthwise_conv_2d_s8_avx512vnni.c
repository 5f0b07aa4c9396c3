/* int8 DEPTHWISE_CONV_2D in its packed form with AVX-512 VNNI: words of 4 rows, one byte each. */
#include "../../simd/s8_avx512.h"

enum { GROUP = 4, WEIGHTS = 64 };

RLT_INLINE vi load_row(const uint8_t *from, int flip) {
    return _mm512_xor_si512(_mm512_loadu_si512(from), _mm512_set1_epi8((char)flip));
}
RLT_INLINE vi load_flat_row(const uint8_t *from) {
    const vi order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, _mm512_loadu_si512(from));
}

/* Fours of bytes of even columns and of odd ones. */
typedef struct {
    vi even, odd;
} v_order;
RLT_INLINE v_order load_order(const int32_t *even, int32_t column) {
    return (v_order){vi_load(even), vi_add(vi_load(even), vi_set(column))};
}
RLT_INLINE void load_apart(const uint8_t *from, const v_order *order, vi *even, vi *odd) {
    const vi first = _mm512_loadu_si512(from), second = _mm512_loadu_si512(from + 64);
    *even = _mm512_permutex2var_epi32(first, order->even, second);
    *odd = _mm512_permutex2var_epi32(first, order->odd, second);
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
RLT_INLINE vi load_words(const uint8_t *from) { return _mm512_loadu_si512(from); }
/* The empty statement keeps GCC from loading them for each use. */
RLT_INLINE vi load_weights(const uint8_t *from) {
    vi weights = _mm512_loadu_si512(from);
    __asm__("" : "+v"(weights));
    return weights;
}
RLT_INLINE vi multiply_add(vi sum, vi words, vi weights) { return _mm512_dpbusd_epi32(sum, words, weights); }

/* packed.h: of sums with an offset; `negative`: they may be, and halves then go away from zero. */
RLT_INLINE vi requantize_small(const int negative, vi sum, const v_scale *scale) {
    const vi even = _mm512_add_epi64(_mm512_mul_epu32(sum, scale->even), scale->nudge_even);
    const vi odd = _mm512_add_epi64(_mm512_mul_epu32(_mm512_srli_epi64(sum, 32), scale->odd), scale->nudge_odd);
    vi high = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
    if (negative) high = vi_sub(vi_add(high, _mm512_srli_epi32(sum, 30)), vi_set(1));
    return _mm512_srav_epi32(high, scale->right);
}

RLT_INLINE void store_block(int8_t *to, const vi *sum, const v_range *range, int flat, int32_t count) {
    const vi a = _mm512_adds_epi16(_mm512_packs_epi32(sum[0], sum[1]), range->zero_point);
    const vi b = _mm512_adds_epi16(_mm512_packs_epi32(sum[2], sum[3]), range->zero_point);
    vi bytes = _mm512_packs_epi16(a, b);
    if (flat) bytes = _mm512_permutexvar_epi32(range->order, bytes);
    v_store_bytes(to, _mm512_min_epi8(_mm512_max_epi8(bytes, range->low), range->high), count);
}

#include "packed_rows.h"

rlt_status rlt_depthwise_conv_2d_s8_avx512vnni(const rlt_run *run, const void *params) { return run_packed(run, params); }
