/* The inner loop over blocks of 16 channels (blocks.h), for depthwise_blocks_s8_avx512vnni.c. */
#ifndef RLT_DEPTHWISE_CONV_2D_SMALL_BLOCKS_AVX512_H
#define RLT_DEPTHWISE_CONV_2D_SMALL_BLOCKS_AVX512_H

#include "blocks_avx512.h"

/* The words of 16 channels, of both rows. */
RLT_INLINE void load_small(const int stride, const uint8_t *const *from, vi *words) {
    const vi columns = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const vi turned = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    vi rows = _mm512_castsi128_si512(_mm_loadu_si128((const void *)from[0]));
    rows = _mm512_inserti32x4(rows, _mm_loadu_si128((const void *)from[1]), 1);
    rows = _mm512_inserti32x4(rows, _mm_loadu_si128((const void *)from[2]), 2);
    rows = _mm512_inserti32x4(rows, _mm_loadu_si128((const void *)from[3]), 3);
    rows = _mm512_xor_si512(rows, _mm512_set1_epi8((char)0x80));
    words[0] = _mm512_shuffle_epi8(_mm512_permutexvar_epi32(columns, rows), turned);
    if (stride == 1) return;
    const vi last = _mm512_xor_si512(_mm512_castsi128_si512(_mm_loadu_si128((const void *)from[4])),
                                     _mm512_set1_epi8((char)0x80));
    rows = _mm512_shuffle_i32x4(rows, last, 0x0E); /* rows 2, 3, 4, and one that meets weights of 0 */
    words[1] = _mm512_shuffle_epi8(_mm512_permutexvar_epi32(columns, rows), turned);
}

/* Adds the products of a column at `tap` of the windows. */
RLT_INLINE void add_small(const int stride, const rlt_depthwise_vector *v, const int tap, const vi *words, vi *sum) {
    sum[0] = add_products(sum[0], words[0], v, 2 * tap);
    sum[1] = add_products(sum[1], words[stride - 1], v, 2 * tap + 1);
    if (!v->more[0]) return;
    v += v->more[0];
    sum[0] = add_products(sum[0], words[0], v, 2 * tap);
    sum[1] = add_products(sum[1], words[stride - 1], v, 2 * tap + 1);
}

/* Blocks of 16 channels. */
RLT_INLINE void small(const int stride, const job *b) {
    const v_positive_range range = range_of(b);
    const vi order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 0, 4, 8, 12, 1, 5, 9, 13);
    const rlt_depthwise_vector *v = b->vectors;
    const size_t pixel = b->pixel, output_pixel = b->output_pixel;
    const vi bias = load_bias(v);
    vi words[ROWS], sum[ROWS] = {bias, bias}, next[ROWS] = {bias, bias};
    const uint8_t *row[MOST_ROWS];
    int8_t *first = b->output[0], *second = b->output[1];
    load_small(stride, b->first, words);
    add_small(stride, v, 0, words, sum);
    take(3 + stride, b->row, row);
    if (stride == 1) {
        load_small(stride, row, words);
        add_small(stride, v, 1, words, sum);
        add_small(stride, v, 0, words, next);
        advance(3 + stride, pixel, row);
    }
    for (int32_t left = b->columns; left > 0; left--) {
        if (stride == 2) {
            load_small(stride, row, words);
            add_small(stride, v, 1, words, sum);
            advance(3 + stride, pixel, row);
        }
        if (left == 1) take(3 + stride, b->last, row);
        load_small(stride, row, words);
        vi done[ROWS] = {sum[0], sum[1]};
        add_small(stride, v, 2, words, done);
        if (stride == 1) {
            sum[0] = next[0], sum[1] = next[1];
            add_small(stride, v, 1, words, sum);
            next[0] = next[1] = bias;
            add_small(stride, v, 0, words, next);
        } else {
            sum[0] = sum[1] = bias;
            add_small(stride, v, 0, words, sum);
        }
        finish(v, &done[0], &done[1]);
        const vi halves = _mm512_packs_epi32(done[0], done[1]), bytes = _mm512_packus_epi16(halves, halves);
        const vi block = _mm512_add_epi8(_mm512_min_epu8(bytes, range.top), range.zero_point);
        const vi both = _mm512_permutexvar_epi32(order, block);
        _mm_storeu_si128((void *)first, _mm512_castsi512_si128(both));
        _mm_storeu_si128((void *)second, v_quarter(both, 1));
        advance(3 + stride, pixel, row);
        first += output_pixel, second += output_pixel;
    }
}

#endif
