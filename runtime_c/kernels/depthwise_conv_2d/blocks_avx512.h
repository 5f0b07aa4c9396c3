/* Inner loops over blocks of 64 lanes (blocks.h), for depthwise_blocks_s8_avx512vnni.c.
 *
 * They come close to what the execution units can do only while instructions wait for little: pointers stay in
 * registers, loads are plain, and each vector's products stand beside the scaling of sums that are complete. */
#ifndef RLT_DEPTHWISE_CONV_2D_BLOCKS_AVX512_H
#define RLT_DEPTHWISE_CONV_2D_BLOCKS_AVX512_H

#include "../../simd/s8_avx512.h"
#include "blocks.h"

enum { VECTORS = RLT_BLOCK_VECTORS, ROWS = 2, READ = 5, MOST_ROWS = 9 };
/* Compilers neither keep in registers what is loaded through it, nor load it once more. */
#define OPAQUE(kind, x) __asm__("" : "+" kind(x))

/* One block of channels in two rows of output, or of half as many in four: then lanes from the middle on are those of
 * the last two. */
typedef struct {
    const rlt_depthwise_vector *vectors;
    const uint8_t *first[MOST_ROWS], *row[MOST_ROWS], *last[MOST_ROWS]; /* columns of input: first, second, last */
    size_t step, output_step; /* bytes from a column to the next */
    int8_t *output[2 * ROWS];
    int32_t columns;  /* of output */
    int32_t channels; /* bits of those that a pixel has, if less than 16 */
    int32_t output_zero_point, top;
} job;

/* A column: pointers to rows and the way from there, so that one addition moves all of them. */
typedef struct {
    const uint8_t *row[MOST_ROWS];
    size_t way;
} column;

RLT_INLINE void take(const int rows, const uint8_t *const *from, column *c) {
#pragma GCC unroll 9
    for (int i = 0; i < MOST_ROWS; i++) {
        if (i < rows) c->row[i] = from[i];
    }
    c->way = 0;
}

RLT_INLINE void advance(size_t step, column *c) {
    c->way += step;
    OPAQUE("r", c->way); /* else each row has a sum of its own, for which there are no registers */
}

/* Row `i`; of halves with the one that lies as far below as two rows of output do. */
RLT_INLINE vi load_row(const int stride, const int half, const column *c, const int i) {
    if (!half) return _mm512_loadu_si512(c->row[i] + c->way);
    const vi first = _mm512_castsi256_si512(_mm256_loadu_si256((const void *)(c->row[i] + c->way)));
    return _mm512_inserti64x4(first, _mm256_loadu_si256((const void *)(c->row[i + 2 * stride] + c->way)), 1);
}

/* Words on their way: rows of bytes, then pairs of them. */
typedef struct {
    vi row[READ], low[3], high[3];
} making;

/* Part `part` of VECTORS of making the words of both rows of output, which share the first ones if windows move by one.
 * The last two parts write one half each. Once words are made while others are multiplied, a product's operands are
 * long there when its turn comes: the queues of the execution units hold what could start, not what waits. */
RLT_INLINE void make_words(const int stride, const int half, const int part, const column *from, making *m,
                           vi (*words)[VECTORS]) {
    const int rows = 3 + stride;
    const vi *pairs = part == 2 ? m->low : m->high;
    if (part == 0) {
#pragma GCC unroll 5
        for (int i = 0; i < READ; i++) {
            if (i >= rows) break;
            m->row[i] = _mm512_xor_si512(load_row(stride, half, from, i), _mm512_set1_epi8((char)0x80));
        }
    } else if (part == 1) {
#pragma GCC unroll 3
        for (int i = 0; i < 3; i++) {
            if (i >= 1 + stride) break;
            const int second = 2 * i + 1 < rows ? 2 * i + 1 : rows - 1; /* a fourth row meets weights of 0 */
            m->low[i] = _mm512_unpacklo_epi8(m->row[2 * i], m->row[second]);
            m->high[i] = _mm512_unpackhi_epi8(m->row[2 * i], m->row[second]);
        }
    } else {
#pragma GCC unroll 2
        for (int i = 0; i < ROWS; i++) {
            if (i >= stride) break;
            words[i][2 * part - 4] = _mm512_unpacklo_epi16(pairs[i], pairs[i + 1]);
            words[i][2 * part - 3] = _mm512_unpackhi_epi16(pairs[i], pairs[i + 1]);
        }
    }
}

