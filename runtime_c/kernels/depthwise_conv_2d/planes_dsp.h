/* The walk of DEPTHWISE_CONV_2D's kernels for the DSP extension: planes.h. The including file has defined `element`, the
 * type of activations; `finish`, a channel's constants; spread_four(), which copies `count` pixels of four channels to
 * planes; and value_of(), which makes a sum an element. */
#ifndef RLT_DEPTHWISE_CONV_2D_PLANES_DSP_H
#define RLT_DEPTHWISE_CONV_2D_PLANES_DSP_H

#include "../common/dsp.h"
#include "planes.h"

enum { PLANES = RLT_DEPTHWISE_PLANES };

static void fill(int16_t *to, int32_t value, int32_t count) {
    for (int32_t i = 0; i < count; i++) to[i] = (int16_t)value;
}

static int32_t reach_of(const rlt_window *w) { return (w->kernel_h - 1) * w->dilation_h + 1; }

/* The last `count` rows that the planes' whole height served become the first ones. */
static void roll(const rlt_depthwise_planes_params *p, int16_t *planes, int32_t count) {
    const int32_t words = count * p->width / 2, step = p->rows * p->window.stride_h * p->width / 2;
    for (int32_t k = 0; k < PLANES; k++, planes += p->width * p->height) {
        uint32_t *to = (uint32_t *)(void *)planes;
        const uint32_t *const from = to + step;
#pragma GCC unroll 4
        for (int32_t i = 0; i < words; i++) to[i] = from[i];
    }
}

/* The rows that output rows [y, y + rows) read, but for the first `ready` ones, of `channels` channels from `from` on.
 * Left and right of the image, planes hold padding already. */
static void load_planes(const rlt_depthwise_planes_params *p, const element *from, int32_t channels, int32_t y,
                        int32_t rows, int32_t ready, int16_t *to) {
    const rlt_window *w = &p->window;
    const size_t plane = (size_t)p->width * (size_t)p->height, in_c = (size_t)w->in_c;
    const int32_t top = y * w->stride_h - w->pad_top, first = top + ready;
    const int32_t last = top + (rows - 1) * w->stride_h + reach_of(w);
    to += ready * p->width;
    const int32_t inside = w->in_w < p->width - w->pad_left ? w->in_w : p->width - w->pad_left;
    for (int32_t in_y = first; in_y < last; in_y++, to += p->width) {
        if (in_y < 0 || in_y >= w->in_h) {
            for (int32_t k = 0; k < channels; k++) fill(to + (size_t)k * plane, p->input_zero_point, p->width);
            continue;
        }
        const element *pixels = from + (size_t)in_y * (size_t)w->in_w * in_c;
        if (channels == PLANES) {
            spread_four(to + w->pad_left, plane, pixels, in_c, inside);
            continue;
        }
        for (int32_t x = 0; x < inside; x++, pixels += in_c) {
            for (int32_t k = 0; k < channels; k++) to[(size_t)k * plane + (size_t)(w->pad_left + x)] = pixels[k];
        }
    }
}

RLT_INLINE int32_t lower_upper(uint32_t x, uint32_t w, int32_t sum) { return __smlabt((int32_t)x, (int32_t)w, sum); }
RLT_INLINE int32_t upper_lower(uint32_t x, uint32_t w, int32_t sum) { return __smlatb((int32_t)x, (int32_t)w, sum); }

/* A row of output pixels under 3x3 windows. */
RLT_INLINE void row_of_three(const int16_t *from, size_t width, const uint32_t *weights, finish f,
                             element *to, size_t out_c, int32_t count, const int stride) {
    const uint32_t a01 = weights[0], a12 = weights[1], b01 = weights[2], b12 = weights[3];
    const uint32_t c01 = weights[4], c12 = weights[5];
    for (; count > 0; count -= 2, from += 2 * stride, to += 2 * out_c) {
        const uint32_t *a = (const uint32_t *)(const void *)from, *b = a + width / 2, *c = b + width / 2;
        int32_t first = __smlad(a[0], a01, 0), second;
        if (stride == 1) {
            second = upper_lower(a[0], a01, 0);
            first = lower_upper(a[1], a12, first);
            second = __smlad(a[1], a12, second);
            first = __smlad(b[0], b01, first);
            second = upper_lower(b[0], b01, second);
            first = lower_upper(b[1], b12, first);
            second = __smlad(b[1], b12, second);
            first = __smlad(c[0], c01, first);
            second = upper_lower(c[0], c01, second);
            first = lower_upper(c[1], c12, first);
            second = __smlad(c[1], c12, second);
        } else {
            first = lower_upper(a[1], a12, first);
            second = __smlad(a[1], a01, 0);
            second = lower_upper(a[2], a12, second);
            first = __smlad(b[0], b01, first);
            first = lower_upper(b[1], b12, first);
            second = __smlad(b[1], b01, second);
            second = lower_upper(b[2], b12, second);
            first = __smlad(c[0], c01, first);
            first = lower_upper(c[1], c12, first);
            second = __smlad(c[1], c01, second);
            second = lower_upper(c[2], c12, second);
        }
        to[0] = value_of(first, f);
        if (count > 1) to[out_c] = value_of(second, f);
    }
}

