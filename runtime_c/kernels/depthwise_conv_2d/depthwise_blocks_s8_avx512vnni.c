/* int8 DEPTHWISE_CONV_2D by blocks of channels (blocks.h) with AVX-512 VNNI. */
#include "flat_blocks_avx512.h"
#include "small_blocks_avx512.h"

enum { BAND_BYTES = 24576 };

RLT_APART void by_one(const job *b) { block_1(0, 0, b); }
RLT_APART void by_one_more(const job *b) { block_1(0, 1, b); }
RLT_APART void by_two(const job *b) { block_2(0, 0, b); }
RLT_APART void by_two_more(const job *b) { block_2(0, 1, b); }
RLT_APART void half_by_one(const job *b) { block_1(1, 0, b); }
RLT_APART void half_by_one_more(const job *b) { block_1(1, 1, b); }
RLT_APART void half_by_two(const job *b) { block_2(1, 0, b); }
RLT_APART void half_by_two_more(const job *b) { block_2(1, 1, b); }
RLT_APART void small_by_one(const job *b) { small(1, 0, b); }
RLT_APART void small_by_two(const job *b) { small(2, 0, b); }
RLT_APART void few_by_two(const job *b) { small(2, 1, b); }

RLT_APART void flat_plain(const flat_job *b) { flat(0, b); }
RLT_APART void flat_more(const flat_job *b) { flat(1, b); }

static int has_more(const rlt_depthwise_vector *vectors) {
    int more = 0;
    for (int i = 0; i < VECTORS; i++) more |= vectors[i].more;
    return more;
}

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
} source;

/* The columns that windows at `at` and the next ones beside it read. */
static void find_columns(const source *s, int32_t channel, int32_t at, int32_t windows, job *b) {
    const axis along = s->along, across = s->across;
    const uint8_t *padding = s->scratch;
    const int32_t first = s->begin * along.stride - along.pad, last = (s->end - 1) * along.stride + 2 - along.pad;
    const int before = first < 0, after = last >= along.size;
    const ptrdiff_t step = along.step, to_end = (last - first - 1) * step;
    const uint8_t *image = s->image + channel + (first + 1) * step;
    const int32_t rows = 3 + (windows - 1) * across.stride;
    at = at * across.stride - across.pad;
    for (int32_t i = 0; i < rows; i++, at++) {
        const uint8_t *row = at >= 0 && at < across.size ? image + at * across.step : padding + step;
        b->row[i] = row;
        b->first[i] = before ? padding : row - step;
        b->last[i] = after ? padding : row + to_end;
    }
}

typedef void (*kernel)(const job *b);

static kernel kernel_for(const source *s, int32_t kind, const rlt_depthwise_vector *vectors) {
    static const kernel kernels[2][2][2] = {{{by_one, by_one_more}, {half_by_one, half_by_one_more}},
                                            {{by_two, by_two_more}, {half_by_two, half_by_two_more}}};
    const int two = s->p->window.stride_w == 2, few = s->p->window.out_c < RLT_BLOCK_LANES;
    if (kind == RLT_BLOCK_SMALL) return few ? few_by_two : two ? small_by_two : small_by_one;
    return kernels[two][kind == RLT_BLOCK_HALF][has_more(vectors) != 0];
}

/* Some rows of output at a time, from `at` to `end`, in a block. */
static void run_block(const source *s, job *b, int32_t kind, int8_t *output, int32_t at, int32_t end) {
    const kernel kernel = kernel_for(s, kind, b->vectors);
    const int32_t channel = b->vectors->channel, rows = kind == RLT_BLOCK_HALF ? 2 * ROWS : ROWS;
    output += s->begin * s->along.output_step + channel;
    for (int32_t next = at; next < end; next += rows) {
        const int32_t row = next + rows > end && end - at >= rows ? end - rows : next; /* some come twice */
        for (int32_t i = 0; i < rows; i++) {
            int8_t *unused = (int8_t *)s->scratch + s->padding;
            b->output[i] = row + i < end ? output + (row + i) * s->across.output_step : unused;
        }
        find_columns(s, channel, row, rows, b);
        kernel(b);
    }
}