RLT_INLINE void load_words(const int stride, const int half, const column *from, vi (*words)[VECTORS]) {
    making m;
#pragma GCC unroll 4
    for (int part = 0; part < VECTORS; part++) make_words(stride, half, part, from, &m, words);
}

RLT_INLINE vi add_products(vi sum, vi words, const rlt_depthwise_vector *v, const int set) {
    return _mm512_dpbusd_epi32(sum, words, _mm512_load_si512(v->weights[set]));
}

/* The products of a column at `tap` of the windows with more weights of vector `i`, if it has any. */
RLT_INLINE void add_more(const int stride, const int more, const rlt_depthwise_vector *v, const int i, const int tap,
                         vi (*words)[VECTORS], vi (*sum)[VECTORS]) {
    if (!more || !v[i].more) return;
    v += i + v[i].more;
    sum[0][i] = add_products(sum[0][i], words[0][i], v, 2 * tap);
    sum[1][i] = add_products(sum[1][i], words[stride - 1][i], v, 2 * tap + 1);
}

RLT_INLINE vi load_bias(const rlt_depthwise_vector *v) {
    vi bias = _mm512_load_si512(v->bias);
    OPAQUE("v", bias);
    return bias;
}

RLT_INLINE v_float_scale load_scale(const rlt_depthwise_vector *v) {
    v_float_scale scale = {.high = _mm512_load_ps(v->factor), .offset = _mm512_load_ps(v->offset)};
    OPAQUE("v", scale.high);
    OPAQUE("v", scale.offset);
    return scale;
}

/* The sums of vector `i` of channels in both rows; of every second one with those before it, as 16 bits. */
RLT_INLINE void finish(const rlt_depthwise_vector *v, const int i, vi (*sum)[VECTORS]) {
    const v_float_scale scale = load_scale(v + i);
#pragma GCC unroll 2
    for (int row = 0; row < ROWS; row++) {
        sum[row][i] = vi_scale_once(sum[row][i], 1, &scale);
        if (i % 2) sum[row][i] = _mm512_packs_epi32(sum[row][i - 1], sum[row][i]);
    }
}

/* Results of both rows, of sums that finish() has seen all of. */
RLT_INLINE void last_bytes(vi (*sum)[VECTORS], const v_positive_range *range, vi *block) {
#pragma GCC unroll 2
    for (int i = 0; i < ROWS; i++) {
        block[i] = _mm512_min_epu8(_mm512_packus_epi16(sum[i][1], sum[i][3]), range->top);
        block[i] = _mm512_add_epi8(block[i], range->zero_point);
    }
}

RLT_INLINE void store_sums(const int half, int8_t *const *to, vi (*sum)[VECTORS], const v_positive_range *range) {
    vi block[ROWS];
    last_bytes(sum, range, block);
#pragma GCC unroll 2
    for (int i = 0; i < ROWS; i++) {
        if (!half) _mm512_storeu_si512(to[i], block[i]);
        else _mm256_storeu_si256((void *)to[i], _mm512_castsi512_si256(block[i]));
        if (half) _mm256_storeu_si256((void *)to[ROWS + i], _mm512_extracti64x4_epi64(block[i], 1));
    }
}

RLT_INLINE void take_output(const job *b, int8_t **to) {
#pragma GCC unroll 4
    for (int i = 0; i < 2 * ROWS; i++) to[i] = b->output[i];
}
RLT_INLINE void advance_output(const int half, size_t step, int8_t **to) {
#pragma GCC unroll 4
    for (int i = 0; i < 2 * ROWS; i++) {
        if (half || i < ROWS) to[i] += step;
    }
}

RLT_INLINE v_positive_range range_of(const job *b) {
    return (v_positive_range){_mm512_set1_epi8((char)b->top), _mm512_set1_epi8((char)b->output_zero_point),
                              _mm512_setzero_si512()};
}

/* Sums of windows whose first column this is. */
RLT_INLINE void begin(const int stride, const int more, const rlt_depthwise_vector *v, vi (*words)[VECTORS],
                      vi (*sum)[VECTORS]) {
#pragma GCC unroll 4
    for (int i = 0; i < VECTORS; i++) {
        const vi bias = load_bias(v + i);
        sum[0][i] = add_products(bias, words[0][i], v + i, 0);
        sum[1][i] = add_products(bias, words[stride - 1][i], v + i, stride == 1);
        add_more(stride, more, v, i, 0, words, sum);
    }
}

