/* A band: the input rows that some output rows of a window read, copied to scratch with padding written out and 128
 * added to every value. Inner loops of packed int8 convolutions so know no borders and multiply unsigned values. */
#ifndef RLT_BAND_H
#define RLT_BAND_H

#include <string.h>

#include "window.h"

typedef struct {
    int32_t fill;      /* padding as stored: input zero point + 128 */
    int32_t repeat;    /* copies of each channel that lie side by side (depth multiplier); 1 if `wide` is 2 */
    int32_t wide;      /* bytes of a value in the band: 1, or 2 for instructions that multiply 16 bits */
    int32_t row_bytes; /* one padded input row */
    int32_t rows;      /* output rows per band */
    int32_t bytes;     /* of a band, with room to read a vector past its end */
} rlt_band;

/* Each task has its own band: more of them cost memory that no thread may ever use. */
enum { RLT_BAND_SLACK = 64, RLT_BAND_TASKS = 16 };

/* An image of one column lies in memory as one row does; as a row it makes longer tiles. */
static inline void rlt_column_to_row(rlt_window *w) {
    if (w->in_w != 1 || w->kernel_w != 1 || w->out_w != 1 || w->pad_left) return;
    w->in_w = w->in_h;
    w->out_w = w->out_h;
    w->kernel_w = w->kernel_h;
    w->stride_w = w->stride_h;
    w->dilation_w = w->dilation_h;
    w->pad_left = w->pad_top;
    w->in_h = w->out_h = w->kernel_h = w->stride_h = w->dilation_h = 1;
    w->pad_top = 0;
}

/* Output rows of a band of about `wanted_bytes`, and its size; 0 where it is too large to handle. */
static inline int64_t rlt_band_plan(rlt_band *band, const rlt_window *w, int32_t wanted_bytes) {
    const int64_t columns = (int64_t)(w->out_w - 1) * w->stride_w + (int64_t)(w->kernel_w - 1) * w->dilation_w + 1;
    const int64_t row = columns * w->in_c * band->repeat * band->wide, extra = (int64_t)(w->kernel_h - 1) * w->dilation_h + 1;
    if (columns < 1 || row > INT32_MAX / 2) return 0;
    const int64_t rows = wanted_bytes / (row * w->stride_h) - extra / w->stride_h;
    band->rows = rows < 1 ? 1 : rows > w->out_h ? w->out_h : (int32_t)rows;
    band->row_bytes = (int32_t)row;
    const int64_t bytes = row * ((int64_t)(band->rows - 1) * w->stride_h + extra) + RLT_BAND_SLACK;
    if (bytes > INT32_MAX / 2) return 0;
    band->bytes = (int32_t)((bytes + 63) & ~(int64_t)63);
    return band->bytes;
}

/* Vectors of the compiler's own, as wide as the instruction set of the file has them: code for size keeps loops over
 * bytes as they are. */
enum { RLT_FLIPPED = 64 };
typedef uint8_t rlt_bytes_64 __attribute__((vector_size(RLT_FLIPPED)));
typedef uint8_t rlt_bytes_32 __attribute__((vector_size(RLT_FLIPPED / 2)));
typedef uint16_t rlt_words_32 __attribute__((vector_size(RLT_FLIPPED)));

/* Signed bytes as unsigned ones that are 128 more. */
static inline void rlt_band_flip(uint8_t *restrict to, const int8_t *restrict from, int32_t count) {
    int32_t i = 0;
    for (; i + RLT_FLIPPED <= count; i += RLT_FLIPPED) {
        rlt_bytes_64 x;
        memcpy(&x, from + i, sizeof x);
        x ^= 0x80;
        memcpy(to + i, &x, sizeof x);
    }
    for (; i < count && count >= 8; i += 8) { /* the last eight end where all do */
        const int32_t at = i + 8 <= count ? i : count - 8;
        uint64_t x;
        memcpy(&x, from + at, sizeof x);
        x ^= UINT64_C(0x8080808080808080);
        memcpy(to + at, &x, sizeof x);
    }
    for (; i < count; i++) to[i] = (uint8_t)from[i] ^ 0x80u;
}

