/* The kernel for packed int8 convolutions. Before it come
 * - packed_<set>.h: MOST_PIXELS, MOST_VECTORS, DIRECT_VECTORS, WEIGHTS (bytes of a vector's weights for a word),
 *   KNOWS_POSITIVE (whether results that cannot be below the zero point are finished in a way of their own);
 *   load_word(), load_weights(), multiply_add(), set_term(); row_terms(), for each pixel of a row a factor times the sum
 *   of its window's values in the band, which wraps; row_tails(), where PAIRED_ROWS is defined;
 * - packed_finish*.h: `result`, MAY_HAVE_TERMS (whether weights may have a zero point) and finish();
 * - ROWS(X), the tile shapes: X(vectors, whether they are paired, list of numbers of pixels that ends with 1);
 *   TALL_TILES, where there are registers for those of packed_tall.h. */
#ifndef RLT_CONV_2D_PACKED_TILES_H
#define RLT_CONV_2D_PACKED_TILES_H

#include "packed_block.h"

#if defined(PAIRED_ROWS)
enum { MAY_HAVE_TAILS = MAY_HAVE_TERMS };
#else
enum { MAY_HAVE_TAILS = 0 };
#endif

/* Keeps a compiler from loading a vector again for each use, which takes as long as multiplying. */
#define HOLD(vector) __asm__("" : "+v"(vector))

/* Adds the products of a word at `from`, and every `step` bytes after it, for each pixel and vector of channels. */
RLT_INLINE void multiply(const int pixels, const int vectors, const int paired, const uint8_t *weights,
                         const uint8_t *from, size_t step, vi flip, tile_sums sum) {
    vi w[MOST_VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) {
        w[v] = load_weights(weights + v * WEIGHTS);
        HOLD(w[v]);
    }
#pragma GCC unroll 12
    for (int i = 0; i < pixels; i++) {
        const vi x = load_word(paired, paired || vectors <= DIRECT_VECTORS ? &flip : NULL, from + (size_t)i * step);
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) sum[i][v] = multiply_add(sum[i][v], x, w[v]);
    }
}

/* `pixels` neighbouring output pixels x `vectors` of channels; all constant where this is inlined. */
RLT_INLINE void tile(const int pixels, const int vectors, const int paired, const block *b, const uint8_t *window,
                     const int32_t *terms, const uint8_t *tails, result *output) {
    const size_t step = b->pixel_bytes;
    /* Each addition waits for the one before: few sums are made of two halves, to have enough of them at a time. */
    const int halves = pixels * vectors <= 6 ? 2 : 1;
    tile_sums sum, half;
#pragma GCC unroll 12
    for (int i = 0; i < pixels; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            sum[i][v] = vi_load(b->bias + v * LANES);
            half[i][v] = vi_set(0);
        }
    }
    if (MAY_HAVE_TERMS && terms) {
#pragma GCC unroll 12
        for (int i = 0; i < pixels; i++) {
            const vi term = set_term(paired, terms[i]);
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) sum[i][v] = vi_add(sum[i][v], term);
        }
    }
    const uint8_t *weights = b->weights;
    const int32_t *at = b->offsets;
    int32_t words = b->words;
    for (; words >= 2; words -= 2, at += 2, weights += 2 * vectors * WEIGHTS) {
        multiply(pixels, vectors, paired, weights, window + at[0], step, b->flip, sum);
        multiply(pixels, vectors, paired, weights + vectors * WEIGHTS, window + at[1], step, b->flip,
                 halves > 1 ? half : sum);
    }
    if (words > 0) {
        multiply(pixels, vectors, paired, weights, window + at[0], step, b->flip, sum);
        weights += vectors * WEIGHTS;
    }
    if (MAY_HAVE_TAILS && !paired && vectors == RLT_CONV_2D_TAIL_VECTORS && tails) {
        multiply(pixels, vectors, paired, weights, tails, RLT_CONV_2D_TAIL, b->flip, sum);
    }
    const int halved = halves > 1 ? pixels : 0;
#pragma GCC unroll 12
    for (int i = 0; i < halved; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) sum[i][v] = vi_add(sum[i][v], half[i][v]);
    }
    finish(pixels, vectors, paired, b, sum, output);
}

#define TILE(pixels, vectors, paired) \
    for (; width >= pixels; width -= pixels) { \
        tile(pixels, vectors, paired, b, window, terms, tails, output); \
        window += (size_t)pixels * b->pixel_bytes; \
        output += (size_t)pixels * (size_t)b->p->window.out_c; \
        if (MAY_HAVE_TERMS && terms) terms += pixels; \
        if (MAY_HAVE_TAILS && tails) tails += pixels * RLT_CONV_2D_TAIL; \
    }