/* Sums of four outputs under a window of `pairs` neighbouring pairs across. */
RLT_INLINE void sums_of_four(const rlt_depthwise_planes_params *p, const int16_t *from, const uint32_t *weights,
                             const int32_t pairs, int32_t sum[4]) {
    const int32_t stride = p->window.stride_w, down = p->window.dilation_h * p->width;
    const int16_t *first = from, *second = first + stride, *third = second + stride, *fourth = third + stride;
    int32_t a = 0, b = 0, c = 0, d = 0;
    for (int32_t ky = p->window.kernel_h; ky > 0; ky--, weights += pairs) {
#pragma GCC unroll 3
        for (int32_t k = 0; k < pairs; k++) {
            const uint32_t both = weights[k];
            a = __smlad(load_word(first + 2 * k), both, a);
            b = __smlad(load_word(second + 2 * k), both, b);
            c = __smlad(load_word(third + 2 * k), both, c);
            d = __smlad(load_word(fourth + 2 * k), both, d);
        }
        first += down, second += down, third += down, fourth += down;
    }
    sum[0] = a, sum[1] = b, sum[2] = c, sum[3] = d;
}

/* The sum of one output under any window. */
RLT_INLINE int32_t sum_of_one(const rlt_depthwise_planes_params *p, const int16_t *from, const uint32_t *weights) {
    int32_t sum = 0;
    for (int32_t ky = p->window.kernel_h; ky > 0; ky--, from += p->window.dilation_h * p->width) {
        const int16_t *pair = from;
        for (int32_t k = p->pairs; k > 0; k--, pair += p->pair_step) sum = __smlad(load_word(pair), *weights++, sum);
    }
    return sum;
}

RLT_INLINE void outputs_of_four(const rlt_depthwise_planes_params *p, const int16_t *from, const uint32_t *weights,
                                finish f, element *to) {
    const size_t step = (size_t)p->window.out_c;
    int32_t sum[4] = {0, 0, 0, 0};
    if (p->pair_step == 2 && p->pairs == 3) {
        sums_of_four(p, from, weights, 3, sum);
    } else if (p->pair_step == 2) {
        sums_of_four(p, from, weights, p->pairs, sum);
    } else {
        for (int32_t i = 0; i < 4; i++) sum[i] = sum_of_one(p, from + i * p->window.stride_w, weights);
    }
    to[0] = value_of(sum[0], f);
    to[step] = value_of(sum[1], f);
    to[2 * step] = value_of(sum[2], f);
    to[3 * step] = value_of(sum[3], f);
}

static void row_of_any(const rlt_depthwise_planes_params *p, const int16_t *from, const uint32_t *weights, finish f,
                       element *to) {
    const rlt_window *w = &p->window;
    int32_t x = 0;
    for (; x + 4 <= w->out_w; x += 4, from += 4 * w->stride_w, to += 4 * w->out_c) {
        outputs_of_four(p, from, weights, f, to);
    }
    for (; x < w->out_w; x++, from += w->stride_w, to += w->out_c) *to = value_of(sum_of_one(p, from, weights), f);
}

/* Output rows of one channel from its plane. */
static void channel_rows(const rlt_depthwise_planes_params *p, const int16_t *plane, const uint32_t *weights,
                         finish f, element *to, int32_t rows) {
    const rlt_window *w = &p->window;
    const size_t width = (size_t)p->width, out_c = (size_t)w->out_c;
    for (; rows > 0; rows--, plane += (size_t)w->stride_h * width, to += (size_t)w->out_w * out_c) {
        if (!p->three) {
            row_of_any(p, plane, weights, f, to);
        } else if (w->stride_w == 1) {
            row_of_three(plane, width, weights, f, to, out_c, w->out_w, 1);
        } else {
            row_of_three(plane, width, weights, f, to, out_c, w->out_w, 2);
        }
    }
}

/* Output rows [y, last) of the channels from `c` on. */
RLT_INLINE void some_channels(const rlt_run *run, const rlt_depthwise_planes_params *p, const element *image,
                              element *output, int32_t c, int32_t y, int32_t last) {
    const rlt_window *w = &p->window;
    int16_t *planes = rlt_out(run, p->scratch);
    const finish *finishes = rlt_in(run, p->channels);
    const uint32_t *weights = rlt_in(run, p->weights);
    const int32_t plane = p->width * p->height, filter = w->kernel_h * p->pairs;
    const int32_t channels = w->in_c - c < PLANES ? w->in_c - c : PLANES;
    const int32_t common = reach_of(w) > w->stride_h ? reach_of(w) - w->stride_h : 0; /* rows that two bands read */
    for (int32_t ready = 0; y < last; y += p->rows) {
        const int32_t rows = last - y < p->rows ? last - y : p->rows;
        if (ready) roll(p, planes, ready);
        load_planes(p, image + c, channels, y, rows, ready, planes);
        ready = common;
        element *to = output + y * w->out_w * w->out_c;
        for (int32_t k = 0; k < channels * p->multiplier; k++) {
            const int32_t o = c * p->multiplier + k;
            const int16_t *own = planes + k / p->multiplier * plane;
            channel_rows(p, own, weights + o * filter, finishes[o], to + o, rows);
        }
    }
}

/* The whole operator. Activations that end inside the type are cut by the caller. */
RLT_INLINE void multiply_planes(const rlt_run *run, const rlt_depthwise_planes_params *p) {
    const rlt_window *w = &p->window;
    const element *image = rlt_in(run, p->input);
    element *output = rlt_out(run, p->output);
    const int32_t image_values = w->in_h * w->in_w * w->in_c, output_values = w->out_h * w->out_w * w->out_c;
    fill(rlt_out(run, p->scratch), p->input_zero_point, PLANES * p->width * p->height);
    for (int32_t batch = 0; batch < w->batches; batch++, image += image_values, output += output_values) {
        for (int32_t y = 0; y < w->out_h; y += p->together) {
            const int32_t last = w->out_h - y < p->together ? w->out_h : y + p->together;
            for (int32_t c = 0; c < w->in_c; c += PLANES) some_channels(run, p, image, output, c, y, last);
        }
    }
}

#endif
