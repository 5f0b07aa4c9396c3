/* int8 DEPTHWISE_CONV_2D in its packed form (packed.h) with AVX-512 VNNI: words of 4 rows, 16 sums to a vector. */
#include <immintrin.h>

#include "../../simd/requantize_avx512.h"
#include "packed.h"

enum { LANES = 16, GROUP = 4, WORD = 4, WEIGHTS = 64, MOST_UNITS = 4 };

#define INLINE static inline __attribute__((always_inline))

/* One vector of a unit, in every unit of a row. Values, not pointers to them: stores of bytes may alias anything. */
typedef struct {
    const int8_t *weights;
    const int32_t *bias; /* of the vector; the other arrays follow at distance `padded` */
    size_t padded, unit, step, tap_step, set_step;
    int32_t groups, pieces, taps, small;
    __mmask16 inside;
    rlt_small_scale scale;
    rlt_byte_range range;
} column;

INLINE __m512i byte_row(const uint8_t *from) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)from));
}

INLINE void make_words(const int rows, const uint8_t *from, size_t step, int32_t count, uint8_t *to) {
    for (int32_t i = 0; i < count; i += LANES, from += LANES, to += LANES * WORD) {
        __m512i word = byte_row(from);
        if (rows > 1) word = _mm512_or_si512(word, _mm512_slli_epi32(byte_row(from + step), 8));
        if (rows > 2) word = _mm512_or_si512(word, _mm512_slli_epi32(byte_row(from + 2 * step), 16));
        if (rows > 3) word = _mm512_or_si512(word, _mm512_slli_epi32(byte_row(from + 3 * step), 24));
        _mm512_storeu_si512(to, word);
    }
}

/* The words of window rows [first, first + rows), for `count` bytes of a row. */
static void load_words(int32_t rows, const uint8_t *from, size_t step, int32_t count, uint8_t *to) {
    switch (rows) {
    case 1: make_words(1, from, step, count, to); break;
    case 2: make_words(2, from, step, count, to); break;
    case 3: make_words(3, from, step, count, to); break;
    default: make_words(4, from, step, count, to); break;
    }
}

static __attribute__((noinline)) __m512i requantize_any(const int32_t *multiplier, size_t padded, __m512i sum) {
    return rlt_requantize_avx512(sum, _mm512_loadu_si512(multiplier), _mm512_loadu_si512(multiplier + padded),
                                 _mm512_loadu_si512(multiplier + 2 * padded));
}

INLINE void store(int8_t *to, __mmask16 inside, __m128i bytes) {
    if (inside == 0xFFFF) {
        _mm_storeu_si128((__m128i *)to, bytes);
    } else {
        _mm_mask_storeu_epi8(to, inside, bytes);
    }
}