/* A row of `width` output pixels, in ever smaller tiles. */
#define ROW(vectors, paired, tiles) \
    static void row_##vectors##_##paired(const block *b, const uint8_t *window, int32_t width, const int32_t *terms, \
                                         const uint8_t *tails, result *output) { \
        tiles(TILE, vectors, paired) \
    }
#define ROW_PLACE(vectors, paired, tiles) [vectors - 1 + paired * MOST_VECTORS] = row_##vectors##_##paired,

ROWS(ROW)

typedef void (*row_function)(const block *b, const uint8_t *window, int32_t width, const int32_t *terms,
                             const uint8_t *tails, result *output);

#if defined(TALL_TILES)
#include "packed_tall.h"
enum { TALL = 1 };
#else
enum { TALL = 0 };
static int32_t tall_rows(const block *b, const uint8_t *window, int32_t width, const int32_t *terms, result *output) {
    return (void)b, (void)window, (void)width, (void)terms, (void)output, 0;
}
#endif

/* Whether low[] of some vectors is 0. */
static int is_low_zero(const float *rounding, int32_t vectors) {
    for (int32_t v = 0; v < vectors; v++, rounding += RLT_ROUNDING_ARRAYS * LANES) {
        for (int i = 0; i < LANES; i++) {
            if (rounding[RLT_ROUNDING_LOW * LANES + i] != 0) return 0;
        }
    }
    return 1;
}

static block block_at(const rlt_conv_2d_packed_params *p, const uint8_t *weights, const int32_t *channels,
                      const rlt_conv_part *parts, const rlt_row_scale *row, int32_t index) {
    const int32_t first = rlt_conv_block_start(&p->blocks, index), last = rlt_conv_block_start(&p->blocks, index + 1);
    const int32_t lanes = LANES >> p->paired, end = last * lanes < p->window.out_c ? last * lanes : p->window.out_c;
    const size_t padded = (size_t)p->vectors * LANES;
    const float *rounding = (const float *)(const void *)(channels + padded) + RLT_ROUNDING_ARRAYS * LANES * first;
    return (block){
        .p = p,
        .weights = weights + (size_t)parts[index].weights * WEIGHTS,
        .bias = channels + first * LANES,
        .factors = channels + padded + 2 * first * LANES,
        .rounding = rounding,
        .once = p->scaled && is_low_zero(rounding, last - first),
        .offsets = (const int32_t *)(const void *)(parts + p->blocks.count) + parts[index].first,
        .words = parts[index].words,
        .flip = vi_set(p->direct ? (int32_t)0x80808080u : 0),
        .row = row,
        .last_steps = v_last_steps_of(p->output_zero_point, p->low, p->high),
        .padded = padded,
        .pixel_bytes = (size_t)p->window.stride_w * (size_t)p->window.in_c * (size_t)p->band.wide,
        .channels = end - first * lanes,
    };
}

/* What some output rows are made of: where the first one's windows start, and what is known of each pixel, or NULL. */
typedef struct {
    const uint8_t *windows;
    const int32_t *terms;
    const uint8_t *tails;
    int32_t rows, width;
} sources;

/* Makes terms and tails in `scratch`, behind the band. */
static void add_to(sources *s, const rlt_conv_2d_packed_params *p, uint8_t *scratch) {
    const size_t step = (size_t)p->window.stride_w * (size_t)p->window.in_c * (size_t)p->band.wide;
    int32_t *terms = (int32_t *)(void *)(scratch + p->band.bytes);
    for (int32_t r = 0; r < s->rows; r++) {
        const uint8_t *window = s->windows + (size_t)r * (size_t)p->window.stride_h * (size_t)p->band.row_bytes;
        const int32_t first = r * s->width;
        if (MAY_HAVE_TERMS && p->weights_zero_point) {
            row_terms(p, window, step, s->width, -p->weights_zero_point, terms + first);
            s->terms = terms;
        }
#if defined(PAIRED_ROWS)
        if (MAY_HAVE_TAILS && p->tails) {
            row_tails(p, window, step, s->width, scratch + p->tails_at + first * RLT_CONV_2D_TAIL);
            s->tails = scratch + p->tails_at;
        }
#endif
    }
}

