/* The inner loop over blocks of 16 channels (blocks.h), for depthwise_blocks_s8_avx512vnni.c. */
#ifndef RLT_DEPTHWISE_CONV_2D_SMALL_BLOCKS_AVX512_H
#define RLT_DEPTHWISE_CONV_2D_SMALL_BLOCKS_AVX512_H

#include "blocks_avx512.h"

/* Bytes of a row's pixel: 16, or as many as `channels` has bits. */
RLT_INLINE __m128i load_pixel(const int few, __mmask16 channels, const uint8_t *from) {
    return few ? _mm_maskz_loadu_epi8(channels, from) : _mm_loadu_si128((const void *)from);
}

/* The words of up to 16 channels, of both rows. */
RLT_INLINE void load_small(const int stride, const int few, __mmask16 channels, const column *from, vi *words) {
    const vi columns = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const vi turned = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    vi rows = _mm512_castsi128_si512(load_pixel(few, channels, from->row[0] + from->way));
    rows = _mm512_inserti32x4(rows, load_pixel(few, channels, from->row[1] + from->way), 1);
    rows = _mm512_inserti32x4(rows, load_pixel(few, channels, from->row[2] + from->way), 2);
    rows = _mm512_inserti32x4(rows, load_pixel(few, channels, from->row[3] + from->way), 3);
    rows = _mm512_xor_si512(rows, _mm512_set1_epi8((char)0x80));
    words[0] = _mm512_shuffle_epi8(_mm512_permutexvar_epi32(columns, rows), turned);
    if (stride == 1) return;
    const vi last = _mm512_xor_si512(_mm512_castsi128_si512(load_pixel(few, channels, from->row[4] + from->way)),
                                     _mm512_set1_epi8((char)0x80));
    rows = _mm512_shuffle_i32x4(rows, last, 0x0E); /* rows 2, 3, 4, and one that meets weights of 0 */
    words[1] = _mm512_shuffle_epi8(_mm512_permutexvar_epi32(columns, rows), turned);
}

/* `from` and the products of a column at `tap` of the windows. */
RLT_INLINE void add_small(const int stride, const rlt_depthwise_vector *v, const int tap, const vi *words,
                          const vi *from, vi *sum) {
    sum[0] = add_products(from[0], words[0], v, 2 * tap);
    sum[1] = add_products(from[1], words[stride - 1], v, 2 * tap + 1);
    if (!v->more) return;
    v += v->more;
    sum[0] = add_products(sum[0], words[0], v, 2 * tap);
    sum[1] = add_products(sum[1], words[stride - 1], v, 2 * tap + 1);
}

RLT_INLINE void store_small(const int few, __mmask16 channels, const v_float_scale *scale,
                            const v_positive_range *range, const vi *sum, int8_t *first, int8_t *second) {
    const vi order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 0, 4, 8, 12, 1, 5, 9, 13);
    const vi halves = _mm512_packs_epi32(vi_scale_once(sum[0], 1, scale), vi_scale_once(sum[1], 1, scale));
    const vi bytes = _mm512_min_epu8(_mm512_packus_epi16(halves, halves), range->top);
    const vi both = _mm512_permutexvar_epi32(order, _mm512_add_epi8(bytes, range->zero_point));
    _mm_mask_storeu_epi8(first, few ? channels : 0xFFFF, v_quarter(both, 0));
    _mm_mask_storeu_epi8(second, few ? channels : 0xFFFF, v_quarter(both, 1));
}

/* Blocks of 16 channels; `few`: of less, all that there are. Each column's words are made one column ahead, and sums
 * become results one column late: so little waits for what is before it. */
RLT_INLINE void small(const int stride, const int few, const job *b) {
    const v_positive_range range = range_of(b);
    const rlt_depthwise_vector *v = b->vectors;
    const size_t step = b->step, output_step = b->output_step;
    const v_float_scale scale = load_scale(v);
    const __mmask16 channels = (__mmask16)b->channels;
    const vi bias[ROWS] = {load_bias(v), load_bias(v)};
    vi words[ROWS], ahead[ROWS], sum[ROWS], next[ROWS], done[ROWS] = {bias[0], bias[1]};
    column c;
    int8_t *first = b->output[0], *second = b->output[1];
    take(3 + stride, b->first, &c);
    load_small(stride, few, channels, &c, words);
    add_small(stride, v, 0, words, bias, sum);
    take(3 + stride, b->row, &c);
    load_small(stride, few, channels, &c, words);
    if (stride == 1) {
        add_small(stride, v, 1, words, sum, sum);
        add_small(stride, v, 0, words, bias, next);
        advance(step, &c);
        if (b->columns == 1) take(3 + stride, b->last, &c);
        load_small(stride, few, channels, &c, words);
    }
    for (int32_t left = b->columns; left > 0; left--) {
        const int ahead_of_end = left > (stride == 1 ? 2 : 1);
        advance(step, &c);
        if (!ahead_of_end) take(3 + stride, b->last, &c);
        load_small(stride, few, channels, &c, ahead);
        if (left < b->columns) {
            store_small(few, channels, &scale, &range, done, first, second);
            first += output_step, second += output_step;
        }
        if (stride == 1) {
            add_small(stride, v, 2, words, sum, done);
            add_small(stride, v, 1, words, next, sum);
            add_small(stride, v, 0, words, bias, next);
            words[0] = ahead[0];
        } else {
            add_small(stride, v, 1, words, sum, sum);
            if (ahead_of_end) advance(step, &c);
            load_small(stride, few, channels, &c, words);
            add_small(stride, v, 2, ahead, sum, done);
            add_small(stride, v, 0, ahead, bias, sum);
        }
    }
    store_small(few, channels, &scale, &range, done, first, second);
}

#endif
