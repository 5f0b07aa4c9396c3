#include "../common/pixels.h"
#include "conv_2d.h"

static float dot(const float *weights, const float *values, int32_t count) {
    float sum = 0.0f;
    for (int32_t i = 0; i < count; i++) sum += weights[i] * values[i];
    return sum;
}

/* All output channels of one output pixel. */
static void pixel(const rlt_conv_2d_f32_params *p, const float *image, const float *weights, const float *bias,
                  int32_t out_y, int32_t out_x, float *output) {
    const rlt_window *w = &p->window;
    const int32_t depth = w->in_c / p->groups, filters = w->out_c / p->groups;
    const int32_t y0 = out_y * w->stride_h - w->pad_top, x0 = out_x * w->stride_w - w->pad_left;
    int32_t first_y, last_y, first_x, last_x;
    rlt_taps(y0, w->in_h, w->kernel_h, w->dilation_h, &first_y, &last_y);
    rlt_taps(x0, w->in_w, w->kernel_w, w->dilation_w, &first_x, &last_x);
    /* Neighbouring taps are neighbours in memory too, unless dilated or grouped: then a row is one dot product. */
    const int32_t taps = w->dilation_w == 1 && p->groups == 1 && last_x > first_x ? last_x - first_x : 1;
    for (int32_t c = 0; c < w->out_c; c++) {
        const float *filter = weights + (size_t)c * w->kernel_h * w->kernel_w * depth;
        const float *group = image + (size_t)(c / filters) * depth;
        float sum = bias ? bias[c] : 0.0f;
        for (int32_t ky = first_y; ky < last_y; ky++) {
            const size_t row = (size_t)(y0 + ky * w->dilation_h) * w->in_w;
            for (int32_t kx = first_x; kx < last_x; kx += taps) {
                sum += dot(filter + ((size_t)ky * w->kernel_w + kx) * depth,
                           group + (row + (size_t)(x0 + kx * w->dilation_w)) * w->in_c, taps * depth);
            }
        }
        output[c] = sum < p->low ? p->low : sum > p->high ? p->high : sum;
    }
}

rlt_status rlt_conv_2d_f32(const rlt_run *run, const void *params) {
    const rlt_conv_2d_f32_params *p = params;
    const rlt_window *w = &p->window;
    const float *input = rlt_in(run, p->input), *weights = rlt_in(run, p->weights);
    const float *bias = rlt_in_or_null(run, p->bias);
    float *output = rlt_out(run, p->output);
    for (rlt_pixels at = rlt_share_of_pixels(run, w); at.left; rlt_next_pixel(&at, w)) {
        pixel(p, input + at.image, weights, bias, at.y, at.x, output + at.number * w->out_c);
    }
    return RLT_OK;
}
