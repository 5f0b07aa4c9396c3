/* CONV_2D of int16 activations and int8 weights with the DSP extension: columns.h, window_16/finish_16.h. */
#include "../common/pixels.h"
#include "../window_16/finish_16.h"
#include "columns_s16_dsp.h"
#include "four_columns_dsp.h"

enum { PIXELS = RLT_CONV_2D_COLUMN_PIXELS };

RLT_INLINE uint32_t *pad(uint32_t *to, const size_t step, int32_t count) {
    for (int32_t pairs = (count + 1) / 2; pairs > 0; pairs--, to += step) *to = 0;
    return to;
}

/* One run of a window, of which [first, last) lies inside the image, value by value. */
static __attribute__((noinline)) void mixed(uint32_t *to, size_t step, const int16_t *from, int32_t count,
                                            int32_t first, int32_t last) {
    for (int32_t i = 0; i < count; i += 2, to += step) {
        const uint32_t low = i >= first && i < last ? (uint16_t)from[i] : 0;
        const uint32_t high = i + 1 >= first && i + 1 < last ? (uint16_t)from[i + 1] : 0;
        *to = low | high << 16;
    }
}

/* The column of the pixel at `out_y`, `out_x`, its pairs `step` words apart. */
RLT_INLINE void column(const rlt_conv_2d_columns_params *p, const int16_t *image, int32_t out_y, int32_t out_x,
                       uint32_t *to, const size_t step) {
    const rlt_window *w = &p->window;
    const int32_t y0 = out_y * w->stride_h - w->pad_top, x0 = out_x * w->stride_w - w->pad_left;
    const int32_t per_row = p->runs / w->kernel_h, count = p->run_bytes / 2, across = count / w->in_c;
    uint32_t *const end = to + (size_t)p->pairs * step;
    for (int32_t ky = 0; ky < w->kernel_h; ky++) {
        const int32_t y = y0 + ky * w->dilation_h;
        const int16_t *row = image + y * w->in_w * w->in_c;
        for (int32_t run = 0; run < per_row; run++) {
            const int32_t x = x0 + run * w->dilation_w;
            const int16_t *from = row + x * w->in_c;
            if (y < 0 || y >= w->in_h || x + across <= 0 || x >= w->in_w) {
                to = pad(to, step, count);
            } else if (x >= 0 && x + across <= w->in_w) {
                to = copy_pairs(to, step, from, count);
            } else {
                mixed(to, step, from, count, -x * w->in_c, (w->in_w - x) * w->in_c);
                to += step * (size_t)((count + 1) / 2);
            }
        }
    }
    while (to < end) *to = 0, to += step;
}

static __attribute__((noinline)) void column_of_four(const rlt_conv_2d_columns_params *p, const int16_t *image,
                                                     int32_t out_y, int32_t out_x, uint32_t *to) {
    column(p, image, out_y, out_x, to, PIXELS);
}

static __attribute__((noinline)) void column_of_one(const rlt_conv_2d_columns_params *p, const int16_t *image,
                                                    int32_t out_y, int32_t out_x, uint32_t *to) {
    column(p, image, out_y, out_x, to, 1);
}

/* Four neighbouring output pixels. */
static void four_pixels(const rlt_conv_2d_columns_params *p, const uint32_t *columns, const uint32_t *weights,
                        const rlt_finish_16 *channels, int16_t *output) {
    const int32_t out_c = p->window.out_c, pairs = p->pairs;
    for (int32_t c = 0; c < out_c; c += 2, weights += pairs, channels += 2) {
        const int other = c + 1 < out_c;
        const int32_t first = channels[0].bias, next = other ? channels[1].bias : 0;
        int32_t a0 = first, a1 = first, a2 = first, a3 = first, b0 = next, b1 = next, b2 = next, b3 = next;
        RLT_FOUR_COLUMNS("sxtb16.w %[w], %[w], ror #8\n\t", "52");
        const int32_t a = channels[0].multiplier;
        int16_t *to = output + c;
        if (!other) {
            to[0] = (int16_t)scaled_half(a0, a), to[out_c] = (int16_t)scaled_half(a1, a);
            to[2 * out_c] = (int16_t)scaled_half(a2, a), to[3 * out_c] = (int16_t)scaled_half(a3, a);
            return;
        }
        const int32_t b = channels[1].multiplier;
        store_word(to, lower_halves((uint32_t)scaled_half(a0, a), (uint32_t)scaled_half(b0, b)));
        store_word(to + out_c, lower_halves((uint32_t)scaled_half(a1, a), (uint32_t)scaled_half(b1, b)));
        store_word(to + 2 * out_c, lower_halves((uint32_t)scaled_half(a2, a), (uint32_t)scaled_half(b2, b)));
        store_word(to + 3 * out_c, lower_halves((uint32_t)scaled_half(a3, a), (uint32_t)scaled_half(b3, b)));
    }
}

static void one_pixel(const rlt_conv_2d_columns_params *p, const uint32_t *column, const uint32_t *weights,
                      const rlt_finish_16 *channels, int16_t *output) {
    const int32_t out_c = p->window.out_c;
    for (int32_t c = 0; c < out_c; c += 4, weights += 2 * (size_t)p->pairs) {
        int32_t sum[4];
        for (int32_t k = 0; k < 4; k++) sum[k] = c + k < out_c ? channels[c + k].bias : 0;
        multiply_one(column, weights, p->pairs, c + 2 < out_c, sum);
        for (int32_t k = 0; k < 4 && c + k < out_c; k++) {
            output[c + k] = (int16_t)scaled_half(sum[k], channels[c + k].multiplier);
        }
    }
}

rlt_status rlt_conv_2d_s16_dsp(const rlt_run *run, const void *params) {
    const rlt_conv_2d_columns_params *p = params;
    const rlt_window *w = &p->window;
    const int16_t *image = rlt_in(run, p->input);
    const uint32_t *weights = rlt_in(run, p->weights);
    const rlt_finish_16 *channels = rlt_in(run, p->channels);
    uint32_t *columns = rlt_out(run, p->scratch);
    rlt_pixels at = rlt_share_of_pixels(run, w);
    int16_t *const start = (int16_t *)rlt_out(run, p->output) + at.number * w->out_c, *output = start;
    while (at.left > 0) {
        const int32_t pixels = at.left >= PIXELS ? PIXELS : 1;
        for (int32_t i = 0; i < pixels; i++, rlt_next_pixel(&at, w)) {
            if (pixels == PIXELS) column_of_four(p, image + at.image, at.y, at.x, columns + i);
            else column_of_one(p, image + at.image, at.y, at.x, columns);
        }
        if (pixels == PIXELS) four_pixels(p, columns, weights, channels, output);
        else one_pixel(p, columns, weights, channels, output);
        output += pixels * w->out_c;
    }
    cut_halves(start, (size_t)(output - start), p->low, p->high);
    return RLT_OK;
}
