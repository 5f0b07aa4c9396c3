/* Gradients of float DEPTHWISE_CONV_2D without a multiplier, over the vectors of the instruction set whose header was
 * included before: a vector of channels at a time. */
#ifndef RLT_DEPTHWISE_GRADIENT_F32_KERNEL_H
#define RLT_DEPTHWISE_GRADIENT_F32_KERNEL_H

#include "gradient.h"

enum { PIXELS = 4 }; /* sums at once */

/* Adds to dx, a row of an image, what a row of dy gives through a row of the filter. */
static void add_row(const rlt_window *w, const float *filter, const float *dy, float *dx, size_t count) {
    const size_t channels = (size_t)w->in_c;
    for (int32_t kx = 0; kx < w->kernel_w; kx++) {
        int32_t first, last;
        rlt_gradient_range(kx, w->pad_left, w->dilation_w, w->stride_w, w->in_w, w->out_w, &first, &last);
        const rlt_vec weight = rlt_vec_load_first(filter + (size_t)kx * channels, count);
        const float *from = dy + (size_t)first * channels, *end = dy + (size_t)last * channels;
        float *to = dx + (size_t)(first * w->stride_w + kx * w->dilation_w - w->pad_left) * channels;
        for (; from < end; from += channels, to += (size_t)w->stride_w * channels) {
            const rlt_vec y = rlt_vec_fma(rlt_vec_load_first(from, count), weight, rlt_vec_load_first(to, count));
            rlt_vec_store_upto(to, y, count);
        }
    }
}

static rlt_status input_gradient_run(const rlt_run *run, const rlt_depthwise_input_gradient_params *p) {
    const rlt_window *w = &p->window;
    const float *filter = rlt_in(run, p->filter), *dy = rlt_in(run, p->dy);
    const size_t channels = (size_t)w->in_c, out_row = (size_t)w->out_w * channels;
    uint32_t row, last;
    rlt_share_of(run, (uint32_t)w->batches * (uint32_t)w->in_h, &row, &last);
    for (; row < last; row++) {
        const int32_t y = (int32_t)row % w->in_h, image = (int32_t)row / w->in_h;
        float *dx = (float *)rlt_out(run, p->dx) + (size_t)row * (size_t)w->in_w * channels;
        for (size_t c = 0; c < channels; c += RLT_LANES) {
            const size_t count = channels - c < RLT_LANES ? channels - c : RLT_LANES;
            for (int32_t x = 0; x < w->in_w; x++) rlt_vec_store_upto(dx + (size_t)x * channels + c, rlt_vec_all(0.0f), count);
            for (int32_t ky = 0; ky < w->kernel_h; ky++) {
                const int32_t oy = rlt_gradient_source(y, ky, w->pad_top, w->dilation_h, w->stride_h, w->out_h);
                if (oy < 0) continue;
                add_row(w, filter + (size_t)(ky * w->kernel_w) * channels + c,
                        dy + ((size_t)image * (size_t)w->out_h + (size_t)oy) * out_row + c, dx + c, count);
            }
        }
    }
    return RLT_OK;
}

/* Sum of x * dy over `pixels` of a row, added to the chains of `sum`. */
RLT_INLINE void add_products(const float *x, size_t x_step, const float *dy, size_t dy_step, int32_t pixels, size_t count,
                             rlt_vec sum[PIXELS]) {
    int32_t i = 0;
    for (; i + PIXELS <= pixels; i += PIXELS) {
#pragma GCC unroll 4
        for (int k = 0; k < PIXELS; k++, x += x_step, dy += dy_step)
            sum[k] = rlt_vec_fma(rlt_vec_load_first(x, count), rlt_vec_load_first(dy, count), sum[k]);
    }
    for (; i < pixels; i++, x += x_step, dy += dy_step)
        sum[0] = rlt_vec_fma(rlt_vec_load_first(x, count), rlt_vec_load_first(dy, count), sum[0]);
}

static rlt_status filter_gradient_run(const rlt_run *run, const rlt_depthwise_filter_gradient_params *p) {
    const rlt_window *w = &p->window;
    const size_t channels = (size_t)w->in_c;
    uint32_t tap, last;
    rlt_share_of(run, (uint32_t)(w->kernel_h * w->kernel_w), &tap, &last);
    for (; tap < last; tap++) {
        const int32_t ky = (int32_t)tap / w->kernel_w, kx = (int32_t)tap % w->kernel_w;
        int32_t first_y, last_y, first_x, last_x;
        rlt_gradient_range(ky, w->pad_top, w->dilation_h, w->stride_h, w->in_h, w->out_h, &first_y, &last_y);
        rlt_gradient_range(kx, w->pad_left, w->dilation_w, w->stride_w, w->in_w, w->out_w, &first_x, &last_x);
        for (size_t c = 0; c < channels; c += RLT_LANES) {
            const size_t count = channels - c < RLT_LANES ? channels - c : RLT_LANES;
            rlt_vec sum[PIXELS];
            for (int k = 0; k < PIXELS; k++) sum[k] = rlt_vec_all(0.0f);
            for (int32_t image = 0; image < w->batches; image++) {
                for (int32_t oy = first_y; first_x < last_x && oy < last_y; oy++) {
                    const int32_t y = oy * w->stride_h + ky * w->dilation_h - w->pad_top;
                    const int32_t x = first_x * w->stride_w + kx * w->dilation_w - w->pad_left;
                    const size_t in = ((size_t)image * (size_t)w->in_h + (size_t)y) * (size_t)w->in_w + (size_t)x;
                    const size_t out = ((size_t)image * (size_t)w->out_h + (size_t)oy) * (size_t)w->out_w + (size_t)first_x;
                    add_products((const float *)rlt_in(run, p->input) + in * channels + c, (size_t)w->stride_w * channels,
                                 (const float *)rlt_in(run, p->dy) + out * channels + c, channels, last_x - first_x, count,
                                 sum);
                }
            }
            const rlt_vec all = rlt_vec_add(rlt_vec_add(sum[0], sum[1]), rlt_vec_add(sum[2], sum[3]));
            rlt_vec_store_upto((float *)rlt_out(run, p->dw) + (size_t)tap * channels + c, all, count);
        }
    }
    return RLT_OK;
}

#endif
