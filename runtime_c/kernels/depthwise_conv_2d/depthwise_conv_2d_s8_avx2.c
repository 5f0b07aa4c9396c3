/* int8 DEPTHWISE_CONV_2D in its packed form with AVX2: words of 2 rows, 16 bits each, as weights are. */
#include "../../simd/s8_avx2.h"

enum { GROUP = 2, WEIGHTS = 32 };

RLT_INLINE vi load_words(const uint8_t *from) { return _mm256_loadu_si256((const vi *)(const void *)from); }
RLT_INLINE vi load_weights(const uint8_t *from) { return _mm256_loadu_si256((const vi *)(const void *)from); }
RLT_INLINE vi multiply_add(vi sum, vi words, vi weights) { return vi_madd(sum, words, weights); }

RLT_INLINE vi load_row(const uint8_t *from, int flip) {
    return _mm256_xor_si256(load_words(from), _mm256_set1_epi8((char)flip));
}
RLT_INLINE vi load_flat_row(const uint8_t *from) {
    return _mm256_permutevar8x32_epi32(load_words(from), _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7));
}

/* Fours of bytes of even columns and of odd ones. */
typedef struct {
    vi even, odd;
} v_order;
RLT_INLINE v_order load_order(const int32_t *even, int32_t column) {
    return (v_order){vi_load(even), vi_add(vi_load(even), vi_set(column))};
}
RLT_INLINE vi pick(vi first, vi second, vi order) {
    return _mm256_blendv_epi8(_mm256_permutevar8x32_epi32(first, order), _mm256_permutevar8x32_epi32(second, order),
                              _mm256_cmpgt_epi32(order, vi_set(LANES - 1)));
}
RLT_INLINE void load_apart(const uint8_t *from, const v_order *order, vi *even, vi *odd) {
    const vi first = load_words(from), second = load_words(from + 32);
    *even = pick(first, second, order->even);
    *odd = pick(first, second, order->odd);
}

/* The words of a block of two rows. */
RLT_INLINE void make_words(const vi *row, uint8_t *to) {
    const vi zero = _mm256_setzero_si256();
    const vi first = _mm256_unpacklo_epi8(row[0], row[1]), second = _mm256_unpackhi_epi8(row[0], row[1]);
    vi *words = (vi *)(void *)to;
    _mm256_storeu_si256(words, _mm256_unpacklo_epi8(first, zero));
    _mm256_storeu_si256(words + 1, _mm256_unpackhi_epi8(first, zero));
    _mm256_storeu_si256(words + 2, _mm256_unpacklo_epi8(second, zero));
    _mm256_storeu_si256(words + 3, _mm256_unpackhi_epi8(second, zero));
}

/* packed.h: of sums with an offset; `negative`: they may be, and halves then go away from zero. */
RLT_INLINE vi requantize_small(const int negative, vi sum, const v_scale *scale) {
    const vi even = _mm256_add_epi64(_mm256_mul_epu32(sum, scale->even), scale->nudge_even);
    const vi odd = _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(sum, 32), scale->odd), scale->nudge_odd);
    vi high = _mm256_blend_epi32(_mm256_shuffle_epi32(even, 0xF5), odd, 0xAA);
    if (negative) high = vi_sub(vi_add(high, _mm256_srli_epi32(sum, 30)), vi_set(1));
    return _mm256_srav_epi32(high, scale->right);
}

RLT_INLINE void store_block(int8_t *to, const vi *sum, const v_range *range, int flat, int32_t count) {
    const vi zero_point = _mm256_broadcastsi128_si256(range->zero_point);
    const vi a = _mm256_adds_epi16(_mm256_packs_epi32(sum[0], sum[1]), zero_point);
    const vi b = _mm256_adds_epi16(_mm256_packs_epi32(sum[2], sum[3]), zero_point);
    vi sums = _mm256_packs_epi16(a, b);
    if (flat) sums = _mm256_permutevar8x32_epi32(sums, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    sums = _mm256_max_epi8(sums, _mm256_broadcastsi128_si256(range->low));
    sums = _mm256_min_epi8(sums, _mm256_broadcastsi128_si256(range->high));
    if (count >= 4 * LANES) {
        _mm256_storeu_si256((vi *)(void *)to, sums);
    } else {
        int8_t all[4 * LANES];
        _mm256_storeu_si256((vi *)(void *)all, sums);
        memcpy(to, all, (size_t)count);
    }
}

#include "packed_rows.h"

rlt_status rlt_depthwise_conv_2d_s8_avx2(const rlt_run *run, const void *params) { return run_packed(run, params); }
