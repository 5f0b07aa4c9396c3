/* int8 DEPTHWISE_CONV_2D with the DSP extension: planes.h. */
#include "../common/dsp.h"
#include "planes.h"

enum { PLANES = RLT_DEPTHWISE_PLANES };

static void fill(int16_t *to, int32_t value, int32_t count) {
    for (int32_t i = 0; i < count; i++) to[i] = (int16_t)value;
}

/* `count` pixels of four channels, `in_c` apart, to planes that lie `plane` elements apart. */
static void spread_four(int16_t *to, size_t plane, const int8_t *from, size_t in_c, int32_t count) {
    for (; count > 1; count -= 2, from += 2 * in_c, to += 2) {
        const uint32_t left = load_word(from), right = load_word(from + in_c);
        const uint32_t left_even = even_bytes(left), left_odd = odd_bytes(left);
        const uint32_t right_even = even_bytes(right), right_odd = odd_bytes(right);
        store_word(to, lower_halves(left_even, right_even));
        store_word(to + plane, lower_halves(left_odd, right_odd));
        store_word(to + 2 * plane, upper_halves(left_even, right_even));
        store_word(to + 3 * plane, upper_halves(left_odd, right_odd));
    }
    for (size_t k = 0; count > 0 && k < PLANES; k++) to[k * plane] = from[k];
}

/* The rows that output rows [y, y + rows) read, of `channels` channels from `from` on. Left and right of the image,
 * planes hold padding already. */
static void load_planes(const rlt_depthwise_planes_params *p, const int8_t *from, int32_t channels, int32_t y,
                        int32_t rows, int16_t *to) {
    const rlt_window *w = &p->window;
    const size_t plane = (size_t)p->width * (size_t)p->height, in_c = (size_t)w->in_c;
    const int32_t first = y * w->stride_h - w->pad_top, last = first + (rows - 1) * w->stride_h + w->kernel_h;
    const int32_t inside = w->in_w < p->width - w->pad_left ? w->in_w : p->width - w->pad_left;
    for (int32_t in_y = first; in_y < last; in_y++, to += p->width) {
        if (in_y < 0 || in_y >= w->in_h) {
            for (int32_t k = 0; k < channels; k++) fill(to + (size_t)k * plane, p->input_zero_point, p->width);
            continue;
        }
        const int8_t *pixels = from + (size_t)in_y * (size_t)w->in_w * in_c;
        if (channels == PLANES) {
            spread_four(to + w->pad_left, plane, pixels, in_c, inside);
            continue;
        }
        for (int32_t x = 0; x < inside; x++, pixels += in_c) {
            for (int32_t k = 0; k < channels; k++) to[(size_t)k * plane + (size_t)(w->pad_left + x)] = pixels[k];
        }
    }
}

RLT_INLINE int32_t lower_lower(uint32_t x, uint32_t w, int32_t sum) { return __smlabb((int32_t)x, (int32_t)w, sum); }
RLT_INLINE int32_t lower_upper(uint32_t x, uint32_t w, int32_t sum) { return __smlabt((int32_t)x, (int32_t)w, sum); }
RLT_INLINE int32_t upper_lower(uint32_t x, uint32_t w, int32_t sum) { return __smlatb((int32_t)x, (int32_t)w, sum); }

/* A row of output pixels under 3x3 windows. */
RLT_INLINE void row_of_three(const int16_t *from, size_t width, const uint32_t *weights, rlt_finish f,
                             int8_t *to, size_t out_c, int32_t count, const int stride) {
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
        to[0] = finished(first, f);
        if (count > 1) to[out_c] = finished(second, f);
    }
}

static void row_of_any(const rlt_depthwise_planes_params *p, const int16_t *from, const uint32_t *weights,
                       rlt_finish f, int8_t *to) {
    const rlt_window *w = &p->window;
    for (int32_t x = 0; x < w->out_w; x++, from += w->stride_w, to += w->out_c) {
        const uint32_t *weight = weights;
        int32_t sum = 0;
        for (int32_t ky = 0; ky < w->kernel_h; ky++) {
            const int16_t *pair = from + ky * p->width;
            for (int32_t k = p->pairs; k > 0; k--, pair += 2) sum = __smlad(load_word(pair), *weight++, sum);
        }
        *to = finished(sum, f);
    }
}

/* Output rows of one channel from its plane. */
static void channel_rows(const rlt_depthwise_planes_params *p, const int16_t *plane, const uint32_t *weights,
                         rlt_finish f, int8_t *to, int32_t rows) {
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

rlt_status rlt_depthwise_conv_2d_s8_dsp(const rlt_run *run, const void *params) {
    const rlt_depthwise_planes_params *p = params;
    const rlt_window *w = &p->window;
    const int8_t *image = rlt_in(run, p->input);
    int8_t *output = rlt_out(run, p->output);
    int16_t *planes = rlt_out(run, p->scratch);
    const rlt_finish *finishes = rlt_in(run, p->channels);
    const uint32_t *weights = rlt_in(run, p->weights);
    const int32_t plane = p->width * p->height, filter = w->kernel_h * p->pairs;
    const int32_t image_bytes = w->in_h * w->in_w * w->in_c;
    fill(planes, p->input_zero_point, PLANES * plane);
    for (int32_t batch = 0; batch < w->batches; batch++, image += image_bytes) {
        for (int32_t c = 0; c < w->in_c; c += PLANES) {
            const int32_t channels = w->in_c - c < PLANES ? w->in_c - c : PLANES;
            for (int32_t y = 0; y < w->out_h; y += p->rows) {
                const int32_t rows = w->out_h - y < p->rows ? w->out_h - y : p->rows;
                load_planes(p, image + c, channels, y, rows, planes);
                int8_t *to = output + (batch * w->out_h + y) * w->out_w * w->out_c;
                for (int32_t k = 0; k < channels * p->multiplier; k++) {
                    const int32_t o = c * p->multiplier + k;
                    const int16_t *own = planes + k / p->multiplier * plane;
                    channel_rows(p, own, weights + o * filter, finishes[o], to + o, rows);
                }
            }
        }
    }
    cut(output, (size_t)w->batches * (size_t)w->out_h * (size_t)w->out_w * (size_t)w->out_c, p->low, p->high);
    return RLT_OK;
}
