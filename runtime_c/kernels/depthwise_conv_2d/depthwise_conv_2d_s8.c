/* Result equals LiteRT's reference DepthwiseConvPerChannel
 * (tflite/kernels/internal/reference/integer_ops/depthwise_conv.h). */
#include "../common/fixed_point.h"
#include "../common/pixels.h"
#include "depthwise_conv_2d.h"

/* All output channels of one output pixel. */
static void pixel(const rlt_depthwise_conv_2d_s8_params *p, const int8_t *image, const int8_t *weights,
                  const int32_t *bias, int32_t out_y, int32_t out_x, int8_t *output) {
    const rlt_window *w = &p->window;
    const int32_t *multiplier = bias + w->out_c, *shift = multiplier + w->out_c;
    const int32_t y0 = out_y * w->stride_h - w->pad_top, x0 = out_x * w->stride_w - w->pad_left;
    int32_t first_y, last_y, first_x, last_x;
    rlt_taps(y0, w->in_h, w->kernel_h, w->dilation_h, &first_y, &last_y);
    rlt_taps(x0, w->in_w, w->kernel_w, w->dilation_w, &first_x, &last_x);
    const size_t step = (size_t)w->dilation_w * (size_t)w->in_c;
    for (int32_t c = 0; c < w->out_c; c++) {
        const int8_t *channel = image + c / p->multiplier;
        uint32_t sum = (uint32_t)bias[c]; /* wraps without being undefined */
        for (int32_t ky = first_y; ky < last_y; ky++) {
            const size_t row = (size_t)(y0 + ky * w->dilation_h) * w->in_w;
            const int8_t *x = channel + (row + (size_t)(x0 + first_x * w->dilation_w)) * w->in_c;
            const int8_t *filter = weights + ((size_t)ky * w->kernel_w + first_x) * w->out_c + c;
            for (int32_t kx = first_x; kx < last_x; kx++, x += step, filter += w->out_c) {
                sum += (uint32_t)((*filter - p->weights_zero_point) * (*x - p->input_zero_point));
            }
        }
        const int32_t scaled = rlt_requantize((int32_t)sum, multiplier[c], shift[c]);
        output[c] = (int8_t)rlt_saturate(scaled, p->output_zero_point, p->low, p->high);
    }
}

rlt_status rlt_depthwise_conv_2d_s8(const rlt_run *run, const void *params) {
    const rlt_depthwise_conv_2d_s8_params *p = params;
    const rlt_window *w = &p->window;
    const int8_t *input = rlt_in(run, p->input), *weights = rlt_in(run, p->weights);
    const int32_t *channels = rlt_in(run, p->channels);
    int8_t *output = rlt_out(run, p->output);
    for (rlt_pixels at = rlt_share_of_pixels(run, w); at.left; rlt_next_pixel(&at, w)) {
        pixel(p, input + at.image, weights, channels, at.y, at.x, output + at.number * w->out_c);
    }
    return RLT_OK;
}