/* Rows of output [y, end) of an image, by bands of which the first cache holds a block; or down its columns. */
static void run_rows(source *s, job *b, const rlt_depthwise_vector *vectors, int8_t *output, int32_t y, int32_t end) {
    const rlt_window *w = &s->p->window;
    const int32_t fitting = BAND_BYTES / (RLT_BLOCK * (w->out_w + w->in_w * w->stride_h));
    const int32_t most = s->p->blocks[RLT_BLOCK_HALF] ? 2 * ROWS : ROWS; /* at once */
    const int32_t rows = fitting > most ? fitting / most * most : most, turned = s->p->turned;
    s->begin = turned ? y : 0;
    s->end = b->columns = turned ? end : w->out_w;
    b->columns -= s->begin;
    for (int32_t last = y; y < end; y = last) {
        last = turned || end - y < rows + most ? end : y + rows; /* no band of a few rows */
        b->vectors = vectors;
        for (int32_t kind = 0; kind < RLT_BLOCK_KINDS; kind++) {
            for (int32_t i = 0; i < s->p->blocks[kind]; i++, b->vectors += kind == RLT_BLOCK_SMALL ? 1 : VECTORS) {
                run_block(s, b, kind, output, turned ? 0 : y, turned ? w->out_w : last);
            }
        }
    }
}

/* Bits of those of 64 bytes from `at` on that are among the first `bytes`. */
static uint64_t bits_within(ptrdiff_t at, ptrdiff_t bytes) {
    const ptrdiff_t before = at < 0 ? -at : 0, end = bytes - at < RLT_BLOCK ? bytes - at : RLT_BLOCK;
    if (end <= before || before >= RLT_BLOCK) return 0;
    return (~UINT64_C(0) >> (RLT_BLOCK - end)) & (~UINT64_C(0) << before);
}

/* The same by blocks of 64 bytes of rows, and by bands. */
static void run_flat(const source *s, const rlt_depthwise_vector *vectors, int8_t *output, int32_t y, int32_t end) {
    const rlt_depthwise_blocks_params *p = s->p;
    const axis x = s->along, down = s->across;
    const int32_t fitting = BAND_BYTES / (int32_t)(down.step + down.output_step);
    const int32_t rows = fitting > 16 ? fitting / ROWS * ROWS : 16;
    flat_job b; /* compilers that look for small code clear and fill whole records with slow instructions */
    b.padding = s->scratch;
    b.row = down.step;
    b.pixel = x.step;
    b.output_row = down.output_step;
    b.height = s->p->window.in_h;
    b.unused = (int8_t *)s->scratch + s->padding;
    b.zero_point = p->zero_point;
    b.output_zero_point = p->output_zero_point;
    b.top = p->high - p->output_zero_point;
    for (int32_t last = y; y < end; y = last) {
        last = end - y < 2 * rows ? end : y + rows;
        b.y = y - down.pad;
        b.rows = last - y;
        for (ptrdiff_t at = 0, i = 0; at < down.output_step; at += RLT_BLOCK, i = i + 1 < p->flat ? i + 1 : 0) {
            const ptrdiff_t from = at - x.pad * x.step;
            b.vectors = vectors + i * VECTORS;
            b.image = s->image + from;
            b.output = output + y * down.output_step + at;
            b.written = bits_within(at, down.output_step);
            for (int tap = 0; tap < TAPS; tap++) b.read[tap] = bits_within(from + tap * x.step, down.step);
            (has_more(b.vectors) ? flat_more : flat_plain)(&b);
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
    job b;
    b.step = (size_t)s.along.step;
    b.output_step = (size_t)s.along.output_step;
    b.output_zero_point = p->output_zero_point;
    b.top = p->high - p->output_zero_point;
    b.channels = w->in_c < LANES ? (1 << w->in_c) - 1 : 0;
    for (size_t i = 0; i < s.padding; i += RLT_BLOCK) {
        _mm512_storeu_si512(s.scratch + i, _mm512_set1_epi8((char)p->zero_point));
    }
    uint32_t first, end;
    rlt_share_of(run, (uint32_t)(w->batches * w->out_h), &first, &end);
    for (int32_t row = (int32_t)first; row < (int32_t)end;) {
        const int32_t image = row / w->out_h, top = row - image * w->out_h;
        const int32_t left = (int32_t)end - row, rows = left < w->out_h - top ? left : w->out_h - top;
        s.image = input + image * w->in_h * row_bytes;
        int8_t *to = output + image * w->out_h * output_row;
        if (p->flat) run_flat(&s, rlt_in(run, p->vectors), to, top, top + rows);
        else run_rows(&s, &b, rlt_in(run, p->vectors), to, top, top + rows);
        row += rows;
    }
    return RLT_OK;
}
