/* The kernel for packed int8 depthwise convolutions. The including file has defined: simd/s8_<set>.h; GROUP (rows in a
 * word), WEIGHTS (bytes of a vector of weights, and of words), SUMS (at a time); load_row(), load_row_part(),
 * make_words(), store_padding(), load_words(), load_weights(), multiply_add(); scale, load_scale(), requantize_fast();
 * last_steps, last_steps_of(), four_bytes, to_bytes(); part, part_of(), store_part(); VECTORS(X), the functions:
 * X(rows, columns, three), where columns are as many as give SUMS. */
#ifndef RLT_DEPTHWISE_CONV_2D_PACKED_ROWS_H
#define RLT_DEPTHWISE_CONV_2D_PACKED_ROWS_H

#include "packed.h"

enum { BLOCK = RLT_DEPTHWISE_BLOCK * LANES, SLOT = RLT_DEPTHWISE_BLOCK * WEIGHTS, BYTE = WEIGHTS / LANES, ROWS = 2 };
enum { THREE_GROUPS = 4 / GROUP, THREE_SETS = THREE_GROUPS * 3, THREE_WEIGHTS = THREE_SETS * ROWS };

/* One vector of channels in all units of some rows. */
typedef struct {
    const uint8_t *weights;
    const int32_t *constants;
    size_t unit_words, tap_words, group_words; /* bytes between the words of units, of window columns, of groups */
    size_t row, unit;                          /* bytes between rows and units of output */
    int32_t groups, pieces, taps, rows, fast;
    int32_t units, whole, last; /* their number; bytes of the vector in each of them, and in the last one */
    last_steps steps;
} job;

static __attribute__((noinline)) vi requantize_any(const int32_t *constants, vi sum) {
    return vi_requantize(sum, vi_load(constants + ANY_MULTIPLIER * LANES), vi_load(constants + ANY_LEFT * LANES),
                         vi_load(constants + ANY_RIGHT * LANES));
}

/* Adds the products of one window column in neighbouring units of `rows` rows. */
RLT_INLINE void multiply(const int rows, const int columns, const vi *weights, const uint8_t *words,
                         size_t unit_words, vi *sum) {
    __asm__("" : "+r"(words)); /* keeps compilers from making every address on its own: registers would not do */
#pragma GCC unroll 8
    for (int column = 0; column < columns; column++) {
        const vi word = load_words(words + (size_t)column * unit_words);
#pragma GCC unroll 2
        for (int row = 0; row < rows; row++) {
            sum[row * columns + column] = multiply_add(sum[row * columns + column], word, weights[row]);
        }
    }
}

/* `left`: units from here to the row's end. */
RLT_INLINE void store_units(const int rows, const int columns, const int positive, const job *b, const vi *y,
                            int32_t left, int8_t *output) {
    const part whole = part_of(b->whole), last = part_of(b->last);
    four_bytes bytes[SUMS / 4];
    for (int i = 0; i < SUMS / 4; i++) bytes[i] = to_bytes(positive, y + 4 * i, &b->steps);
#pragma GCC unroll 8
    for (int i = 0; i < rows * columns; i++) {
        const int column = i % columns;
        int8_t *to = output + (size_t)(i / columns) * b->row + (size_t)column * b->unit;
        if (left > columns) {
            store_part(to, bytes[i / 4], i % 4, whole);
        } else if (column < left) {
            store_part(to, bytes[i / 4], i % 4, column == left - 1 ? last : whole);
        }
    }
}

RLT_INLINE void any_sums(const int rows, const int columns, const job *b, const uint8_t *words, vi *sum) {
    const uint8_t *weights = b->weights;
    for (int32_t i = 0; i < b->pieces * b->groups; i++) {
        const uint8_t *from = words + (size_t)(i % b->groups) * b->group_words;
        for (int32_t tap = 0; tap < b->taps; tap++, from += b->tap_words, weights += b->rows * WEIGHTS) {
            const vi w[ROWS] = {load_weights(weights), load_weights(weights + (rows - 1) * WEIGHTS)};
            multiply(rows, columns, w, from, b->unit_words, sum);
        }
    }
}

RLT_INLINE void sums_of_three(const int rows, const int columns, const job *b, const vi *weights,
                              const uint8_t *words, vi *sum) {
#pragma GCC unroll 24
    for (int i = 0; i < THREE_SETS; i++) {
        const size_t group = (size_t)(i / 3), tap = (size_t)(i % 3);
        multiply(rows, columns, weights + i * rows, words + group * b->group_words + tap * b->tap_words,
                 b->unit_words, sum);
    }
}

