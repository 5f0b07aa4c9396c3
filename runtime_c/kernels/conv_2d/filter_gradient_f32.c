#include "gradient.h"

#include <string.h>

/* What one pixel of dy adds to the filter of output channel `c`. */
static void add_pixel(const rlt_conv_2d_filter_gradient_params *p, const float *image, float g, int32_t oy, int32_t ox,
                      int32_t c, float *dw) {
    const rlt_window *w = &p->band.window;
    const int32_t depth = w->in_c / p->groups;
    const int32_t y0 = oy * w->stride_h - w->pad_top, x0 = ox * w->stride_w - w->pad_left;
    int32_t first_y, last_y, first_x, last_x;
    rlt_taps(y0, w->in_h, w->kernel_h, w->dilation_h, &first_y, &last_y);
    rlt_taps(x0, w->in_w, w->kernel_w, w->dilation_w, &first_x, &last_x);
    for (int32_t ky = first_y; ky < last_y; ky++) {
        for (int32_t kx = first_x; kx < last_x; kx++) {
            const size_t at = (size_t)(y0 + ky * w->dilation_h) * w->in_w + (size_t)(x0 + kx * w->dilation_w);
            const float *x = image + at * w->in_c + (size_t)(c / (w->out_c / p->groups)) * depth;
            float *to = dw + ((size_t)ky * w->kernel_w + kx) * depth;
            for (int32_t i = 0; i < depth; i++) to[i] += g * x[i];
        }
    }
}

rlt_status rlt_conv_2d_filter_gradient_f32(const rlt_run *run, const void *params) {
    const rlt_conv_2d_filter_gradient_params *p = params;
    const rlt_window *w = &p->band.window;
    const float *input = rlt_in(run, p->input), *dy = rlt_in(run, p->dy);
    const size_t filter = (size_t)w->kernel_h * w->kernel_w * (w->in_c / p->groups);
    float *dw = rlt_out(run, p->dw);
    uint32_t c, last;
    rlt_share_of(run, (uint32_t)w->out_c, &c, &last);
    for (; c < last; c++) {
        memset(dw + c * filter, 0, filter * sizeof *dw);
        for (int32_t row = 0; row < w->batches * w->out_h; row++) {
            const float *image = input + (size_t)(row / w->out_h) * w->in_h * w->in_w * w->in_c;
            for (int32_t x = 0; x < w->out_w; x++) {
                const float g = dy[((size_t)row * w->out_w + x) * w->out_c + c];
                add_pixel(p, image, g, row % w->out_h, x, (int32_t)c, dw + c * filter);
            }
        }
    }
    return RLT_OK;
}
