/* int8 DEPTHWISE_CONV_2D by blocks of channels (blocks.h) with AVX-512 VNNI. */
#include <string.h>

#include "small_blocks_avx512.h"

enum { BAND_BYTES = 24576 };

RLT_APART void windows_by_one(const job *b) { block_1(0, b); }
RLT_APART void windows_by_one_more(const job *b) { block_1(1, b); }
RLT_APART void windows_by_two(const job *b) { block_2(2, 0, b); }
RLT_APART void windows_by_two_more(const job *b) { block_2(2, 1, b); }
RLT_APART void pairs(const job *b) { block_2(1, 0, b); }
RLT_APART void pairs_more(const job *b) { block_2(1, 1, b); }
RLT_APART void small_by_one(const job *b) { small(1, b); }
RLT_APART void small_by_two(const job *b) { small(2, b); }

/* An image, and scratch (blocks.h). */
typedef struct {
    const rlt_depthwise_blocks_params *p;
    const uint8_t *image;
    uint8_t *scratch;
} source;

static const uint8_t *row_of(const source *s, int32_t y) {
    const rlt_window *w = &s->p->window;
    return y >= 0 && y < w->in_h ? s->image + (size_t)y * (size_t)w->in_w * (size_t)w->in_c : s->scratch;
}

/* A pair of which the image has one pixel. */
static const uint8_t *copy_pair(const source *s, uint64_t bytes, const uint8_t *from, uint8_t *to) {
    _mm512_storeu_si512(to, _mm512_mask_loadu_epi8(_mm512_set1_epi8((char)s->p->zero_point), bytes, from));
    return to;
}

/* The columns of blocks from channel `channel` on, in rows from `y` on. */
static void find_columns(const source *s, int32_t channel, int32_t y, job *b) {
    const rlt_window *w = &s->p->window;
    const int paired = rlt_block_paired(w);
    const int32_t last = (w->out_w - 1) * w->stride_w + 2 - w->pad_left, over = last >= w->in_w; /* of the image */
    uint8_t *copy = s->scratch + rlt_block_padding(w) + rlt_block_output(w);
    for (int32_t i = 0; i < 3 + w->stride_h; i++, copy += 2 * RLT_BLOCK) {
        const uint8_t *row = row_of(s, y + i) + channel, *end = row + (size_t)(last - paired) * b->pixel;
        b->row[i] = row + (size_t)(1 - w->pad_left) * b->pixel;
        b->first[i] = !w->pad_left ? row : paired ? copy_pair(s, ~UINT64_C(0) << 32, row - b->pixel, copy) : s->scratch;
        b->last[i] = !over ? end : paired ? copy_pair(s, UINT32_MAX, end, copy + RLT_BLOCK) : s->scratch;
    }
}

typedef void (*kernel)(const job *b);

static kernel kernel_for(const rlt_window *w, const rlt_depthwise_vector *vectors, int is_small) {
    const int by_two = w->stride_w == 2;
    if (is_small) return by_two ? small_by_two : small_by_one;
    int more = 0;
    for (int i = 0; i < VECTORS; i++) more |= vectors[i].more[0];
    if (rlt_block_paired(w)) return more ? pairs_more : pairs;
    if (by_two) return more ? windows_by_two_more : windows_by_two;
    return more ? windows_by_one_more : windows_by_one;
}

/* Output rows [y, end) of an image in the block from channel `channel` on. */
static void run_block(const source *s, job *b, kernel kernel, int32_t channel, int8_t *output, int32_t y, int32_t end) {
    const rlt_window *w = &s->p->window;
    const size_t row_bytes = (size_t)w->out_w * (size_t)w->out_c;
    for (int32_t row = y; row < end; row += ROWS) {
        const int32_t at = row > y && row + ROWS > end ? end - ROWS : row; /* some come twice rather than alone */
        find_columns(s, channel, at * w->stride_h - w->pad_top, b);
        b->output[0] = output + (size_t)at * row_bytes + (size_t)channel;
        b->output[1] = at + 1 < end ? b->output[0] + row_bytes : (int8_t *)s->scratch + rlt_block_padding(w);
        kernel(b);
    }
}

/* By bands of rows of which the first cache holds a block. */
static void run_rows(const source *s, job *b, int8_t *output, const rlt_depthwise_vector *vectors, int32_t y,
                     int32_t end) {
    const rlt_window *w = &s->p->window;
    const int32_t fitting = BAND_BYTES / (RLT_BLOCK * (w->out_w + w->in_w * w->stride_h));
    const int32_t rows = fitting > ROWS ? fitting / ROWS * ROWS : ROWS, large = rlt_block_large(w);
    for (int32_t last = y; last < end; y = last) {
        last = end - y < rows + ROWS ? end : y + rows; /* no band of one row */
        b->vectors = vectors;
        for (int32_t i = 0; i < large + rlt_block_small(w); i++) {
            run_block(s, b, kernel_for(w, b->vectors, i >= large), rlt_block_channel(w, i), output, y, last);
            b->vectors += i < large ? VECTORS : 1;
        }
    }
}

rlt_status rlt_depthwise_blocks_s8_avx512vnni(const rlt_run *run, const void *params) {
    const rlt_depthwise_blocks_params *p = params;
    const rlt_window *w = &p->window;
    const uint8_t *input = rlt_in(run, p->input);
    const rlt_depthwise_vector *vectors = rlt_in(run, p->vectors);
    int8_t *output = rlt_out(run, p->output);
    source s = {.p = p, .scratch = (uint8_t *)rlt_out(run, p->scratch) + (size_t)run->task * rlt_block_scratch(w)};
    const int paired = rlt_block_paired(w);
    job b = {.pixel = (size_t)w->in_c, .output_pixel = (size_t)w->out_c << paired, .columns = w->out_w >> paired,
             .output_zero_point = p->output_zero_point, .top = p->high - p->output_zero_point};
    memset(s.scratch, p->zero_point, rlt_block_padding(w));
    uint32_t first, end;
    rlt_share_of(run, (uint32_t)(w->batches * w->out_h), &first, &end);
    for (int32_t row = (int32_t)first; row < (int32_t)end;) {
        const int32_t image = row / w->out_h, y = row - image * w->out_h;
        const int32_t left = (int32_t)end - row, rows = left < w->out_h - y ? left : w->out_h - y;
        s.image = input + (size_t)image * (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
        run_rows(&s, &b, output + (size_t)(row - y) * (size_t)w->out_w * (size_t)w->out_c, vectors, y, y + rows);
        row += rows;
    }
    return RLT_OK;
}
