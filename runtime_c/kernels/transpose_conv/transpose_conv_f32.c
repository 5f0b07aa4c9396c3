#include "transpose_conv.h"

/* All output channels of one output pixel. */
static void pixel(const rlt_transpose_conv_f32_params *p, const float *image, const float *weights, const float *bias,
                  int32_t out_y, int32_t out_x, float *output) {
    const rlt_window *s = &p->window;
    for (int32_t c = 0; c < s->out_c; c++) {
        float sum = 0.0f;
        for (int32_t ky = 0; ky < s->kernel_h; ky++) {
            const int32_t y = rlt_transposed_index(out_y, ky, s->pad_top, s->stride_h, s->in_h);
            if (y < 0) continue;
            for (int32_t kx = 0; kx < s->kernel_w; kx++) {
                const int32_t at = rlt_transposed_index(out_x, kx, s->pad_left, s->stride_w, s->in_w);
                if (at < 0) continue;
                const float *w = weights + (((size_t)c * s->kernel_h + ky) * s->kernel_w + kx) * s->in_c;
                const float *x = image + ((size_t)y * s->in_w + at) * s->in_c;
                for (int32_t i = 0; i < s->in_c; i++) sum += w[i] * x[i];
            }
        }
        if (bias) sum += bias[c];
        output[c] = sum < p->low ? p->low : sum > p->high ? p->high : sum;
    }
}

rlt_status rlt_transpose_conv_f32(const rlt_run *run, const void *params) {
    const rlt_transpose_conv_f32_params *p = params;
    const rlt_window *s = &p->window;
    const float *input = rlt_in(run, p->input), *weights = rlt_in(run, p->weights);
    const float *bias = rlt_in_or_null(run, p->bias);
    float *output = rlt_out(run, p->output);
    uint32_t row, last;
    rlt_share_of(run, (uint32_t)s->batches * (uint32_t)s->out_h, &row, &last);
    for (; row < last; row++) {
        const uint32_t batch = row / (uint32_t)s->out_h;
        const float *image = input + (size_t)batch * s->in_h * s->in_w * s->in_c;
        for (int32_t x = 0; x < s->out_w; x++) {
            pixel(p, image, weights, bias, (int32_t)(row % (uint32_t)s->out_h), x,
                  output + ((size_t)row * s->out_w + x) * s->out_c);
        }
    }
    return RLT_OK;
}
