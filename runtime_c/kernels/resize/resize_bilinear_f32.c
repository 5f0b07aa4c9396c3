/* tflite/kernels/internal/reference/resize_bilinear.h, ResizeBilinear. */
#include "../common/float_math.h"
#include "resize.h"

/* Where an output index lies in the input: between `lower` and `upper`, `part` of the way. */
typedef struct {
    int32_t lower, upper;
    float part;
} place;

static place locate(int32_t i, int32_t in, int32_t out, const rlt_resize_params *p) {
    float scale = (float)in / (float)out;
    if (p->align_corners && out > 1) scale = (float)(in - 1) / (float)(out - 1);
    const float at = p->half_pixel_centers ? ((float)i + 0.5f) * scale - 0.5f : (float)i * scale;
    const int32_t below = (int32_t)rlt_floorf(at), above = (int32_t)rlt_ceilf(at);
    place result;
    result.lower = below < 0 ? 0 : below < in ? below : in - 1;
    result.upper = above < in ? (above < 0 ? 0 : above) : in - 1;
    result.part = at - (float)result.lower;
    return result;
}

rlt_status rlt_resize_bilinear_f32(const rlt_run *run, const void *params) {
    const rlt_resize_params *p = params;
    const float *input = rlt_in(run, p->input);
    float *output = rlt_out(run, p->output);
    uint32_t row, last;
    rlt_share_of(run, (uint32_t)p->batches * (uint32_t)p->out_h, &row, &last);
    for (; row < last; row++) {
        const place y = locate((int32_t)(row % (uint32_t)p->out_h), p->in_h, p->out_h, p);
        const float *image = input + (size_t)(row / (uint32_t)p->out_h) * p->in_h * p->in_w * p->channels;
        const float *upper = image + (size_t)y.lower * p->in_w * p->channels;
        const float *lower = image + (size_t)y.upper * p->in_w * p->channels;
        for (int32_t i = 0; i < p->out_w; i++) {
            const place x = locate(i, p->in_w, p->out_w, p);
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
