/* Float RESIZE_BILINEAR over the vectors of the instruction set included before; lanes are channels. */
#ifndef RLT_RESIZE_BILINEAR_F32_KERNEL_H
#define RLT_RESIZE_BILINEAR_F32_KERNEL_H

#include "resize_bilinear_f32.h"

enum { RESIZE_COLUMNS = 64 }; /* located once for all rows */

static void resize_pixel(const float *const from[4], const float weights[4], size_t channels, float *to) {
    const rlt_vec a = rlt_vec_all(weights[0]), b = rlt_vec_all(weights[1]);
    const rlt_vec c = rlt_vec_all(weights[2]), d = rlt_vec_all(weights[3]);
    for (size_t i = 0; i < channels; i += RLT_LANES) {
        const size_t left = channels - i;
        rlt_vec sum = rlt_vec_mul(a, rlt_vec_load_upto(from[0] + i, left));
        sum = rlt_vec_fma(b, rlt_vec_load_upto(from[1] + i, left), sum);
        sum = rlt_vec_fma(c, rlt_vec_load_upto(from[2] + i, left), sum);
        rlt_vec_store_upto(to + i, rlt_vec_fma(d, rlt_vec_load_upto(from[3] + i, left), sum), left);
    }
}

static rlt_status run_resize(const rlt_run *run, const rlt_resize_params *p) {
    const float *input = rlt_in(run, p->input);
    float *output = rlt_out(run, p->output);
    const size_t channels = (size_t)p->channels, line = (size_t)p->in_w * channels;
    uint32_t first, last;
    rlt_share_of(run, (uint32_t)p->batches * (uint32_t)p->out_h, &first, &last);
    for (int32_t start = 0; start < p->out_w; start += RESIZE_COLUMNS) {
        const int32_t count = p->out_w - start < RESIZE_COLUMNS ? p->out_w - start : RESIZE_COLUMNS;
        rlt_resize_place columns[RESIZE_COLUMNS];
        for (int32_t i = 0; i < count; i++) columns[i] = rlt_resize_locate(start + i, p->in_w, p->out_w, p);
        for (uint32_t row = first; row < last; row++) {
            const rlt_resize_place y = rlt_resize_locate((int32_t)(row % (uint32_t)p->out_h), p->in_h, p->out_h, p);
            const float *image = input + (size_t)(row / (uint32_t)p->out_h) * (size_t)p->in_h * line;
            const float *upper = image + (size_t)y.lower * line, *lower = image + (size_t)y.upper * line;
            float *to = output + ((size_t)row * (size_t)p->out_w + (size_t)start) * channels;
            for (int32_t i = 0; i < count; i++, to += channels) {
                const rlt_resize_place x = columns[i];
                const size_t left = (size_t)x.lower * channels, right = (size_t)x.upper * channels;
                const float *const from[4] = {upper + left, lower + left, upper + right, lower + right};
                const float weights[4] = {(1.0f - y.part) * (1.0f - x.part), y.part * (1.0f - x.part),
                                          (1.0f - y.part) * x.part, y.part * x.part};
                resize_pixel(from, weights, channels, to);
            }
        }
    }
    return RLT_OK;
}

#endif