/* `steps` times `rows` rows. Constant where this is inlined: `rows`; `columns`; `three`: for 3x3 windows of one piece,
 * whose sums are fast and whose activation makes all negative values one, the zero point: halves below 0 then may
 * go either way. */
RLT_INLINE void vector(const int rows, const int columns, const int three, const job *b, const uint8_t *words,
                       int32_t steps, int8_t *output) {
    const int sets = three ? THREE_SETS : 0;
    const vi bias = vi_load(b->constants + CHANNEL_BIAS * LANES);
    const int32_t *factors = b->constants + CHANNEL_SCALE * LANES;
    const scale s = load_scale(factors);
    vi weights[THREE_WEIGHTS];
#pragma GCC unroll 24
    for (int i = 0; i < sets * rows; i++) {
        weights[i] = load_weights(b->weights + (i / rows * b->rows + i % rows) * WEIGHTS);
    }
    for (int32_t step = 0; step < steps; step++) {
        for (int32_t unit = 0;;) {
            vi sum[SUMS];
#pragma GCC unroll 8
            for (int i = 0; i < SUMS; i++) sum[i] = bias;
            if (three) sums_of_three(rows, columns, b, weights, words + (size_t)unit * b->unit_words, sum);
            else any_sums(rows, columns, b, words + (size_t)unit * b->unit_words, sum);
            if (three || b->fast) {
#pragma GCC unroll 8
                for (int i = 0; i < SUMS; i++) sum[i] = requantize_fast(!three, sum[i], &s);
            } else {
                for (int i = 0; i < SUMS; i++) sum[i] = requantize_any(factors, sum[i]);
            }
            const int32_t left = b->units - unit;
            store_units(rows, columns, three, b, sum, left, output + (size_t)unit * b->unit);
            if (left <= columns) break;
            unit = left < 2 * columns ? b->units - columns : unit + columns; /* some come twice rather than alone */
        }
        words += (size_t)b->groups * b->group_words;
        output += (size_t)rows * b->row;
    }
}

typedef void (*vector_function)(const job *b, const uint8_t *words, int32_t steps, int8_t *output);

#define VECTOR(rows, columns, three) \
    static void rows_##rows##_##columns##_##three(const job *b, const uint8_t *words, int32_t steps, \
                                                  int8_t *output) { \
        const job own = *b; /* stores of bytes may alias anything else */ \
        vector(rows, columns, three, &own, words, steps, output); \
    }
#define VECTOR_PLACE(rows, columns, three) [rows - 1][three] = rows_##rows##_##columns##_##three,
VECTORS(VECTOR)

static vector_function function_for(const rlt_depthwise_packed_params *p, int32_t rows, const job *b) {
    static const vector_function functions[ROWS][2] = {VECTORS(VECTOR_PLACE)};
    const rlt_window *w = &p->window;
    const int three = w->kernel_h == 3 && w->kernel_w == 3 && b->fast && p->low == p->output_zero_point;
    return functions[rows - 1][three && b->pieces == 1];
}

/* The input, or the band, from row `y` on. */
typedef struct {
    const rlt_depthwise_packed_params *p;
    const uint8_t *base;    /* row 0, column 0 */
    const uint8_t *padding; /* a block of it */
    size_t row_bytes;
    int32_t y, height, width, left; /* `left`: columns of padding that it lacks */
    int flip;                       /* what makes its bytes unsigned */
} source;

/* Where the rows of a group of windows come from. */
typedef struct {
    const uint8_t *row[GROUP];
    size_t step[GROUP]; /* 0 where the row is padding: then one block of it is all there is */
} group_rows;

/* Of windows in `rows` rows of output, from row `y` of the source on. */
static group_rows rows_of(const source *s, int32_t y, int32_t rows, int32_t group) {
    const rlt_window *w = &s->p->window;
    const int32_t last = w->kernel_h - 1 + (rows - 1) * w->stride_h; /* what follows meets weights of 0 */
    group_rows g;
    for (int32_t i = 0; i < GROUP; i++) {
        const int32_t k = group * GROUP + i < last ? group * GROUP + i : last, at = y + k * w->dilation_h;
        g.step[i] = at >= 0 && at < s->height;
        g.row[i] = g.step[i] ? s->base + (size_t)at * s->row_bytes : s->padding;
    }
    return g;
}

