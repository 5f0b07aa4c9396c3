/* The column of an output pixel: the bytes under its window, widened to words, with padding written out. */
#ifndef RLT_CONV_2D_COLUMN_MCU_H
#define RLT_CONV_2D_COLUMN_MCU_H

#include "../common/mcu.h"
#include "conv_2d.h"

/* A value becomes a word, or with a shift is added to one that is there. */
RLT_INLINE void put(int32_t *to, int32_t value, const int32_t shift) {
    *to = shift ? *to + value * (1 << shift) : value;
}

/* Widens `count` bytes to words `step` apart; returns their sum. */
RLT_INLINE int32_t widen(int32_t *to, const size_t step, const int8_t *from, int32_t count, const int32_t shift) {
    int32_t sum = 0;
    const int8_t *const end = from + count, *const fours = end - 3;
    for (; from < fours; from += 4, to += 4 * step) {
        const int32_t a = from[0], b = from[1], c = from[2], d = from[3];
        put(to, a, shift);
        put(to + step, b, shift);
        put(to + 2 * step, c, shift);
        put(to + 3 * step, d, shift);
        sum += a + b + c + d;
    }
    for (; from < end; from++, to += step) {
        put(to, *from, shift);
        sum += *from;
    }
    return sum;
}

RLT_INLINE int32_t pad(int32_t *to, const size_t step, int32_t value, int32_t count, const int32_t shift) {
    for (int32_t i = 0; i < count; i++, to += step) put(to, value, shift);
    return value * count;
}

/* Whether each column is one pixel of the image, and neighbours' columns are neighbours in memory. */
RLT_INLINE int is_direct(const rlt_window *w) {
    return w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 && w->stride_w == 1 && w->in_h == w->out_h &&
           w->in_w == w->out_w && !w->pad_top && !w->pad_left;
}

/* The column of the pixel at `out_y`, `out_x`, its words `step` apart; returns their sum. */
RLT_INLINE int32_t column(const rlt_window *w, const int8_t *image, int32_t out_y, int32_t out_x, int32_t zero_point,
                          int32_t *to, const size_t step, const int32_t shift) {
    const int32_t y0 = out_y * w->stride_h - w->pad_top, x0 = out_x * w->stride_w - w->pad_left;
    int32_t first_x, last_x, sum = 0;
    rlt_taps(x0, w->in_w, w->kernel_w, w->dilation_w, &first_x, &last_x);
    const int32_t before = first_x * w->in_c, after = (w->kernel_w - last_x) * w->in_c;
    /* Neighbouring taps are neighbours in memory too, unless dilated. */
    const int32_t taps = w->dilation_w == 1 && last_x > first_x ? last_x - first_x : 1;
    for (int32_t ky = 0; ky < w->kernel_h; ky++) {
        const int32_t y = y0 + ky * w->dilation_h;
        if (y < 0 || y >= w->in_h) {
            sum += pad(to, step, zero_point, w->kernel_w * w->in_c, shift);
            to += (size_t)(w->kernel_w * w->in_c) * step;
            continue;
        }
        sum += pad(to, step, zero_point, before, shift);
        to += (size_t)before * step;
        for (int32_t kx = first_x; kx < last_x; kx += taps) {
            const int8_t *from = image + (size_t)(y * w->in_w + x0 + kx * w->dilation_w) * (size_t)w->in_c;
            sum += widen(to, step, from, taps * w->in_c, shift);
            to += (size_t)(taps * w->in_c) * step;
        }
        sum += pad(to, step, zero_point, after, shift);
        to += (size_t)after * step;
    }
    return sum;
}

#endif
