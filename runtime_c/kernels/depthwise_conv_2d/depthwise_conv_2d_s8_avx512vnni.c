/* int8 DEPTHWISE_CONV_2D in its packed form (packed.h) with AVX-512 VNNI: words of 4 rows, 16 sums to a vector. */
#include <immintrin.h>

#include "../../simd/requantize_avx512.h"
#include "packed.h"

enum { LANES = 16, GROUP = 4, WORD = 4, WEIGHTS = 64, MOST_UNITS = 4 };

#define INLINE static inline __attribute__((always_inline))

/* One vector of a unit, in every unit of a row. */
typedef struct {
    const rlt_depthwise_packed_params *p;
    const int8_t *weights;
    const int32_t *bias; /* of the vector; the other arrays follow at distance `padded` */
    int32_t padded;
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

static __attribute__((noinline)) __m512i requantize_any(const column *c, __m512i sum) {
    const int32_t *multiplier = c->bias + c->padded, *left = multiplier + c->padded, *right = left + c->padded;
    return rlt_requantize_avx512(sum, _mm512_loadu_si512(multiplier), _mm512_loadu_si512(left),
                                 _mm512_loadu_si512(right));
}

INLINE void store(int8_t *to, __mmask16 inside, __m128i bytes) {
    if (inside == 0xFFFF) {
        _mm_storeu_si128((__m128i *)to, bytes);
    } else {
        _mm_mask_storeu_epi8(to, inside, bytes);
    }
}

/* This vector of `units` neighbouring units; `taps` is the window's width, constant where this is inlined with 3. */
INLINE void tile(const int units, const int taps, const column *c, const uint8_t *words, int8_t *output,
                 __mmask16 inside) {
    const rlt_depthwise_packed_params *p = c->p;
    const size_t step = (size_t)p->unit_step * WORD;
    __m512i sum[MOST_UNITS];
#pragma GCC unroll 4
    for (int i = 0; i < units; i++) sum[i] = _mm512_loadu_si512(c->bias);
    const int8_t *weights = c->weights;
    for (int32_t set = 0; set < p->groups * p->pieces; set++) {
        const uint8_t *from = words + (size_t)(set / p->pieces) * (size_t)p->chunk_words * WORD;
        for (int tap = 0; tap < taps; tap++) {
            const __m512i w = _mm512_loadu_si512(weights);
#pragma GCC unroll 4
            for (int i = 0; i < units; i++) {
                sum[i] = _mm512_dpbusd_epi32(sum[i], _mm512_loadu_si512(from + (size_t)i * step), w);
            }
            weights += WEIGHTS;
            from += (size_t)p->tap_step * WORD;
        }
    }
    if (p->small) {
        const int32_t *multiplier = c->bias + c->padded;
        const rlt_small_scale scale = rlt_load_small_scale(multiplier, multiplier + 2 * c->padded);
#pragma GCC unroll 4
        for (int i = 0; i < units; i++) sum[i] = rlt_requantize_small_avx512(sum[i], &scale);
    } else {
#pragma GCC unroll 4
        for (int i = 0; i < units; i++) sum[i] = requantize_any(c, sum[i]);
    }
    const rlt_byte_range range = rlt_load_byte_range(p->output_zero_point, p->low, p->high);
    const __m512i bytes = rlt_to_bytes_avx512(sum[0], sum[units > 1 ? 1 : 0], sum[units > 2 ? 2 : 0],
                                              sum[units > 3 ? 3 : 0], &range);
    const size_t unit = (size_t)p->unit;
    store(output, inside, _mm512_castsi512_si128(bytes));
    if (units > 1) store(output + unit, inside, _mm512_extracti32x4_epi32(bytes, 1));
    if (units > 2) store(output + 2 * unit, inside, _mm512_extracti32x4_epi32(bytes, 2));
    if (units > 3) store(output + 3 * unit, inside, _mm512_extracti32x4_epi32(bytes, 3));
}

INLINE void tiles(const int taps, const column *c, const uint8_t *words, int32_t units, int8_t *output,
                  __mmask16 inside) {
    const size_t step = (size_t)c->p->unit_step * WORD, unit = (size_t)c->p->unit;
    for (; units >= 4; units -= 4, words += 4 * step, output += 4 * unit) tile(4, taps, c, words, output, inside);
    switch (units) {
    case 3: tile(3, taps, c, words, output, inside); break;
    case 2: tile(2, taps, c, words, output, inside); break;
    case 1: tile(1, taps, c, words, output, inside); break;
    default: break;
    }
}

static void column_of_units(const column *c, const uint8_t *words, int32_t units, int8_t *output, int32_t bytes) {
    const __mmask16 inside = bytes < LANES ? (__mmask16)((1u << bytes) - 1) : 0xFFFF;
    if (c->p->window.kernel_w == 3) {
        tiles(3, c, words, units, output, inside);
    } else {
        tiles(c->p->window.kernel_w, c, words, units, output, inside);
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
        const column c = {p, weights + (size_t)v * (size_t)(p->groups * p->pieces * w->kernel_w) * WEIGHTS,
                          channels + v * LANES, p->vectors * LANES};
        const uint8_t *own = words + (size_t)v * LANES * WORD;
        int8_t *to = output + v * LANES;
        column_of_units(&c, own, whole - first, to, p->unit - v * LANES);
        if (whole < last && v * LANES < p->last_unit) {
            const size_t done = (size_t)(whole - first);
            column_of_units(&c, own + done * (size_t)p->unit_step * WORD, 1, to + done * (size_t)p->unit,
                            p->last_unit - v * LANES);
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