/* Words of `count` bytes of rows from byte `at` on; whole blocks are written, and read where rows, of `end` bytes, have
 * them. */
RLT_INLINE void fill_run(const group_rows *g, size_t at, int32_t count, size_t end, int flip, uint8_t *words) {
    vi row[GROUP];
    for (; count > 0 && at + BLOCK <= end; count -= BLOCK, at += BLOCK, words += SLOT) {
#pragma GCC unroll 4
        for (int i = 0; i < GROUP; i++) row[i] = load_row(g->row[i] + g->step[i] * at, flip);
        make_words(row, words);
    }
    if (count <= 0) return;
#pragma GCC unroll 4
    for (int i = 0; i < GROUP; i++) row[i] = load_row_part(g->row[i] + g->step[i] * at, count, flip);
    make_words(row, words);
}

static void fill_padding(const source *s, size_t bytes, uint8_t *words) {
    for (size_t i = 0; i < bytes; i += WEIGHTS) store_padding(words + i, s->p->band.fill);
}

/* Words of group `g` for `columns` columns from `x` on, which may begin and end in padding: `vectors` of each pixel
 * from `first` on. */
static void fill_columns(const source *s, const group_rows *g, int32_t x, int32_t columns, int32_t first,
                         int32_t vectors, uint8_t *words) {
    const rlt_depthwise_packed_params *p = s->p;
    const int32_t channels = p->window.out_c, rest = channels - first * LANES;
    const int32_t bytes = rest < vectors * LANES ? rest : vectors * LANES;
    const size_t pixel = p->flat ? (size_t)(channels * BYTE) : (size_t)(vectors * WEIGHTS);
    x -= s->left;
    const int32_t before = x < 0 ? (-x < columns ? -x : columns) : 0, room = s->width - (x + before);
    const int32_t inside = room < 0 ? 0 : room < columns - before ? room : columns - before;
    fill_padding(s, (size_t)before * pixel, words);
    words += (size_t)before * pixel;
    const size_t at = (size_t)(x + before) * (size_t)channels + (size_t)(first * LANES);
    if (p->flat) {
        fill_run(g, at, inside * channels, s->row_bytes, s->flip, words);
    } else {
        for (int32_t i = 0; i < inside; i++) {
            fill_run(g, at + (size_t)i * (size_t)channels, bytes, s->row_bytes, s->flip, words + (size_t)i * pixel);
        }
    }
    fill_padding(s, (size_t)(columns - before - inside) * pixel, words + (size_t)inside * pixel);
}

/* `vectors` of each unit from `first` on in `units` units from `unit` on, of `rows` rows of output. */
static void run_segment(const rlt_run *run, const source *s, int32_t first, int32_t vectors, int32_t unit,
                        int32_t units, int32_t rows, uint8_t *words, int8_t *output) {
    const rlt_depthwise_packed_params *p = s->p;
    const rlt_window *w = &p->window;
    const int32_t pixels = p->flat ? p->unit / w->out_c : 1, whole = rows / p->rows;
    const int32_t columns = (units * pixels - 1) * w->stride_w + (w->kernel_w - 1) * w->dilation_w + 1;
    const size_t step_words = (size_t)p->groups * (size_t)p->group_bytes;
    for (int32_t r = 0; r < rows; r += p->rows) {
        const int32_t now = rows - r < p->rows ? rows - r : p->rows;
        for (int32_t group = 0; group < p->groups; group++) {
            const group_rows g = rows_of(s, s->y + r * w->stride_h, now, group);
            fill_columns(s, &g, unit * pixels * w->stride_w, columns, first, vectors,
                         words + (size_t)(r / p->rows) * step_words + (size_t)(group * p->group_bytes));
        }
    }
    const size_t pixel = p->flat ? (size_t)(w->out_c * BYTE) : (size_t)(vectors * WEIGHTS);
    const size_t vector_weights = (size_t)(p->groups * p->pieces * p->rows * w->kernel_w) * WEIGHTS;
    const int ends = unit + units == p->units;
    job b = {
        .unit_words = pixel * (size_t)(pixels * w->stride_w), .tap_words = pixel * (size_t)w->dilation_w,
        .group_words = (size_t)p->group_bytes, .row = (size_t)w->out_w * (size_t)w->out_c, .unit = (size_t)p->unit,
        .groups = p->groups, .taps = w->kernel_w, .rows = p->rows,
        .steps = last_steps_of(p->output_zero_point, p->low, p->high),
    };
    for (int32_t v = first; v < first + vectors; v++) {
        const int32_t rest = p->unit - v * LANES, last = (ends ? p->last_unit : p->unit) - v * LANES;
        b.weights = (const uint8_t *)rlt_in(run, p->weights) + (size_t)v * vector_weights;
        b.constants = (const int32_t *)rlt_in(run, p->channels) + (size_t)v * (CHANNEL_CONSTANTS * LANES);
        b.pieces = b.constants[CHANNEL_KIND * LANES + KIND_PIECES];
        b.fast = b.constants[CHANNEL_KIND * LANES + KIND_FAST];
        b.whole = rest < LANES ? rest : LANES;
        b.last = last <= 0 ? b.whole : last < LANES ? last : LANES;
        b.units = last <= 0 ? units - 1 : units;
        if (b.units == 0) continue;
        const uint8_t *from = words + (size_t)(v - first) * WEIGHTS;
        int8_t *to = output + (size_t)unit * b.unit + (size_t)v * LANES;
        if (whole) function_for(p, p->rows, &b)(&b, from, whole, to);
        if (whole * p->rows == rows) continue;
        function_for(p, 1, &b)(&b, from + (size_t)whole * step_words, 1, to + (size_t)(whole * p->rows) * b.row);
    }
}

