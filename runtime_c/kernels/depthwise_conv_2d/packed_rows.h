/* The kernel for packed int8 depthwise convolutions. The including file has defined: simd/s8_<set>.h; GROUP (rows in a
 * word), WEIGHTS (bytes of a vector of weights, and of words); load_row(), load_flat_row(),
 * load_order(), load_apart(), make_words(), load_words(),
 * load_weights(), multiply_add(), requantize_small(), store_block(). */
#ifndef RLT_DEPTHWISE_CONV_2D_PACKED_ROWS_H
#define RLT_DEPTHWISE_CONV_2D_PACKED_ROWS_H

#include "packed.h"

enum { BLOCK = RLT_DEPTHWISE_QUARTERS * LANES, SLOT = RLT_DEPTHWISE_QUARTERS * WEIGHTS, SUMS = 4, ROWS = 2 };

/* What is the same for all tiles of a block. Values, not pointers to them: stores of bytes may alias anything. */
typedef struct {
    const uint8_t *weights;
    const int32_t *constants;
    size_t vector_weights;        /* bytes of a vector's weights */
    size_t unit_words, tap_words; /* bytes between the words of units, and of window columns */
    size_t group_words, odd_words; /* of groups; of odd columns and even ones, where words have them apart */
    int odd;                       /* 1 if so */
    size_t three[3];               /* tap_words() of the first columns */
    size_t row, unit;             /* bytes between rows and units of output */
    int32_t groups, pieces, taps, rows, small, natural;
    int32_t quarters; /* vectors of the block that there are */
    v_range range;
} block;

/* Where the words of window column `tap` are. */
RLT_INLINE size_t tap_words(const block *b, int tap) {
    return (size_t)(tap & b->odd) * b->odd_words + (size_t)(tap >> b->odd) * b->tap_words;
}

static __attribute__((noinline)) vi requantize_any(const int32_t *constants, vi sum) {
    return vi_requantize(sum, vi_load(constants + CHANNEL_MULTIPLIER * LANES),
                         vi_load(constants + CHANNEL_LEFT * LANES), vi_load(constants + CHANNEL_RIGHT * LANES));
}

/* `three`: see tiles_for(). */
RLT_INLINE vi requantize(const int three, int32_t small, const int32_t *constants, vi sum) {
    if (!three && !small) return requantize_any(constants, sum);
    const v_scale scale = {vi_load(constants + CHANNEL_MULTIPLIER * LANES), vi_load(constants + CHANNEL_ODD * LANES),
                           vi_load(constants + CHANNEL_NUDGE_EVEN * LANES),
                           vi_load(constants + CHANNEL_NUDGE_ODD * LANES), vi_load(constants + CHANNEL_RIGHT * LANES)};
    return requantize_small(!three, sum, &scale);
}

/* Vector `quarter` of a block in `columns` neighbouring units of `rows` rows. Constant where this is inlined:
 * `columns`, `rows`, `three`. */
