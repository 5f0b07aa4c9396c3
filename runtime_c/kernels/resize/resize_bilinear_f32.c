#include "resize_bilinear_f32.h"

rlt_status rlt_resize_bilinear_f32(const rlt_run *run, const void *params) {
    const rlt_resize_params *p = params;
    const float *input = rlt_in(run, p->input);
    float *output = rlt_out(run, p->output);
    uint32_t row, last;
    rlt_share_of(run, (uint32_t)p->batches * (uint32_t)p->out_h, &row, &last);
    for (; row < last; row++) {
        const rlt_resize_place y = rlt_resize_locate((int32_t)(row % (uint32_t)p->out_h), p->in_h, p->out_h, p);
        const float *image = input + (size_t)(row / (uint32_t)p->out_h) * p->in_h * p->in_w * p->channels;
        const float *upper = image + (size_t)y.lower * p->in_w * p->channels;
        const float *lower = image + (size_t)y.upper * p->in_w * p->channels;
        for (int32_t i = 0; i < p->out_w; i++) {
            const rlt_resize_place x = rlt_resize_locate(i, p->in_w, p->out_w, p);
            const size_t left = (size_t)x.lower * p->channels, right = (size_t)x.upper * p->channels;
            float *pixel = output + ((size_t)row * p->out_w + i) * p->channels;
            for (int32_t c = 0; c < p->channels; c++) {
                pixel[c] = upper[left + c] * (1.0f - y.part) * (1.0f - x.part) +
                           lower[left + c] * y.part * (1.0f - x.part) + upper[right + c] * (1.0f - y.part) * x.part +
                           lower[right + c] * y.part * x.part;
            }
        }
    }
    return RLT_OK;
}
