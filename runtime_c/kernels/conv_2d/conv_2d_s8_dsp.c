/* int8 CONV_2D with the DSP extension: columns.h. */
#include "../common/pixels.h"
#include "columns_dsp.h"
#include "four_columns_dsp.h"

enum { PIXELS = RLT_CONV_2D_COLUMN_PIXELS };

RLT_INLINE uint32_t *pad(uint32_t *to, const size_t step, int32_t value, int32_t count) {
    const uint32_t both = (uint16_t)value * 0x10001u;
    for (int32_t pairs = count / 4 * 2 + (count % 4 < 2 ? count % 4 : 2); pairs > 0; pairs--, to += step) *to = both;
    return to;
}

/* One row of a window that reaches beyond the image's left or right border, byte by byte. */
RLT_INLINE uint32_t *mixed(uint32_t *to, const size_t step, const int8_t *from, int32_t count, int32_t first,
                           int32_t last, int32_t fill) {
    for (int32_t i = 0; i < count; i += 4) {
        uint16_t value[4];
        for (int32_t k = 0; k < 4; k++) value[k] = (uint16_t)(i + k >= first && i + k < last ? from[i + k] : fill);
        *to = value[0] | (uint32_t)value[2] << 16, to += step;
        if (count - i > 1) *to = value[1] | (uint32_t)value[3] << 16, to += step;
    }
    return to;
}

/* The column of the pixel at `out_y`, `out_x`, its pairs `step` words apart. */
static void column(const rlt_conv_2d_columns_params *p, const int8_t *image, int32_t out_y, int32_t out_x, uint32_t *to,
                   size_t step) {
    const rlt_window *w = &p->window;
    const int32_t y0 = out_y * w->stride_h - w->pad_top, x0 = out_x * w->stride_w - w->pad_left;
    const int32_t per_row = p->runs / w->kernel_h, across = p->run_bytes / w->in_c; /* runs, pixels of a run */
    uint32_t *const end = to + (size_t)p->pairs * step;
    for (int32_t ky = 0; ky < w->kernel_h; ky++) {
        const int32_t y = y0 + ky * w->dilation_h;
        const int8_t *row = image + y * w->in_w * w->in_c;
        for (int32_t run = 0; run < per_row; run++) {
            const int32_t x = x0 + run * w->dilation_w;
            const int8_t *from = row + x * w->in_c;
            if (y < 0 || y >= w->in_h || x + across <= 0 || x >= w->in_w) {
                to = pad(to, step, p->input_zero_point, p->run_bytes);
            } else if (x >= 0 && x + across <= w->in_w) {
                to = widen(to, step, from, p->run_bytes);
            } else if (w->in_c % 4 == 0) {
                const int32_t left = x < 0 ? -x : 0, right = x + across > w->in_w ? x + across - w->in_w : 0;
                to = pad(to, step, p->input_zero_point, left * w->in_c);
                to = widen(to, step, from + left * w->in_c, (across - left - right) * w->in_c);
                to = pad(to, step, p->input_zero_point, right * w->in_c);
            } else {
                to = mixed(to, step, from, p->run_bytes, -x * w->in_c, (w->in_w - x) * w->in_c, p->input_zero_point);
            }
        }
    }
    while (to < end) *to = 0, to += step;
}

/* Sums of a pair of channels over interleaved columns of four pixels: sum[0..3] of A; sum[4..7] of 256 * B + A. */
RLT_INLINE void multiply(const uint32_t *columns, const uint32_t *weights, int32_t pairs, int32_t *sum) {
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
    RLT_FOUR_COLUMNS("", "48");
    sum[0] = a0, sum[1] = a1, sum[2] = a2, sum[3] = a3;
    sum[4] = b0, sum[5] = b1, sum[6] = b2, sum[7] = b3;
}

/* Four neighbouring output pixels. */
static void four_pixels(const rlt_conv_2d_columns_params *p, const uint32_t *columns, const uint32_t *weights,
                        const rlt_finish *channels, int8_t *output) {
    const int32_t out_c = p->window.out_c, pairs = p->pairs;
    for (int32_t c = 0; c < out_c; c += 2, weights += pairs) {
        int32_t sum[2 * PIXELS];
        multiply(columns, weights, pairs, sum);
        const rlt_finish first = channels[c];
        int8_t *to = output + c;
#pragma GCC unroll 4
        for (int32_t i = 0; i < PIXELS; i++) to[i * out_c] = finished(sum[i], first);
        if (c + 1 == out_c) return;
        const rlt_finish other = channels[c + 1];
#pragma GCC unroll 4
        for (int32_t i = 0; i < PIXELS; i++) to[i * out_c + 1] = finished(second(sum[PIXELS + i], sum[i]), other);
    }
}

static void one_pixel(const rlt_conv_2d_columns_params *p, const uint32_t *column, const uint32_t *weights,
                      const rlt_finish *channels, int8_t *output) {
    const int32_t out_c = p->window.out_c;
    for (int32_t c = 0; c < out_c; c += 4, weights += 2 * (size_t)p->pairs) {
        int32_t sum[4];
        multiply_one(column, weights, p->pairs, c + 2 < out_c, sum);
        for (int32_t k = 0; k < 4 && c + k < out_c; k++) output[c + k] = finished(sum[k], channels[c + k]);
    }
}

rlt_status rlt_conv_2d_s8_dsp(const rlt_run *run, const void *params) {
    const rlt_conv_2d_columns_params *p = params;
    const rlt_window *w = &p->window;
    const int8_t *image = rlt_in(run, p->input);
    const uint32_t *weights = rlt_in(run, p->weights);
    const rlt_finish *channels = rlt_in(run, p->channels);
    uint32_t *columns = rlt_out(run, p->scratch);
    rlt_pixels at = rlt_share_of_pixels(run, w);
    int8_t *const start = (int8_t *)rlt_out(run, p->output) + at.number * w->out_c, *output = start;
    while (at.left > 0) {
        const int32_t pixels = at.left >= PIXELS ? PIXELS : 1;
        for (int32_t i = 0; i < pixels; i++, rlt_next_pixel(&at, w)) {
            column(p, image + at.image, at.y, at.x, columns + i, (size_t)pixels);
        }
        (pixels == 1 ? one_pixel : four_pixels)(p, columns, weights, channels, output);
        output += pixels * w->out_c;
    }
    cut(start, (size_t)(output - start), p->low, p->high);
    return RLT_OK;
}
