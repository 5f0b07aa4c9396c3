/* The inner loop over blocks of 64 bytes of rows (blocks.h), for depthwise_blocks_s8_avx512vnni.c. */
#ifndef RLT_DEPTHWISE_CONV_2D_FLAT_BLOCKS_AVX512_H
#define RLT_DEPTHWISE_CONV_2D_FLAT_BLOCKS_AVX512_H

#include "blocks_avx512.h"

enum { TAPS = 3 };

/* 64 bytes of each row of output from one on, by windows that move by one: down the image, two rows at a time, so that
 * half of the words' bytes are there from the two rows before. */
typedef struct {
    const rlt_depthwise_vector *vectors;
    const uint8_t *image, *padding; /* of row 0: where the first column of windows is read */
    ptrdiff_t row, pixel, output_row;
    int32_t y, height;       /* of input: the first row of windows, which may be padding; rows in all */
    int32_t rows;            /* of output */
    uint64_t read[TAPS];     /* bits of bytes that are not padding */
    uint64_t written;
    int8_t *output, *unused; /* the second: where a row goes that nothing needs */
    int32_t zero_point, output_zero_point, top;
} flat_job;

/* The rows of a column of windows that words are made of: pairs of the two before, and of these. */
typedef struct {
    vi low, high;
} row_pair;

RLT_INLINE row_pair load_pair(__mmask64 read, const vi flip, const uint8_t *upper, const uint8_t *lower) {
    const vi a = _mm512_xor_si512(_mm512_maskz_loadu_epi8(read, upper), flip);
    const vi b = _mm512_xor_si512(_mm512_maskz_loadu_epi8(read, lower), flip);
    return (row_pair){_mm512_unpacklo_epi8(a, b), _mm512_unpackhi_epi8(a, b)};
}

/* Half of the words of a column, from the pairs of four rows. */
RLT_INLINE void join_pairs(const int half, const row_pair *upper, const row_pair *lower, vi *words) {
    const vi from = half ? upper->high : upper->low, with = half ? lower->high : lower->low;
    words[2 * half] = _mm512_unpacklo_epi16(from, with);
    words[2 * half + 1] = _mm512_unpackhi_epi16(from, with);
}

/* The next two rows of input. */
typedef struct {
    const uint8_t *at, *padding, *row[ROWS];
    ptrdiff_t step;
    uint32_t y, height;
} descent;

RLT_INLINE void descend(descent *d) {
#pragma GCC unroll 2
    for (int i = 0; i < ROWS; i++, d->y++, d->at += d->step) d->row[i] = d->y < d->height ? d->at : d->padding;
}

RLT_INLINE void flat(const int more, const flat_job *b) {
    const v_positive_range range = {_mm512_set1_epi8((char)b->top), _mm512_set1_epi8((char)b->output_zero_point),
                                    _mm512_setzero_si512()};
    const rlt_depthwise_vector *v = b->vectors;
    const ptrdiff_t pixel = b->pixel, output_row = b->output_row;
    const __mmask64 read[TAPS] = {b->read[0], b->read[1], b->read[2]}, written = b->written;
    descent d = {b->image + b->y * b->row, b->padding, {NULL}, b->row, (uint32_t)b->y, (uint32_t)b->height};
    row_pair pair[TAPS], next;
    vi flip[TAPS], words[1][VECTORS], sum[ROWS][VECTORS];
    int8_t *output = b->output;
    descend(&d);
#pragma GCC unroll 3
    for (int tap = 0; tap < TAPS; tap++) {
        flip[tap] = _mm512_mask_blend_epi8(read[tap], _mm512_set1_epi8((char)(b->zero_point ^ 0x80)),
                                           _mm512_set1_epi8((char)0x80));
        pair[tap] = load_pair(read[tap], flip[tap], d.row[0] + tap * pixel, d.row[1] + tap * pixel);
    }
    descend(&d);
    next = load_pair(read[0], flip[0], d.row[0], d.row[1]);
    join_pairs(0, &pair[0], &next, words[0]);
    join_pairs(1, &pair[0], &next, words[0]);
    pair[0] = next;
    for (int32_t left = b->rows; left > 0; left -= ROWS) {
#pragma GCC unroll 3
        for (int tap = 0; tap < TAPS; tap++) {
            const int other = (tap + 1) % TAPS; /* whose words are made meanwhile */
            const ptrdiff_t at = other * pixel;
            if (other == 0) descend(&d);
            OPAQUE("r", v);
#pragma GCC unroll 4
            for (int i = 0; i < VECTORS; i++) {
                if (tap == 0) sum[0][i] = sum[1][i] = load_bias(v + i);
                sum[0][i] = add_products(sum[0][i], words[0][i], v + i, 2 * tap);
                sum[1][i] = add_products(sum[1][i], words[0][i], v + i, 2 * tap + 1);
                add_more(1, more, v, i, tap, words, sum);
                if (i == 0) next = load_pair(read[other], flip[other], d.row[0] + at, d.row[1] + at);
                if (i == 2) join_pairs(0, &pair[other], &next, words[0]);
                if (i == 3) join_pairs(1, &pair[other], &next, words[0]);
                if (tap == TAPS - 1) finish(v, i, sum);
            }
            pair[other] = next;
        }
        vi block[ROWS];
        last_bytes(sum, &range, block);
        _mm512_mask_storeu_epi8(output, written, block[0]);
        _mm512_mask_storeu_epi8(left > 1 ? output + output_row : b->unused, written, block[1]);
        output += ROWS * output_row;
    }
}

#endif