/* One block of channels of some output rows. */
static void run_block(const block *b, row_function row, int32_t vectors, const sources *s, result *output) {
    const rlt_window *w = &b->p->window;
    const size_t in_step = (size_t)w->stride_h * (size_t)b->p->band.row_bytes;
    const size_t out_step = (size_t)w->out_w * (size_t)w->out_c;
    const int is_tall = TALL && vectors == 1 && rlt_conv_has_tall_windows(b->p);
    for (int32_t r = 0, next; r < s->rows; r = next) {
        int32_t done = 0;
        if (is_tall && s->rows - r > 1) {
            done = tall_rows(b, s->windows + (size_t)r * in_step, s->width, s->terms ? s->terms + r * s->width : NULL,
                             output + (size_t)r * out_step);
        }
        next = r + (done ? 2 : 1);
        for (int32_t i = r; i < next && done < s->width; i++) {
            const int32_t at = i * s->width + done;
            row(b, s->windows + (size_t)i * in_step + (size_t)done * b->pixel_bytes, s->width - done,
                s->terms ? s->terms + at : NULL, s->tails ? s->tails + at * RLT_CONV_2D_TAIL : NULL,
                output + (size_t)i * out_step + (size_t)(done * w->out_c));
        }
    }
}

/* Blocks [first_block, last_block) of some output rows. */
static void run_blocks(const rlt_conv_2d_packed_params *p, const rlt_run *run, uint32_t first_block, uint32_t last_block,
                       const rlt_row_scale *row_scale, const sources *s, result *output) {
    static const row_function row[] = {ROWS(ROW_PLACE)};
    const uint8_t *weights = rlt_in(run, p->weights);
    const int32_t *channels = rlt_in(run, p->channels);
    const rlt_conv_part *parts = rlt_in(run, p->offsets);
    for (uint32_t i = first_block; i < last_block; i++) {
        const int32_t first = rlt_conv_block_start(&p->blocks, (int32_t)i);
        const int32_t last = rlt_conv_block_start(&p->blocks, (int32_t)i + 1);
        const block b = block_at(p, weights, channels, parts, row_scale, (int32_t)i);
        run_block(&b, row[last - first - 1 + p->paired * MOST_VECTORS], last - first, s,
                  output + (size_t)first * (LANES >> p->paired));
    }
}

static rlt_status run_all(const rlt_run *run, const rlt_conv_2d_packed_params *p) {
    const rlt_window *w = &p->window;
    const int8_t *input = rlt_in(run, p->input);
    const rlt_row_scale *rows = rlt_in_or_null(run, p->rows);
    result *output = rlt_out(run, p->output);
    rlt_band band = p->band;
    uint8_t *scratch = p->direct ? NULL : (uint8_t *)rlt_out(run, p->scratch) + run->task * (size_t)p->task_bytes;
    const size_t in_step = (size_t)w->stride_h * (size_t)band.row_bytes;
    const int32_t total = w->batches * w->out_h;
    uint32_t first = 0, end = (uint32_t)total;
    uint32_t first_block = 0, last_block = (uint32_t)p->blocks.count;
    if (p->split_blocks) {
        rlt_share_of(run, last_block, &first_block, &last_block);
    } else {
        rlt_share_of(run, end, &first, &end);
    }
    for (int32_t row = (int32_t)first; row < (int32_t)end;) {
        int32_t y, last = rlt_band_next(&p->band, w, row, (int32_t)end, &y);
        /* Only a flattened 1x1 window has a shorter last row; it is then a band of its own. */
        if (p->last_w != w->out_w && last == total && last - y > 1) last--;
        const int32_t width = p->last_w != w->out_w && y == total - 1 ? p->last_w : w->out_w;
        const int32_t batch = w->batches > 1 ? row / w->out_h : 0;
        const size_t image = (size_t)batch * (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
        const rlt_row_scale *row_scale = rows ? rows + batch : NULL;
        sources s = {.windows = (const uint8_t *)input + image + (size_t)y * in_step, .rows = last - y, .width = width};
        if (!p->direct) {
            s.windows = scratch;
            if (row_scale) band.fill = row_scale->zero_point + 128;
            rlt_band_load(&band, w, input + image, y, last, width, scratch);
            add_to(&s, p, scratch);
        }
        run_blocks(p, run, first_block, last_block, row_scale, &s,
                   output + (size_t)row * (size_t)w->out_w * (size_t)w->out_c);
        row += last - y;
    }
    return RLT_OK;
}

static rlt_status run_packed(const rlt_run *run, const rlt_conv_2d_packed_params *p) {
    const v_mode mode = v_enter(p->scaled);
    const rlt_status status = run_all(run, p);
    v_leave(mode);
    return status;
}

#endif
