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
RLT_APART void small_by_one(const job *b) { small(1, 0, b); }
RLT_APART void small_by_two(const job *b) { small(2, 0, b); }
RLT_APART void few_by_two(const job *b) { small(2, 1, b); }

/* An image, and scratch (blocks.h). */
typedef struct {
    const rlt_depthwise_blocks_params *p;
    const uint8_t *image;
    uint8_t *scratch;
    size_t row;          /* bytes of one */
    size_t second, last; /* bytes from a row's begin to the second and the last column that windows read */
    int paired, before, after; /* whether the first and the last column are padding, or half of a pair is */
} source;

/* Where columns lie, in pairs or not. */
static void place_columns(source *s, int paired) {
    const rlt_window *w = &s->p->window;
    const size_t pixel = (size_t)w->in_c;
    const int32_t last = (w->out_w - 1) * w->stride_w + 2 - w->pad_left;
    s->second = (size_t)(1 - w->pad_left) * pixel;
    s->last = (size_t)(last - paired) * pixel;
    s->paired = paired;
    s->before = w->pad_left;
    s->after = last >= w->in_w;
}

/* A pair of which the image has one pixel. */
static const uint8_t *copy_pair(const source *s, uint64_t bytes, const uint8_t *from, uint8_t *to) {
    _mm512_storeu_si512(to, _mm512_mask_loadu_epi8(_mm512_set1_epi8((char)s->p->zero_point), bytes, from));
    return to;
}

/* Where half a pair is padding. */
static void copy_pairs(const source *s, int32_t rows, job *b) {
    const rlt_window *w = &s->p->window;
    uint8_t *copy = s->scratch + rlt_block_padding(w) + rlt_block_output(w);
    for (int32_t i = 0; i < rows; i++, copy += 2 * RLT_BLOCK) {
        if (s->before) b->first[i] = copy_pair(s, ~UINT64_C(0) << 32, b->row[i] - b->pixel, copy);
        if (s->after) b->last[i] = copy_pair(s, UINT32_MAX, b->row[i] + s->last - s->second, copy + RLT_BLOCK);
    }
}

/* The columns of blocks from channel `channel` on, in rows from `y` on. */
static void find_columns(const source *s, int32_t channel, int32_t y, job *b) {
    const uint8_t *padding = s->scratch, *image = s->image;
    const int32_t rows = 3 + s->p->window.stride_h, height = s->p->window.in_h;
    const size_t size = s->row, second = s->second + (size_t)channel, last = s->last + (size_t)channel;
    const int before = s->before, after = s->after;
    for (int32_t i = 0; i < rows; i++, y++) {
        const uint8_t *row = y >= 0 && y < height ? image + (size_t)y * size : padding;
        b->row[i] = row + second;
        b->first[i] = before ? padding : row + channel;
        b->last[i] = after ? padding : row + last;
    }
    if (s->paired) copy_pairs(s, rows, b);
}

typedef void (*kernel)(const job *b);

static kernel kernel_for(const source *s, int is_small, const rlt_depthwise_vector *vectors) {
    const int by_two = s->p->window.stride_w == 2, few = s->p->window.out_c < RLT_BLOCK_LANES;
    if (is_small) return few ? few_by_two : by_two ? small_by_two : small_by_one;
    int more = 0;
    for (int i = 0; i < VECTORS; i++) more |= vectors[i].more;
    if (s->paired) return more ? pairs_more : pairs;
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

/* Blocks, all large or all small ones, which begin with `vectors`. */
static void run_blocks(source *s, job *b, int is_small, int32_t blocks, const rlt_depthwise_vector *vectors,
                       int8_t *output, int32_t y, int32_t end) {
    const rlt_window *w = &s->p->window;
    place_columns(s, !is_small && rlt_block_paired(w));
    b->output_pixel = (size_t)w->out_c << s->paired;
    b->columns = w->out_w >> s->paired;
    for (int32_t i = 0; i < blocks; i++, vectors += is_small ? 1 : VECTORS) {
        b->vectors = vectors;
        run_block(s, b, kernel_for(s, is_small, vectors), vectors->channel, output, y, end);
    }
}

/* By bands of rows of which the first cache holds a block. */
static void run_rows(source *s, job *b, int8_t *output, const rlt_depthwise_vector *vectors, int32_t y, int32_t end) {
    const rlt_window *w = &s->p->window;
    const int32_t fitting = BAND_BYTES / (RLT_BLOCK * (w->out_w + w->in_w * w->stride_h));
    const int32_t rows = fitting > ROWS ? fitting / ROWS * ROWS : ROWS, large = s->p->large, small = s->p->small;
    for (int32_t last = y; y < end; y = last) {
        last = end - y < rows + ROWS ? end : y + rows; /* no band of one row */
        if (large) run_blocks(s, b, 0, large, vectors, output, y, last);
        if (small) run_blocks(s, b, 1, small, vectors + large * VECTORS, output, y, last);
    }
}

rlt_status rlt_depthwise_blocks_s8_avx512vnni(const rlt_run *run, const void *params) {
    const rlt_depthwise_blocks_params *p = params;
    const rlt_window *w = &p->window;
    const uint8_t *input = rlt_in(run, p->input);
    const size_t row_bytes = (size_t)w->in_w * (size_t)w->in_c;
    int8_t *output = rlt_out(run, p->output);
    source s = {.p = p, .row = row_bytes,
                .scratch = (uint8_t *)rlt_out(run, p->scratch) + (size_t)run->task * rlt_block_scratch(w)};
    job b = {.pixel = (size_t)w->in_c, .output_zero_point = p->output_zero_point, .top = p->high - p->output_zero_point};
    memset(s.scratch, p->zero_point, rlt_block_padding(w));
    uint32_t first, end;
    rlt_share_of(run, (uint32_t)(w->batches * w->out_h), &first, &end);
    for (int32_t row = (int32_t)first; row < (int32_t)end;) {
        const int32_t image = row / w->out_h, y = row - image * w->out_h;
        const int32_t left = (int32_t)end - row, rows = left < w->out_h - y ? left : w->out_h - y;
        s.image = input + (size_t)image * (size_t)w->in_h * row_bytes;
        run_rows(&s, &b, output + (size_t)(row - y) * (size_t)w->out_w * (size_t)w->out_c, rlt_in(run, p->vectors), y,
                 y + rows);
        row += rows;
    }
    return RLT_OK;
}
