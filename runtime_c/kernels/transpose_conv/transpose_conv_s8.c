/* Result equals LiteRT's TransposeConv (tflite/kernels/internal/reference/integer_ops/transpose_conv.h). */
#include "transpose_conv.h"

#include "../common/fixed_point.h"

/* All output channels of one output pixel. */
static void pixel(const rlt_transpose_conv_s8_params *p, const int8_t *image, const int8_t *weights,
                  const int32_t *bias, int32_t out_y, int32_t out_x, int8_t *output) {
    const rlt_window *s = &p->window;
    const int32_t *multiplier = bias + p->window.out_c, *shift = multiplier + p->window.out_c;
    for (int32_t c = 0; c < s->out_c; c++) {
        uint32_t sum = (uint32_t)bias[c]; /* wraps without being undefined */
        for (int32_t ky = 0; ky < s->kernel_h; ky++) {
            const int32_t y = rlt_transposed_index(out_y, ky, s->pad_top, s->stride_h, s->in_h);
            if (y < 0) continue;
            for (int32_t kx = 0; kx < s->kernel_w; kx++) {
                const int32_t at = rlt_transposed_index(out_x, kx, s->pad_left, s->stride_w, s->in_w);
                if (at < 0) continue;
                const int8_t *w = weights + (((size_t)c * s->kernel_h + ky) * s->kernel_w + kx) * s->in_c;
                const int8_t *x = image + ((size_t)y * s->in_w + at) * s->in_c;
                for (int32_t i = 0; i < s->in_c; i++) {
                    sum += (uint32_t)((w[i] - p->weights_zero_point) * (x[i] - p->input_zero_point));
                }
            }
        }
        const int32_t scaled = rlt_requantize((int32_t)sum, multiplier[c], shift[c]);
        output[c] = (int8_t)rlt_saturate(scaled, p->output_zero_point, p->low, p->high);
    }
}

rlt_status rlt_transpose_conv_s8(const rlt_run *run, const void *params) {
    const rlt_transpose_conv_s8_params *p = params;
    const rlt_window *s = &p->window;
    const int8_t *input = rlt_in(run, p->input), *weights = rlt_in(run, p->weights);
    const int32_t *bias = rlt_in(run, p->channels);
    int8_t *output = rlt_out(run, p->output);
    uint32_t row, last;
    rlt_share_of(run, (uint32_t)s->batches * (uint32_t)s->out_h, &row, &last);
    for (; row < last; row++) {
        const uint32_t batch = row / (uint32_t)s->out_h;
        const int8_t *image = input + (size_t)batch * s->in_h * s->in_w * s->in_c;
        for (int32_t x = 0; x < s->out_w; x++) {
            pixel(p, image, weights, bias, (int32_t)(row % (uint32_t)s->out_h), x,
                  output + ((size_t)row * s->out_w + x) * s->out_c);
        }
    }
    return RLT_OK;
}
