#include "gradient.h"

#include <string.h>

/* The pixel of dy whose window has tap `k` on position `at` of the input; -1: none. */
static int32_t source(int32_t at, int32_t k, int32_t pad, int32_t dilation, int32_t stride, int32_t out) {
    const int32_t place = at + pad - k * dilation;
    return place >= 0 && place % stride == 0 && place / stride < out ? place / stride : -1;
}

static void pixel(const rlt_conv_2d_input_gradient_params *p, const float *filter, const float *dy, int32_t y, int32_t x,
                  float *dx) {
    const rlt_window *w = &p->window;
    const int32_t depth = w->in_c / p->groups, filters = w->out_c / p->groups;
    memset(dx, 0, (size_t)w->in_c * sizeof *dx);
    for (int32_t ky = 0; ky < w->kernel_h; ky++) {
        const int32_t oy = source(y, ky, w->pad_top, w->dilation_h, w->stride_h, w->out_h);
        for (int32_t kx = 0; oy >= 0 && kx < w->kernel_w; kx++) {
            const int32_t ox = source(x, kx, w->pad_left, w->dilation_w, w->stride_w, w->out_w);
            if (ox < 0) continue;
            const float *g = dy + ((size_t)oy * w->out_w + ox) * w->out_c;
            for (int32_t c = 0; c < w->out_c; c++) {
                const float *weights = filter + (((size_t)c * w->kernel_h + ky) * w->kernel_w + kx) * depth;
                float *to = dx + (size_t)(c / filters) * depth;
                for (int32_t i = 0; i < depth; i++) to[i] += g[c] * weights[i];
            }
        }
    }
}

rlt_status rlt_conv_2d_input_gradient_f32(const rlt_run *run, const void *params) {
    const rlt_conv_2d_input_gradient_params *p = params;
    const rlt_window *w = &p->window;
    const float *filter = rlt_in(run, p->filter), *dy = rlt_in(run, p->dy);
    float *dx = rlt_out(run, p->dx);
    uint32_t row, last;
    rlt_share_of(run, (uint32_t)w->batches * (uint32_t)w->in_h, &row, &last);
    for (; row < last; row++) {
        const float *image = dy + (size_t)(row / (uint32_t)w->in_h) * w->out_h * w->out_w * w->out_c;
        for (int32_t x = 0; x < w->in_w; x++)
            pixel(p, filter, image, (int32_t)(row % (uint32_t)w->in_h), x, dx + ((size_t)row * w->in_w + x) * w->in_c);
    }
    return RLT_OK;
}

rlt_status rlt_conv_2d_spread_f32(const rlt_run *run, const void *params) {
    const rlt_conv_2d_spread_params *p = params;
    const size_t pixel = (size_t)p->channels, row = ((size_t)(p->width - 1) * (size_t)p->step_w + 1) * pixel;
    const int32_t rows = (p->height - 1) * p->step_h + 1;
    uint32_t first, last;
    rlt_share_of(run, (uint32_t)p->batches * (uint32_t)rows, &first, &last);
    for (uint32_t r = first; r < last; r++) {
        const int32_t image = (int32_t)r / rows, y = (int32_t)r % rows;
        float *to = (float *)rlt_out(run, p->output) + (size_t)r * row;
        memset(to, 0, row * sizeof *to);
        if (y % p->step_h) continue;
        const float *from = (const float *)rlt_in(run, p->input) +
                            ((size_t)image * (size_t)p->height + (size_t)(y / p->step_h)) * (size_t)p->width * pixel;
        for (int32_t x = 0; x < p->width; x++, from += pixel, to += pixel * (size_t)p->step_w)
            memcpy(to, from, pixel * sizeof *to);
    }
    return RLT_OK;
}