RLT_INLINE void vector(const int columns, const int rows, const int three, const block *b, const uint8_t *words,
                       int quarter, vi done[SUMS][RLT_DEPTHWISE_QUARTERS]) {
    const uint8_t *weights = b->weights + quarter * b->vector_weights;
    const int32_t *constants = b->constants + quarter * (CHANNEL_CONSTANTS * LANES);
    words += quarter * WEIGHTS;
    const int groups = three ? 4 / GROUP : b->groups, pieces = three ? 1 : b->pieces, taps = three ? 3 : b->taps;
    vi sum[SUMS];
#pragma GCC unroll 4
    for (int i = 0; i < rows * columns; i++) sum[i] = vi_load(constants + CHANNEL_BIAS * LANES);
    for (int32_t group = 0; group < groups; group++, words += b->group_words) {
        for (int32_t piece = 0; piece < pieces; piece++) {
            for (int tap = 0; tap < taps; tap++, weights += b->rows * WEIGHTS) {
                const uint8_t *from = words + (three ? b->three[tap] : tap_words(b, tap));
                vi w[ROWS];
#pragma GCC unroll 2
                for (int row = 0; row < rows; row++) w[row] = load_weights(weights + row * WEIGHTS);
#pragma GCC unroll 4
                for (int column = 0; column < columns; column++) {
                    const vi word = load_words(from + (size_t)column * b->unit_words);
#pragma GCC unroll 2
                    for (int row = 0; row < rows; row++) {
                        sum[row * columns + column] = multiply_add(sum[row * columns + column], word, w[row]);
                    }
                }
            }
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < rows * columns; i++) done[i][quarter] = requantize(three, b->small, constants, sum[i]);
}

/* The first `inside` bytes of a block in as many units and rows. */
RLT_INLINE void tile(const int columns, const int rows, const int three, const block *b, const uint8_t *words,
                     int32_t inside, int8_t *output) {
    vi done[SUMS][RLT_DEPTHWISE_QUARTERS];
    if (three) {
#pragma GCC unroll 4
        for (int i = 0; i < RLT_DEPTHWISE_QUARTERS; i++) vector(columns, rows, 1, b, words, i, done);
    } else {
#pragma GCC unroll 1
        for (int i = 0; i < b->quarters; i++) vector(columns, rows, 0, b, words, i, done);
        for (int i = b->quarters; i < RLT_DEPTHWISE_QUARTERS; i++) {
            for (int k = 0; k < rows * columns; k++) done[k][i] = vi_set(0);
        }
    }
#pragma GCC unroll 2
    for (int row = 0; row < rows; row++) {
#pragma GCC unroll 4
        for (int column = 0; column < columns; column++) {
            store_block(output + (size_t)row * b->row + (size_t)column * b->unit, done[row * columns + column],
                        &b->range, b->natural, inside);
        }
    }
}

/* `units` of them, whose last one has `last` bytes of the block. */
RLT_INLINE void tiles(const int rows, const int three, const block *b, const uint8_t *words, int32_t units,
                      int32_t inside, int32_t last, int8_t *output) {
    const int32_t whole = last < inside ? units - 1 : units;
    const int columns = SUMS / rows;
    int32_t unit = 0;
    for (; unit + columns <= whole; unit += columns) {
        tile(columns, rows, three, b, words + (size_t)unit * b->unit_words, inside, output + (size_t)unit * b->unit);
    }
    for (; unit < units; unit++) {
        const int32_t bytes = unit < whole ? inside : last;
        if (bytes <= 0) break;
        tile(1, rows, three, b, words + (size_t)unit * b->unit_words, bytes, output + (size_t)unit * b->unit);
    }
}

typedef void (*tiles_function)(const block *b, const uint8_t *words, int32_t units, int32_t inside, int32_t last,
                               int8_t *output);

#define TILES(name, rows, three) \
    static void name(const block *b, const uint8_t *words, int32_t units, int32_t inside, int32_t last, \
                     int8_t *output) { \
        tiles(rows, three, b, words, units, inside, last, output); \
    }
TILES(one_row, 1, 0)
TILES(two_rows, 2, 0)
TILES(one_row_of_three, 1, 1)
TILES(two_rows_of_three, 2, 1)

/* `three`: 3x3 windows with small sums, whose activation makes all negative values one: halves below 0 then may go
 * either way. Parts of blocks run in fewer vectors. */
static tiles_function tiles_for(const rlt_depthwise_packed_params *p, int32_t rows, int32_t quarters) {
    const rlt_window *w = &p->window;
    const int three = w->kernel_h == 3 && w->kernel_w == 3 && p->pieces == 1 && p->small &&
                      p->low >= p->output_zero_point && quarters == RLT_DEPTHWISE_QUARTERS;
    if (rows == 1) return three ? one_row_of_three : one_row;
    return three ? two_rows_of_three : two_rows;
}

/* Where the rows of a group of windows come from. */
typedef struct {
    const uint8_t *row[GROUP];
    size_t step[GROUP]; /* 0 where the row is padding: then one block of it is all there is */
} group_rows;

/* The input, or the band, from row `y` on. */
typedef struct {
    const rlt_depthwise_packed_params *p;
    const uint8_t *base;    /* of block 0 in row 0, column 0 */
    const uint8_t *padding; /* a block of it, where the input is read itself */
    int32_t y, rows;        /* `rows` of output at once */
    int fresh;              /* the words of padding are not there from the rows before */
} source;

static group_rows rows_of(const source *s, int32_t group, size_t at) {
    const rlt_depthwise_packed_params *p = s->p;
    const rlt_window *w = &p->window;
    const int32_t last = w->kernel_h - 1 + (s->rows - 1) * w->stride_h; /* what follows meets weights of 0 */
    const size_t row_bytes = s->padding ? (size_t)w->in_w * (size_t)w->in_c : (size_t)p->band.row_bytes;
    group_rows g;
    for (int32_t i = 0; i < GROUP; i++) {
        const int32_t k = group * GROUP + i < last ? group * GROUP + i : last, y = s->y + k * w->dilation_h;
        const int outside = s->padding && (y < 0 || y >= w->in_h);
        g.row[i] = outside ? s->padding : s->base + (size_t)y * row_bytes + at;
        g.step[i] = !outside;
    }
    return g;
}

/* `count` slots of words of group `group`, `step` bytes apart in the input from `at` on. */
static void fill_slots(const source *s, int32_t group, size_t at, size_t step, int32_t count, size_t slot_step,
                       uint8_t *words) {
    group_rows g = rows_of(s, group, at);
    for (int i = 0; i < GROUP; i++) g.step[i] *= step;
    const int flip = s->padding ? 0x80 : 0; /* a band has it already */
    for (int32_t k = 0; k < count; k++, words += slot_step) {
        vi row[GROUP];
        if (s->p->natural) {
#pragma GCC unroll 4
            for (int i = 0; i < GROUP; i++) row[i] = load_flat_row(g.row[i]);
        } else {
#pragma GCC unroll 4
            for (int i = 0; i < GROUP; i++) row[i] = load_row(g.row[i], flip);
        }
        make_words(row, words);
#pragma GCC unroll 4
        for (int i = 0; i < GROUP; i++) g.row[i] += g.step[i];
    }
}

static void fill_padding(const source *s, int32_t count, size_t slot_step, uint8_t *words) {
    vi row[GROUP];
    for (int i = 0; i < GROUP; i++) row[i] = load_row(s->padding, 0x80);
    for (int32_t k = 0; k < count; k++) {
        for (int32_t group = 0; group < s->p->groups; group++) {
            make_words(row, words + (size_t)k * slot_step + (size_t)group * SLOT);
        }
    }
}

/* As many slots of even columns and of odd ones, whose words are `apart` bytes from there. */
static void fill_apart(const source *s, int32_t group, size_t at, int32_t count, size_t apart, uint8_t *words) {
    const group_rows g = rows_of(s, group, at);
    const v_order order = load_order(s->p->even, s->p->window.out_c / 4);
    for (int32_t k = 0; k < count; k++, words += SLOT) {
        vi even[GROUP], odd[GROUP];
#pragma GCC unroll 4
        for (int i = 0; i < GROUP; i++) load_apart(g.row[i] + (size_t)k * 2 * BLOCK, &order, &even[i], &odd[i]);
        make_words(even, words);
        make_words(odd, words + apart);
    }
}

static void fill_flat(const source *s, int32_t first, int32_t units, const block *b, uint8_t *words) {
    const rlt_depthwise_packed_params *p = s->p;
    const int32_t reach = (p->window.kernel_w - 1) * p->window.dilation_w / p->flat * p->window.out_c;
    const int32_t count = (units * p->unit + reach + BLOCK - 1) / BLOCK;
    const size_t at = (size_t)first * (size_t)p->unit * (size_t)p->flat;
    for (int32_t group = 0; group < p->groups; group++, words += b->group_words) {
        if (p->flat == 2) {
            fill_apart(s, group, at, count, b->odd_words, words);
        } else {
            fill_slots(s, group, at, BLOCK, count, SLOT, words);
        }
    }
}

/* Words of `units` units from `first` on, of block `v`. */
static void fill_words(const source *s, int32_t v, int32_t first, int32_t units, uint8_t *words) {
    const rlt_depthwise_packed_params *p = s->p;
    const rlt_window *w = &p->window;
    const size_t slot_step = (size_t)p->groups * SLOT;
    const int32_t count = (units - 1) * w->stride_w + (w->kernel_w - 1) * w->dilation_w + 1;
    int32_t x = first * w->stride_w, left = 0, inside = count;
    if (s->padding) {
        x -= w->pad_left;
        left = x < 0 ? -x : 0;
        left = left < count ? left : count;
        inside = w->in_w - (x + left) < count - left ? w->in_w - (x + left) : count - left;
        inside = inside > 0 ? inside : 0;
        if (s->fresh) {
            fill_padding(s, left, slot_step, words);
            fill_padding(s, count - left - inside, slot_step, words + (size_t)(left + inside) * slot_step);
        }
    }
    if (!inside) return;
    for (int32_t group = 0; group < p->groups; group++) {
        fill_slots(s, group, (size_t)(x + left) * (size_t)w->out_c + (size_t)v * BLOCK, (size_t)w->out_c, inside,
                   slot_step, words + (size_t)left * slot_step + (size_t)group * SLOT);
    }
}

/* Blocks [first, last) of each unit in `rows` rows of output, the first of which reads from row `y` of `s` on. */
static void run_blocks(const rlt_run *run, source s, int32_t first, int32_t last, uint8_t *words, int32_t rows,
                       int8_t *output) {
    const rlt_depthwise_packed_params *p = s.p;
    const rlt_window *w = &p->window;
    const size_t vector_weights = (size_t)(p->groups * p->pieces * p->rows * w->kernel_w) * WEIGHTS;
    const uint8_t *weights = rlt_in(run, p->weights);
    const int32_t *constants = rlt_in(run, p->channels);
    const size_t slot_step = (size_t)p->groups * SLOT, byte = SLOT / BLOCK;
    const size_t group_words = p->flat ? (size_t)(p->word_bytes / p->groups) : SLOT;
    block b = {
        .vector_weights = vector_weights,
        .unit_words = p->flat ? (size_t)p->unit * byte : slot_step * (size_t)w->stride_w,
        .tap_words = p->flat ? (size_t)(w->dilation_w * w->out_c) * byte : slot_step * (size_t)w->dilation_w,
        .group_words = group_words, .odd_words = group_words / 2, .odd = p->flat == 2,
        .row = (size_t)w->out_w * (size_t)w->out_c, .unit = (size_t)p->unit,
        .groups = p->groups, .pieces = p->pieces, .taps = w->kernel_w, .rows = p->rows, .small = p->small,
        .natural = p->natural,
        .range = v_set_range(p->output_zero_point, p->low, p->high),
    };
    for (int tap = 0; tap < 3; tap++) b.three[tap] = tap_words(&b, tap);
    for (int32_t r = 0; r < rows; r += p->rows, s.y += p->rows * w->stride_h) {
        s.rows = rows - r < p->rows ? rows - r : p->rows;
        for (int32_t unit = 0; unit < p->units; unit += p->segment) {
            const int32_t units = p->units - unit < p->segment ? p->units - unit : p->segment;
            s.fresh = r == 0 || p->units > p->segment;
            if (p->flat) fill_flat(&s, unit, units, &b, words);
            for (int32_t v = first; v < last; v++) {
                const int32_t rest = p->unit - v * BLOCK, inside = rest < BLOCK ? rest : BLOCK;
                const int32_t last_inside = p->last_unit - v * BLOCK;
                if (!p->flat) fill_words(&s, v, unit, units, words);
                b.weights = weights + (size_t)v * RLT_DEPTHWISE_QUARTERS * vector_weights;
                b.constants = constants + (size_t)v * BLOCK * CHANNEL_CONSTANTS;
                b.quarters = p->flat ? RLT_DEPTHWISE_QUARTERS : (inside + LANES - 1) / LANES;
                const tiles_function function = tiles_for(p, s.rows, b.quarters);
                function(&b, words + (p->flat ? (size_t)v * SLOT : 0), units, inside,
                         unit + units < p->units || last_inside > inside ? inside : last_inside,
                         output + (size_t)r * b.row + (size_t)unit * b.unit + (size_t)v * BLOCK);
            }
        }
    }
}

static rlt_status run_packed(const rlt_run *run, const rlt_depthwise_packed_params *p) {
    const rlt_window *w = &p->window;
    rlt_band shape = p->band;
    shape.wide = 1; /* known here */
    const int8_t *input = rlt_in(run, p->input);
    int8_t *output = rlt_out(run, p->output);
    uint8_t *band = (uint8_t *)rlt_out(run, p->scratch) + (size_t)run->task * (size_t)(p->band.bytes + p->word_bytes);
    uint8_t *words = band + p->band.bytes;
    uint8_t padding[BLOCK];
    memset(padding, p->band.fill ^ 0x80, sizeof padding);
    uint32_t first, end;
    rlt_share_of(run, (uint32_t)(w->batches * w->out_h), &first, &end);
    for (int32_t row = (int32_t)first; row < (int32_t)end;) {
        int32_t y;
        const int32_t last = rlt_band_next(&p->band, w, row, (int32_t)end, &y);
        const int8_t *image = input + (size_t)(row / w->out_h) * (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
        source s = {p, (const uint8_t *)image, padding, y * w->stride_h - w->pad_top, 1, 1};
        if (p->band.bytes) {
            rlt_band_load(&shape, w, image, y, last, w->out_w, band);
            s = (source){p, band, NULL, 0, 1, 1};
        }
        for (int32_t v = 0; v < p->blocks; v += p->flat ? p->blocks : 1) {
            run_blocks(run, s, v, p->flat ? p->blocks : v + 1, words, last - y,
                       output + (size_t)row * (size_t)w->out_w * (size_t)w->out_c);
        }
        row += last - y;
    }
    return RLT_OK;
}

#endif