static void run_rows(const rlt_run *run, const source *s, int32_t rows, uint8_t *words, int8_t *output) {
    const rlt_depthwise_packed_params *p = s->p;
    for (int32_t first = 0; first < p->vectors; first += p->chunk) {
        const int32_t vectors = p->vectors - first < p->chunk ? p->vectors - first : p->chunk;
        for (int32_t unit = 0; unit < p->units; unit += p->segment) {
            const int32_t units = p->units - unit < p->segment ? p->units - unit : p->segment;
            run_segment(run, s, first, vectors, unit, units, rows, words, output);
        }
    }
}

static rlt_status run_all(const rlt_run *run, const rlt_depthwise_packed_params *p) {
    const rlt_window *w = &p->window;
    rlt_band shape = p->band;
    shape.wide = 1; /* known here */
    const int8_t *input = rlt_in(run, p->input);
    int8_t *output = rlt_out(run, p->output);
    uint8_t *band = (uint8_t *)rlt_out(run, p->scratch) + (size_t)run->task * (size_t)(p->band.bytes + p->word_bytes);
    uint8_t padding[BLOCK];
    memset(padding, p->band.fill ^ 0x80, sizeof padding);
    const size_t in_row = (size_t)w->in_w * (size_t)w->in_c, out_row = (size_t)w->out_w * (size_t)w->out_c;
    uint32_t first, end;
    rlt_share_of(run, (uint32_t)(w->batches * w->out_h), &first, &end);
    for (int32_t row = (int32_t)first; row < (int32_t)end;) {
        int32_t y;
        const int32_t last = rlt_band_next(&p->band, w, row, (int32_t)end, &y), rows = last - y;
        const int8_t *image = input + (size_t)(row / w->out_h) * (size_t)w->in_h * in_row;
        source s = {p, (const uint8_t *)image, padding, in_row, y * w->stride_h - w->pad_top, w->in_h, w->in_w,
                    w->pad_left, 0x80};
        if (p->band.bytes) {
            rlt_band_load(&shape, w, image, y, last, w->out_w, band);
            const int32_t width = p->band.row_bytes / w->out_c;
            s = (source){p, band, padding, (size_t)p->band.row_bytes, 0, INT32_MAX, width, 0, 0};
        }
        for (int32_t r = 0; r < rows; r += p->steps * p->rows, s.y += p->steps * p->rows * w->stride_h) {
            run_rows(run, &s, rows - r < p->steps * p->rows ? rows - r : p->steps * p->rows, band + p->band.bytes,
                     output + (size_t)(row + r) * out_row);
        }
        row += rows;
    }
    return RLT_OK;
}

static rlt_status run_packed(const rlt_run *run, const rlt_depthwise_packed_params *p) {
    const v_mode mode = v_enter(1);
    const rlt_status status = run_all(run, p);
    v_leave(mode);
    return status;
}

#endif
