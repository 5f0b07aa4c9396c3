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

/* One axis of images: pixels of input, how windows move, bytes from a pixel to the next. */
typedef struct {
    int32_t size, stride, pad;
    ptrdiff_t step, output_step;
} axis;

/* An image, and scratch (blocks.h). Windows walk `along` one axis, two side by side. */
typedef struct {
    const rlt_depthwise_blocks_params *p;
    const uint8_t *image;
    uint8_t *scratch;
    axis along, across;
    int32_t begin, end; /* of output along the axis */
    size_t padding;     /* bytes */
    int paired;
} source;

/* A pair of which the image has one pixel. */
static const uint8_t *copy_pair(const source *s, uint64_t bytes, const uint8_t *from, uint8_t *to) {
    _mm512_storeu_si512(to, _mm512_mask_loadu_epi8(_mm512_set1_epi8((char)s->p->zero_point), bytes, from));
    return to;
}

/* The columns that windows at `at` and beside it read. */
static void find_columns(const source *s, int32_t channel, int32_t at, job *b) {
    const axis along = s->along, across = s->across;
    const uint8_t *padding = s->scratch;
    uint8_t *copy = s->scratch + s->padding + rlt_block_output(&s->p->window);
    const int paired = s->paired;
    const int32_t first = s->begin * along.stride - along.pad, last = (s->end - 1) * along.stride + 2 - along.pad;
    const int before = first < 0, after = last >= along.size;
    const ptrdiff_t step = along.step, to_end = (last - first - paired) * step;
    const uint8_t *image = s->image + channel + (first + 1) * step;
    at = at * across.stride - across.pad;
    for (int32_t i = 0; i < 3 + across.stride; i++, at++, copy += 2 * RLT_BLOCK) {
        const uint8_t *row = at >= 0 && at < across.size ? image + at * across.step : padding + step;
        const uint8_t *begin = row - step, *end = begin + to_end;
        b->row[i] = row;
        b->first[i] = !before ? begin : paired ? copy_pair(s, ~UINT64_C(0) << 32, begin, copy) : padding;
        b->last[i] = !after ? end : paired ? copy_pair(s, UINT32_MAX, end, copy + RLT_BLOCK) : padding;
    }
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

/* Two rows of output at a time, from `at` to `end`, in the block from channel `channel` on. */
static void run_block(const source *s, job *b, kernel kernel, int32_t channel, int8_t *output, int32_t at, int32_t end) {
    output += s->begin * s->along.output_step + channel;
    for (int32_t next = at; next < end; next += ROWS) {
        const int32_t row = next > at && next + ROWS > end ? end - ROWS : next; /* some come twice rather than alone */
        find_columns(s, channel, row, b);
        b->output[0] = output + row * s->across.output_step;
        b->output[1] = row + 1 < end ? b->output[0] + s->across.output_step : (int8_t *)s->scratch + s->padding;
        kernel(b);
    }
}

/* Blocks, all large or all small ones, which begin with `vectors`. */
static void run_blocks(source *s, job *b, int is_small, int8_t *output, int32_t at, int32_t end) {
    const rlt_depthwise_blocks_params *p = s->p;
    const int32_t blocks = is_small ? p->small : p->large;
    s->paired = !is_small && rlt_block_paired(&p->window);
    b->output_step = s->along.output_step << s->paired;
    b->columns = (s->end - s->begin) >> s->paired;
    for (int32_t i = 0; i < blocks; i++, b->vectors += is_small ? 1 : VECTORS) {
        run_block(s, b, kernel_for(s, is_small, b->vectors), b->vectors->channel, output, at, end);
    }
}

/* Rows of output [y, end) of an image, by bands of which the first cache holds a block; or down its columns. */
static void run_rows(source *s, job *b, const rlt_depthwise_vector *vectors, int8_t *output, int32_t y, int32_t end) {
    const rlt_window *w = &s->p->window;
    const int32_t fitting = BAND_BYTES / (RLT_BLOCK * (w->out_w + w->in_w * w->stride_h));
    const int32_t rows = fitting > ROWS ? fitting / ROWS * ROWS : ROWS, turned = s->p->turned;
    s->begin = turned ? y : 0;
    s->end = turned ? end : w->out_w;
    for (int32_t last = y; y < end; y = last) {
        last = turned || end - y < rows + ROWS ? end : y + rows; /* no band of one row */
        b->vectors = vectors;
        for (int is_small = 0; is_small < 2; is_small++) {
            run_blocks(s, b, is_small, output, turned ? 0 : y, turned ? w->out_w : last);
        }
    }
}

rlt_status rlt_depthwise_blocks_s8_avx512vnni(const rlt_run *run, const void *params) {
    const rlt_depthwise_blocks_params *p = params;
    const rlt_window *w = &p->window;
    const uint8_t *input = rlt_in(run, p->input);
    int8_t *output = rlt_out(run, p->output);
    const ptrdiff_t pixel = w->in_c, row_bytes = w->in_w * pixel, output_row = w->out_w * pixel;
    const axis x = {w->in_w, w->stride_w, w->pad_left, pixel, pixel};
    const axis y = {w->in_h, w->stride_h, w->pad_top, row_bytes, output_row};
    source s = {.p = p, .along = p->turned ? y : x, .across = p->turned ? x : y,
                .scratch = (uint8_t *)rlt_out(run, p->scratch) + (size_t)run->task * rlt_block_scratch(w, p->turned),
                .padding = rlt_block_padding(w, p->turned)};
    job b = {.step = (size_t)s.along.step, .output_zero_point = p->output_zero_point, .top = p->high - p->output_zero_point,
             .channels = w->in_c < LANES ? (1 << w->in_c) - 1 : 0};
    memset(s.scratch, p->zero_point, s.padding);
    uint32_t first, end;
    rlt_share_of(run, (uint32_t)(w->batches * w->out_h), &first, &end);
    for (int32_t row = (int32_t)first; row < (int32_t)end;) {
        const int32_t image = row / w->out_h, top = row - image * w->out_h;
        const int32_t left = (int32_t)end - row, rows = left < w->out_h - top ? left : w->out_h - top;
        s.image = input + image * w->in_h * row_bytes;
        run_rows(&s, &b, rlt_in(run, p->vectors), output + image * w->out_h * output_row, top, top + rows);
        row += rows;
    }
    return RLT_OK;
}
