/* The kernel for packed int8 depthwise convolutions. The including file has defined: simd/s8_<set>.h; GROUP (window rows
 * in a word), WORD (bytes of a word), WEIGHTS (bytes of a vector of weights); make_words(), load_column(), load_weights(),
 * multiply_add(). */
#ifndef RLT_DEPTHWISE_CONV_2D_PACKED_ROWS_H
#define RLT_DEPTHWISE_CONV_2D_PACKED_ROWS_H

#include "packed.h"

/* One vector of a unit, in every unit of a row. Values, not pointers to them: stores of bytes may alias anything. */
typedef struct {
    const uint8_t *weights;
    const int32_t *bias; /* of the vector; the other arrays follow at distance `padded` */
    size_t padded, unit, step, tap_step, set_step;
    int32_t groups, pieces, taps, small;
    int32_t inside; /* lanes that exist, at most LANES */
    v_scale scale;
    v_range range;
} column;

/* The words of `rows` window rows, GROUP at most, for `count` bytes of a row. */
static void load_words(int32_t rows, const uint8_t *from, size_t step, int32_t count, uint8_t *to) {
    switch (rows) {
    case 1: make_words(1, from, step, count, to); break;
    case 2: make_words(2, from, step, count, to); break;
    case 3: make_words(GROUP < 3 ? GROUP : 3, from, step, count, to); break;
    default: make_words(GROUP, from, step, count, to); break;
    }
}

static __attribute__((noinline)) vi requantize_any(const int32_t *multiplier, size_t padded, vi sum) {
    return vi_requantize(sum, vi_load(multiplier), vi_load(multiplier + padded), vi_load(multiplier + 2 * padded));
}

/* The vector of `units` neighbouring units, a constant; `taps`: the window's width. */
RLT_INLINE void tile(const int units, const int taps, const column *c, const uint8_t *words, int8_t *output) {
    vi sum[QUARTERS];
#pragma GCC unroll 4
    for (int i = 0; i < units; i++) sum[i] = vi_load(c->bias);
    const uint8_t *weights = c->weights;
    for (int32_t group = 0; group < c->groups; group++, words += c->set_step) {
        for (int32_t piece = 0; piece < c->pieces; piece++) {
            const uint8_t *from = words;
#pragma GCC unroll 3
            for (int tap = 0; tap < taps; tap++, weights += WEIGHTS, from += c->tap_step) {
                const vi w = load_weights(weights);
#pragma GCC unroll 4
                for (int i = 0; i < units; i++) {
                    sum[i] = multiply_add(sum[i], load_column(from + (size_t)i * c->step), w);
                }
            }
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < units; i++) {
        sum[i] = c->small ? vi_requantize_small(sum[i], &c->scale)
                          : requantize_any(c->bias + c->padded, c->padded, sum[i]);
    }
    const v_bytes bytes = v_to_bytes(sum, units, &c->range);
#pragma GCC unroll 4
    for (int i = 0; i < units; i++) v_store_quarter(output + (size_t)i * c->unit, bytes, i, c->inside);
}

RLT_INLINE void tiles(const int taps, const column *c, const uint8_t *words, int32_t units, int8_t *output) {
    for (; units >= QUARTERS; units -= QUARTERS, words += QUARTERS * c->step, output += QUARTERS * c->unit) {
        tile(QUARTERS, taps, c, words, output);
    }
    switch (units) {
    case 3: tile(QUARTERS > 3 ? 3 : 1, taps, c, words, output); break;
    case 2: tile(QUARTERS > 2 ? 2 : 1, taps, c, words, output); break;
    case 1: tile(1, taps, c, words, output); break;
    default: break;
    }
}

/* The vector of `units` units; of its bytes, the first `bytes` exist. */
static void column_of_units(const rlt_depthwise_packed_params *p, const uint8_t *weights, const int32_t *bias,
                            const uint8_t *words, int32_t units, int8_t *output, int32_t bytes) {
    const size_t padded = (size_t)p->vectors * LANES;
    const column c = {
        .weights = weights, .bias = bias, .padded = padded, .unit = (size_t)p->unit,
        .step = (size_t)p->unit_step * WORD, .tap_step = (size_t)p->tap_step * WORD,
        .set_step = (size_t)p->chunk_words * WORD, .groups = p->groups, .pieces = p->pieces,
        .taps = p->window.kernel_w, .small = p->small,
        .inside = bytes < LANES ? bytes : LANES,
        .scale = v_load_scale(bias + padded, bias + 3 * padded),
        .range = v_set_range(p->output_zero_point, p->low, p->high),
    };
    if (c.small && c.taps == 3 && p->window.kernel_h == 3 && c.pieces == 1) {
        column three = c; /* with constants where they are known */
        three.small = three.pieces = 1;
        three.groups = (3 + GROUP - 1) / GROUP;
        tiles(3, &three, words, units, output);
    } else {
        tiles(c.taps, &c, words, units, output);
    }
}

/* Units [first, last) of one output row; `from` is the band's row for the window's top. */
static void row_of_units(const rlt_depthwise_packed_params *p, const uint8_t *weights, const int32_t *channels,
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
        const uint8_t *own_weights = weights + (size_t)v * (size_t)(p->groups * p->pieces * w->kernel_w) * WEIGHTS;
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

static rlt_status run_packed(const rlt_run *run, const rlt_depthwise_packed_params *p) {
    const rlt_window *w = &p->window;
    const int8_t *input = rlt_in(run, p->input);
    const uint8_t *weights = rlt_in(run, p->weights);
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

#endif