/* Windows that move by one. `more`: some of these vectors have more weights. */
RLT_INLINE void block_1(const int half, const int more, const job *b) {
    const int rows = half ? 6 : 4;
    const v_positive_range range = range_of(b);
    const rlt_depthwise_vector *v = b->vectors;
    const size_t step = b->step, output_step = b->output_step;
    vi words[1][VECTORS], sum[ROWS][VECTORS], next[ROWS][VECTORS];
    column c;
    int8_t *to[2 * ROWS];
    take_output(b, to);
    take(rows, b->first, &c);
    load_words(1, half, &c, words);
    begin(1, more, v, words, next);
    take(rows, b->row, &c);
    load_words(1, half, &c, words);
    OPAQUE("r", v);
#pragma GCC unroll 4
    for (int i = 0; i < VECTORS; i++) {
        sum[0][i] = add_products(next[0][i], words[0][i], v + i, 2);
        sum[1][i] = add_products(next[1][i], words[0][i], v + i, 3);
        add_more(1, more, v, i, 1, words, sum);
    }
    begin(1, more, v, words, next);
    advance(step, &c);
    if (b->columns == 1) take(rows, b->last, &c);
    load_words(1, half, &c, words);
    for (int32_t left = b->columns; left > 0; left--) {
        advance(step, &c);
        if (left <= 2) take(rows, b->last, &c); /* once more than is needed */
        OPAQUE("r", v);
        making m;
        vi done[ROWS][VECTORS];
#pragma GCC unroll 4
        for (int i = 0; i < VECTORS; i++) {
            done[0][i] = add_products(sum[0][i], words[0][i], v + i, 4);
            done[1][i] = add_products(sum[1][i], words[0][i], v + i, 5);
            sum[0][i] = add_products(next[0][i], words[0][i], v + i, 2);
            sum[1][i] = add_products(next[1][i], words[0][i], v + i, 3);
            const vi bias = load_bias(v + i);
            next[0][i] = add_products(bias, words[0][i], v + i, 0);
            next[1][i] = add_products(bias, words[0][i], v + i, 1);
            add_more(1, more, v, i, 2, words, done);
            add_more(1, more, v, i, 1, words, sum);
            add_more(1, more, v, i, 0, words, next);
            make_words(1, half, i, &c, &m, words);
            finish(v, i, done);
        }
        store_sums(half, to, done, &range);
        advance_output(half, output_step, to);
    }
}

/* Windows that move by two. */
RLT_INLINE void block_2(const int half, const int more, const job *b) {
    const int rows = half ? 9 : 5;
    const v_positive_range range = range_of(b);
    const rlt_depthwise_vector *v = b->vectors;
    const size_t step = b->step, output_step = b->output_step;
    vi words[ROWS][VECTORS], sum[ROWS][VECTORS];
    column c;
    int8_t *to[2 * ROWS];
    take_output(b, to);
    take(rows, b->first, &c);
    load_words(2, half, &c, words);
    begin(2, more, v, words, sum);
    take(rows, b->row, &c);
    load_words(2, half, &c, words);
    for (int32_t left = b->columns; left > 0; left--) {
        making m;
        advance(step, &c);
        if (left == 1) take(rows, b->last, &c);
        OPAQUE("r", v);
#pragma GCC unroll 4
        for (int i = 0; i < VECTORS; i++) {
            sum[0][i] = add_products(sum[0][i], words[0][i], v + i, 2);
            sum[1][i] = add_products(sum[1][i], words[1][i], v + i, 2);
            add_more(2, more, v, i, 1, words, sum);
            make_words(2, half, i, &c, &m, words);
        }
        if (left > 1) advance(step, &c); /* past the last one nothing is needed */
        OPAQUE("r", v);
        vi done[ROWS][VECTORS];
#pragma GCC unroll 4
        for (int i = 0; i < VECTORS; i++) {
            done[0][i] = add_products(sum[0][i], words[0][i], v + i, 4);
            done[1][i] = add_products(sum[1][i], words[1][i], v + i, 4);
            const vi bias = load_bias(v + i);
            sum[0][i] = add_products(bias, words[0][i], v + i, 0);
            sum[1][i] = add_products(bias, words[1][i], v + i, 0);
            add_more(2, more, v, i, 2, words, done);
            add_more(2, more, v, i, 0, words, sum);
            make_words(2, half, i, &c, &m, words);
            finish(v, i, done);
        }
        store_sums(half, to, done, &range);
        advance_output(half, output_step, to);
    }
}

#endif
