#include "gradient.h"

rlt_status rlt_depthwise_input_gradient_f32(const rlt_run *run, const void *params) {
    const rlt_depthwise_input_gradient_params *p = params;
    const rlt_window *w = &p->window;
    const float *filter = rlt_in(run, p->filter), *dy = rlt_in(run, p->dy);
    float *dx = rlt_out(run, p->dx);
    uint32_t row, last;
    rlt_share_of(run, (uint32_t)w->batches * (uint32_t)w->in_h, &row, &last);
    for (; row < last; row++) {
        const int32_t y = (int32_t)row % w->in_h, image = (int32_t)row / w->in_h;
        for (int32_t i = 0; i < w->in_w * w->in_c; i++) {
            const int32_t x = i / w->in_c, c = i % w->in_c;
            float sum = 0.0f;
            for (int32_t tap = 0; tap < w->kernel_h * w->kernel_w; tap++) {
                const int32_t ky = tap / w->kernel_w, kx = tap % w->kernel_w;
                const int32_t oy = rlt_gradient_source(y, ky, w->pad_top, w->dilation_h, w->stride_h, w->out_h);
                const int32_t ox = rlt_gradient_source(x, kx, w->pad_left, w->dilation_w, w->stride_w, w->out_w);
                if (oy < 0 || ox < 0) continue;
                const float *g = dy + (((size_t)image * w->out_h + oy) * w->out_w + ox) * w->out_c;
                for (int32_t o = c * p->multiplier; o < (c + 1) * p->multiplier; o++)
                    sum += g[o] * filter[(size_t)tap * w->out_c + o];
            }
            dx[(size_t)row * w->in_w * w->in_c + i] = sum;
        }
    }
    return RLT_OK;
}

rlt_status rlt_depthwise_filter_gradient_f32(const rlt_run *run, const void *params) {
    const rlt_depthwise_filter_gradient_params *p = params;
    const rlt_window *w = &p->window;
    const float *input = rlt_in(run, p->input), *dy = rlt_in(run, p->dy);
    float *dw = rlt_out(run, p->dw);
    uint32_t i, last;
    rlt_share_of(run, (uint32_t)(w->kernel_h * w->kernel_w * w->out_c), &i, &last);
    for (; i < last; i++) {
        const int32_t tap = (int32_t)i / w->out_c, c = (int32_t)i % w->out_c;
        const int32_t ky = tap / w->kernel_w, kx = tap % w->kernel_w;
        int32_t first_y, last_y, first_x, last_x;
        rlt_gradient_range(ky, w->pad_top, w->dilation_h, w->stride_h, w->in_h, w->out_h, &first_y, &last_y);
        rlt_gradient_range(kx, w->pad_left, w->dilation_w, w->stride_w, w->in_w, w->out_w, &first_x, &last_x);
        float sum = 0.0f;
        for (int32_t image = 0; image < w->batches; image++) {
            for (int32_t oy = first_y; oy < last_y; oy++) {
                const int32_t y = oy * w->stride_h + ky * w->dilation_h - w->pad_top;
                for (int32_t ox = first_x; ox < last_x; ox++) {
                    const int32_t x = ox * w->stride_w + kx * w->dilation_w - w->pad_left;
                    sum += input[(((size_t)image * w->in_h + y) * w->in_w + x) * w->in_c + c / p->multiplier] *
                           dy[(((size_t)image * w->out_h + oy) * w->out_w + ox) * w->out_c + c];
                }
            }
        }
        dw[i] = sum;
    }
    return RLT_OK;
}
