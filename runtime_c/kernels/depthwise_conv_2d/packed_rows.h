/* The kernel for packed int8 depthwise convolutions. The including file has defined: simd/s8_<set>.h; GROUP (window rows
 * in a word), WORD (bytes of a word), WEIGHTS (bytes of a vector of weights); make_word(), load_column(), load_weights(),
 * multiply_add(). */
#ifndef RLT_DEPTHWISE_CONV_2D_PACKED_ROWS_H
#define RLT_DEPTHWISE_CONV_2D_PACKED_ROWS_H

#include "packed.h"

/* One vector of a unit, in every unit of a row. Values, not pointers to them: stores of bytes may alias anything. */
typedef struct {
    const uint8_t *weights;
    const int32_t *bias; /* of the vector; the other arrays follow at distance `padded` */
    size_t padded, unit, step, tap_step, set_step;
    int32_t groups, pieces, small;
    int32_t inside; /* lanes that exist, at most LANES */
    v_scale scale;
    v_range range;
} column;

/* `count` vectors of words of `rows` window rows, constant where this is inlined. */
RLT_INLINE void make_words(const int rows, const uint8_t *from, size_t row, size_t step, int32_t count, uint8_t *to) {
    for (int32_t i = 0; i < count; i++, from += step, to += LANES * WORD) make_word(rows, from, row, to);
}

static void load_words(int32_t rows, const uint8_t *from, size_t row, size_t step, int32_t count, uint8_t *to) {
    switch (rows) {
    case 1: make_words(1, from, row, step, count, to); break;
    case 2: make_words(2, from, row, step, count, to); break;
    case 3: make_words(GROUP < 3 ? GROUP : 3, from, row, step, count, to); break;
    default: make_words(GROUP, from, row, step, count, to); break;
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

/* In tiles as even as can be. */
RLT_INLINE void tiles(const int taps, const column *c, const uint8_t *words, int32_t units, int8_t *output) {
    for (int32_t left = (units + QUARTERS - 1) / QUARTERS; left > 0; left--) {
        const int32_t wide = (units + left - 1) / left;
        switch (wide) {
        case 1: tile(1, taps, c, words, output); break;
        case 2: tile(2, taps, c, words, output); break;
        case 3: tile(QUARTERS > 2 ? 3 : 1, taps, c, words, output); break;
        default: tile(QUARTERS, taps, c, words, output); break;
        }
        units -= wide;
        words += (size_t)wide * c->step;
        output += (size_t)wide * c->unit;
    }
}

/* All units of a row; the last may be shorter. */
RLT_INLINE void row_of_units(const rlt_depthwise_packed_params *p, const int taps, const column *c, const uint8_t *words,
                             int8_t *output, int32_t last_inside) {
    const int32_t whole = last_inside < c->inside ? p->units - 1 : p->units;
    tiles(taps, c, words, whole, output);
    if (whole < p->units && last_inside > 0) {
        column last = *c;
        last.inside = last_inside;
        tiles(taps, &last, words + (size_t)whole * c->step, 1, output + (size_t)whole * c->unit);
    }
}

/* Vector `v` of each unit in `rows` rows of output, from the band. */
static void run_vector(const rlt_depthwise_packed_params *p, const rlt_run *run, int32_t v, const uint8_t *band,
                       uint8_t *words, int32_t rows, int8_t *output) {
    const rlt_window *w = &p->window;
    const size_t padded = (size_t)p->vectors * LANES, row = (size_t)w->dilation_h * (size_t)p->band.row_bytes;
    const size_t group_words = (size_t)p->word_vectors * LANES * WORD;
    const uint8_t *weights = rlt_in(run, p->weights);
    const int32_t *bias = (const int32_t *)rlt_in(run, p->channels) + (size_t)v * LANES;
    const int32_t rest = p->unit - v * LANES, last_rest = p->last_unit - v * LANES;
    column c = {
        .weights = weights + (size_t)v * (size_t)(p->groups * p->pieces * w->kernel_w) * WEIGHTS, .bias = bias,
        .padded = padded, .unit = (size_t)p->unit, .step = (size_t)p->unit_words * WORD,
        .tap_step = (size_t)p->tap_words * WORD, .set_step = group_words, .groups = p->groups, .pieces = p->pieces,
        .small = p->small, .inside = rest < LANES ? rest : LANES,
        .scale = v_load_scale(bias + padded, bias + 3 * padded),
        .range = v_set_range(p->output_zero_point, p->low, p->high),
    };
    const int is_three = p->small && p->pieces == 1 && w->kernel_h == 3 && w->kernel_w == 3;
    for (int32_t r = 0; r < rows; r++) {
        const uint8_t *from = band + (size_t)r * (size_t)w->stride_h * (size_t)p->band.row_bytes + (size_t)v * LANES;
        int8_t *to = output + (size_t)r * (size_t)w->out_w * (size_t)w->out_c + (size_t)v * LANES;
        for (int32_t group = 0; group < p->groups; group++) {
            load_words(w->kernel_h - group * GROUP, from + (size_t)group * GROUP * row, row, (size_t)p->word_step,
                       p->word_vectors, words + (size_t)group * group_words);
        }
        if (is_three) { /* with constants where they are known */
            c.small = c.pieces = 1;
            c.groups = (3 + GROUP - 1) / GROUP;
            row_of_units(p, 3, &c, words, to, last_rest < LANES ? last_rest : LANES);
        } else {
            row_of_units(p, w->kernel_w, &c, words, to, last_rest < LANES ? last_rest : LANES);
        }
    }
}

static rlt_status run_packed(const rlt_run *run, const rlt_depthwise_packed_params *p) {
    const rlt_window *w = &p->window;
    const int8_t *input = rlt_in(run, p->input);
    int8_t *output = rlt_out(run, p->output);
    const size_t words_bytes = (size_t)p->word_vectors * (size_t)p->groups * LANES * WORD;
    uint8_t *band = (uint8_t *)rlt_out(run, p->scratch) + (size_t)run->task * ((size_t)p->band.bytes + words_bytes);
    uint8_t *words = band + p->band.bytes;
    uint32_t first, end;
    rlt_share_of(run, (uint32_t)(w->batches * w->out_h), &first, &end);
    for (int32_t row = (int32_t)first; row < (int32_t)end;) {
        int32_t y;
        const int32_t last = rlt_band_next(&p->band, w, row, (int32_t)end, &y);
        const size_t image = (size_t)(row / w->out_h) * (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
        rlt_band_load(&p->band, w, input + image, y, last, w->out_w, band);
        for (int32_t v = 0; v < p->vectors; v++) {
            run_vector(p, run, v, band, words, last - y, output + (size_t)row * (size_t)w->out_w * (size_t)w->out_c);
        }
        row += last - y;
    }
    return RLT_OK;
}

#endif
