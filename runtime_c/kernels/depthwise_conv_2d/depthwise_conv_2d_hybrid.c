/* int8 weights, float activations quantized by image: DepthwiseConvHybridPerChannel in
 * tflite/kernels/internal/reference/integer_ops/depthwise_conv.h. */
#include "../common/pixels.h"
#include "../quantize/quantize_rows.h"
#include "depthwise_conv_2d.h"

/* All output channels of one output pixel. */
static void pixel(const rlt_depthwise_conv_2d_hybrid_params *p, const int8_t *image, const rlt_row_scale *row,
                  const int8_t *weights, const float *scales, const float *bias, int32_t out_y, int32_t out_x,
                  float *output) {
    const rlt_window *w = &p->window;
    const int32_t y0 = out_y * w->stride_h - w->pad_top, x0 = out_x * w->stride_w - w->pad_left;
    int32_t first_y, last_y, first_x, last_x;
    rlt_taps(y0, w->in_h, w->kernel_h, w->dilation_h, &first_y, &last_y);
    rlt_taps(x0, w->in_w, w->kernel_w, w->dilation_w, &first_x, &last_x);
    for (int32_t c = 0; c < w->out_c; c++) {
        const int8_t *channel = image + c / p->multiplier;
        uint32_t sum = 0; /* wraps without being undefined */
        for (int32_t ky = first_y; ky < last_y; ky++) {
            const size_t line = (size_t)(y0 + ky * w->dilation_h) * w->in_w;
            for (int32_t kx = first_x; kx < last_x; kx++) {
                const int32_t x = channel[(line + (size_t)(x0 + kx * w->dilation_w)) * w->in_c] - row->zero_point;
                sum += (uint32_t)(weights[((size_t)ky * w->kernel_w + kx) * w->out_c + c] * x);
            }
        }
        float value = (float)(int32_t)sum * scales[c] * row->scale;
        if (bias) value += bias[c];
        output[c] = value < p->low ? p->low : value > p->high ? p->high : value;
    }
}

rlt_status rlt_depthwise_conv_2d_hybrid(const rlt_run *run, const void *params) {
    const rlt_depthwise_conv_2d_hybrid_params *p = params;
    const rlt_window *w = &p->window;
    const int8_t *input = rlt_in(run, p->input), *weights = rlt_in(run, p->weights);
    const rlt_row_scale *rows = rlt_in(run, p->rows);
    const float *scales = rlt_in(run, p->scales), *bias = rlt_in_or_null(run, p->bias);
    float *output = rlt_out(run, p->output);
    for (rlt_pixels at = rlt_share_of_pixels(run, w); at.left; rlt_next_pixel(&at, w)) {
        pixel(p, input + at.image, &rows[at.batch], weights, scales, bias, at.y, at.x, output + at.number * w->out_c);
    }
    return RLT_OK;
}