/* This vector of `units` neighbouring units; `taps` is the window's width, constant where this is inlined with 3. */
INLINE void tile(const int units, const int taps, const column *c, const uint8_t *words, int8_t *output) {
    __m512i sum[MOST_UNITS];
#pragma GCC unroll 4
    for (int i = 0; i < units; i++) sum[i] = _mm512_loadu_si512(c->bias);
    const int8_t *weights = c->weights;
    for (int32_t group = 0; group < c->groups; group++, words += c->set_step) {
        for (int32_t piece = 0; piece < c->pieces; piece++) {
            const uint8_t *from = words;
#pragma GCC unroll 3
            for (int tap = 0; tap < taps; tap++, weights += WEIGHTS, from += c->tap_step) {
                const __m512i w = _mm512_loadu_si512(weights);
#pragma GCC unroll 4
                for (int i = 0; i < units; i++) {
                    sum[i] = _mm512_dpbusd_epi32(sum[i], _mm512_loadu_si512(from + (size_t)i * c->step), w);
                }
            }
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < units; i++) {
        sum[i] = c->small ? rlt_requantize_small_avx512(sum[i], &c->scale)
                          : requantize_any(c->bias + c->padded, c->padded, sum[i]);
    }
    const __m512i bytes = rlt_to_bytes_avx512(sum[0], sum[units > 1 ? 1 : 0], sum[units > 2 ? 2 : 0],
                                              sum[units > 3 ? 3 : 0], &c->range);
    store(output, c->inside, _mm512_castsi512_si128(bytes));
    if (units > 1) store(output + c->unit, c->inside, _mm512_extracti32x4_epi32(bytes, 1));
    if (units > 2) store(output + 2 * c->unit, c->inside, _mm512_extracti32x4_epi32(bytes, 2));
    if (units > 3) store(output + 3 * c->unit, c->inside, _mm512_extracti32x4_epi32(bytes, 3));
}

INLINE void tiles(const int taps, const column *c, const uint8_t *words, int32_t units, int8_t *output) {
    for (; units >= 4; units -= 4, words += 4 * c->step, output += 4 * c->unit) tile(4, taps, c, words, output);
    switch (units) {
    case 3: tile(3, taps, c, words, output); break;
    case 2: tile(2, taps, c, words, output); break;
    case 1: tile(1, taps, c, words, output); break;
    default: break;
    }
}

/* Vector `v` of `units` units, of which `bytes` from its first exist. */
static void column_of_units(const rlt_depthwise_packed_params *p, const int8_t *weights, const int32_t *bias,
                            const uint8_t *words, int32_t units, int8_t *output, int32_t bytes) {
    const size_t padded = (size_t)p->vectors * LANES;
    const column c = {
        .weights = weights, .bias = bias, .padded = padded, .unit = (size_t)p->unit,
        .step = (size_t)p->unit_step * WORD, .tap_step = (size_t)p->tap_step * WORD,
        .set_step = (size_t)p->chunk_words * WORD, .groups = p->groups, .pieces = p->pieces,
        .taps = p->window.kernel_w, .small = p->small,
        .inside = bytes < LANES ? (__mmask16)((1u << bytes) - 1) : 0xFFFF,
        .scale = rlt_load_small_scale(bias + padded, bias + 3 * padded),
        .range = rlt_load_byte_range(p->output_zero_point, p->low, p->high),
    };
    if (c.small && c.taps == 3 && c.groups == 1 && c.pieces == 1) {
        column three = c;
        three.small = three.groups = three.pieces = 1;
        tiles(3, &three, words, units, output);
    } else {
        tiles(c.taps, &c, words, units, output);
    }
}

/* Units [first, last) of one output row; `from` is the band's row for the window's top. */
static void row_of_units(const rlt_depthwise_packed_params *p, const int8_t *weights, const int32_t *channels,
                         const uint8_t *from, int32_t first, int32_t last, uint8_t *words, int8_t *output) {
    const rlt_window *w = &p->window;
    const size_t step = (size_t)w->dilation_h * (size_t)p->band.row_bytes;
    const int32_t count = (last - first - 1) * p->unit_step + (w->kernel_w - 1) * p->tap_step + p->vectors * LANES;
    for (int32_t group = 0; group < p->groups; group++) {
        const int32_t rows = w->kernel_h - group * GROUP;
        load_words(rows, from + (size_t)first * (size_t)p->unit_step + (size_t)group * GROUP * step, step, count,
                   words + (size_t)group * (size_t)p->chunk_words * WORD);
    }
    const int32_t whole = last == p->units && p->last_unit < p->unit ? last - 1 : last;
    output += (size_t)first * (size_t)p->unit;
    for (int32_t v = 0; v < p->vectors; v++) {
        const int8_t *own_weights = weights + (size_t)v * (size_t)(p->groups * p->pieces * w->kernel_w) * WEIGHTS;
        const uint8_t *own = words + (size_t)v * LANES * WORD;
        int8_t *to = output + v * LANES;
        column_of_units(p, own_weights, channels + v * LANES, own, whole - first, to, p->unit - v * LANES);
        if (whole < last && v * LANES < p->last_unit) {
            const size_t done = (size_t)(whole - first);
            column_of_units(p, own_weights, channels + v * LANES, own + done * (size_t)p->unit_step * WORD, 1,
                            to + done * (size_t)p->unit, p->last_unit - v * LANES);
        }
    }
}

rlt_status rlt_depthwise_conv_2d_s8_avx512vnni(const rlt_run *run, const void *params) {
    const rlt_depthwise_packed_params *p = params;
    const rlt_window *w = &p->window;
    const int8_t *input = rlt_in(run, p->input), *weights = rlt_in(run, p->weights);
    const int32_t *channels = rlt_in(run, p->channels);
    int8_t *output = rlt_out(run, p->output);
    const size_t words_bytes = (size_t)p->chunk_words * (size_t)p->groups * WORD;
    uint8_t *band = (uint8_t *)rlt_out(run, p->scratch) + (size_t)run->task * ((size_t)p->band.bytes + words_bytes);
    uint8_t *words = band + p->band.bytes;
    uint32_t first, end;
    rlt_share_of(run, (uint32_t)(w->batches * w->out_h), &first, &end);
    for (int32_t row = (int32_t)first; row < (int32_t)end;) {
        int32_t y;
        const int32_t last = rlt_band_next(&p->band, w, row, (int32_t)end, &y);
        const size_t image = (size_t)(row / w->out_h) * (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
        rlt_band_load(&p->band, w, input + image, y, last, w->out_w, band);
        for (const int32_t top = y; y < last; y++, row++) {
            const uint8_t *from = band + (size_t)(y - top) * (size_t)w->stride_h * (size_t)p->band.row_bytes;
            int8_t *to = output + (size_t)row * (size_t)w->out_w * (size_t)w->out_c;
            for (int32_t u = 0; u < p->units; u += p->chunk) {
                const int32_t stop = p->units - u < p->chunk ? p->units : u + p->chunk;
                row_of_units(p, weights, channels, from, u, stop, words, to);
            }
        }
    }
    return RLT_OK;
}