/* The same, each in 16 bits. */
static inline void rlt_band_widen(uint16_t *restrict to, const int8_t *restrict from, int32_t count) {
    int32_t i = 0;
    for (; i + RLT_FLIPPED / 2 <= count; i += RLT_FLIPPED / 2) {
        rlt_bytes_32 x;
        memcpy(&x, from + i, sizeof x);
        const rlt_words_32 y = __builtin_convertvector(x ^ 0x80, rlt_words_32);
        memcpy(to + i, &y, sizeof y);
    }
    for (; i < count; i++) to[i] = (uint8_t)from[i] ^ 0x80u;
}

/* `count` values at value `at` of a row. */
static inline void rlt_band_copy(const rlt_band *band, uint8_t *row, int32_t at, const int8_t *restrict from, int32_t count) {
    if (band->wide == 2) {
        rlt_band_widen((uint16_t *)(void *)row + at, from, count);
    } else if (band->repeat == 1) {
        rlt_band_flip(row + at, from, count);
    } else {
        uint8_t *restrict to = row + at;
        for (int32_t i = 0; i < count; i++) {
            for (int32_t k = 0; k < band->repeat; k++) *to++ = (uint8_t)from[i] ^ 0x80u;
        }
    }
}

/* Writes whole vectors: bytes after the filling are written later, or slack. */
static inline void rlt_band_fill(const rlt_band *band, uint8_t *row, int32_t at, int32_t count) {
    const int16_t value = (int16_t)(band->wide == 2 ? band->fill : band->fill * 0x101);
    const rlt_words_32 x = (rlt_words_32){0} + (uint16_t)value;
    uint8_t *to = row + (size_t)at * (size_t)band->wide, *const end = to + (size_t)count * (size_t)band->wide;
    for (; to < end; to += sizeof x) memcpy(to, &x, sizeof x);
}

/* The rows of `image` that output rows [first, last) read. `width`: output pixels per row. */
static inline void rlt_band_load(const rlt_band *band, const rlt_window *w, const int8_t *image, int32_t first,
                                 int32_t last, int32_t width, uint8_t *scratch) {
    const int32_t rows = (last - 1 - first) * w->stride_h + (w->kernel_h - 1) * w->dilation_h + 1;
    const int32_t columns = (width - 1) * w->stride_w + (w->kernel_w - 1) * w->dilation_w + 1;
    const int32_t inside = w->in_w < columns - w->pad_left ? w->in_w : columns - w->pad_left;
    const int32_t pixel = w->in_c * band->repeat;
    for (int32_t r = 0; r < rows; r++, scratch += band->row_bytes) {
        const int32_t y = first * w->stride_h - w->pad_top + r;
        if (y < 0 || y >= w->in_h || inside <= 0) {
            rlt_band_fill(band, scratch, 0, columns * pixel);
            continue;
        }
        const int32_t left = w->pad_left * pixel, middle = inside * pixel;
        rlt_band_fill(band, scratch, 0, left);
        rlt_band_copy(band, scratch, left, image + (size_t)y * (size_t)w->in_w * (size_t)w->in_c, inside * w->in_c);
        rlt_band_fill(band, scratch, left + middle, columns * pixel - left - middle);
    }
}

/* The next rows for a task: [*first, *last) of one image, from row *row of the batch up to `end`. */
static inline int32_t rlt_band_next(const rlt_band *band, const rlt_window *w, int32_t row, int32_t end, int32_t *first) {
    *first = w->batches > 1 ? row % w->out_h : row;
    int32_t last = *first + band->rows < w->out_h ? *first + band->rows : w->out_h;
    return last - *first > end - row ? *first + end - row : last;
}

#endif
