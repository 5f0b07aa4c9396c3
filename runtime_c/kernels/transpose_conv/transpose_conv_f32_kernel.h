/* Float TRANSPOSE_CONV over the vectors of the instruction set whose header was included before: lanes are input
 * channels. */
#ifndef RLT_TRANSPOSE_CONV_F32_KERNEL_H
#define RLT_TRANSPOSE_CONV_F32_KERNEL_H

#include "transpose_conv.h"

/* Where an output index lies on one axis: tap `first` brings input index `at`, each stride further the one before. */
typedef struct {
    int32_t first, at;
} transposed_place;

RLT_INLINE rlt_vec transposed_dot(const float *a, const float *b, int32_t count, rlt_vec sum) {
    int32_t i = 0;
    for (; i + RLT_LANES <= count; i += RLT_LANES) sum = rlt_vec_fma(rlt_vec_load(a + i), rlt_vec_load(b + i), sum);
    if (i == count) return sum;
    const size_t left = (size_t)(count - i);
    return rlt_vec_fma(rlt_vec_load_first(a + i, left), rlt_vec_load_first(b + i, left), sum);
}

/* One output channel of one output pixel. */
static float transposed_sum(const rlt_window *w, const float *image, const float *filter, transposed_place y,
                            transposed_place x) {
    rlt_vec sum = rlt_vec_all(0.0f);
    int32_t in_y = y.at;
    for (int32_t ky = y.first; ky < w->kernel_h; ky += w->stride_h, in_y--) {
        int32_t in_x = x.at;
        if (in_y < 0 || in_y >= w->in_h) continue;
        for (int32_t kx = x.first; kx < w->kernel_w; kx += w->stride_w, in_x--) {
            if (in_x < 0 || in_x >= w->in_w) continue;
            const size_t tap = (size_t)ky * (size_t)w->kernel_w + (size_t)kx;
            const size_t pixel = (size_t)in_y * (size_t)w->in_w + (size_t)in_x;
            sum = transposed_dot(filter + tap * (size_t)w->in_c, image + pixel * (size_t)w->in_c, w->in_c, sum);
        }
    }
    return rlt_vec_sum(sum);
}

static rlt_status run_transposed(const rlt_run *run, const rlt_transpose_conv_f32_params *p) {
    const rlt_window *w = &p->window;
    const float *input = rlt_in(run, p->input), *weights = rlt_in(run, p->weights);
    const float *bias = rlt_in_or_null(run, p->bias);
    float *output = rlt_out(run, p->output);
    const size_t filter = (size_t)w->kernel_h * (size_t)w->kernel_w * (size_t)w->in_c;
    uint32_t row, last;
    rlt_share_of(run, (uint32_t)w->batches * (uint32_t)w->out_h, &row, &last);
    output += (size_t)row * (size_t)w->out_w * (size_t)w->out_c;
    for (; row < last; row++) {
        const float *image =
            input + (size_t)(row / (uint32_t)w->out_h) * (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
        const int32_t line = (int32_t)(row % (uint32_t)w->out_h) + w->pad_top;
        const transposed_place y = {line % w->stride_h, line / w->stride_h};
        transposed_place x = {w->pad_left % w->stride_w, w->pad_left / w->stride_w};
        for (int32_t i = 0; i < w->out_w; i++) {
            for (int32_t c = 0; c < w->out_c; c++) {
                float sum = transposed_sum(w, image, weights + (size_t)c * filter, y, x);
                if (bias) sum += bias[c];
                *output++ = sum < p->low ? p->low : sum > p->high ? p->high : sum;
            }
            if (++x.first == w->stride_w) x = (transposed_place){0, x.at + 1};
        }
    }
    return RLT_OK;
}

#endif
