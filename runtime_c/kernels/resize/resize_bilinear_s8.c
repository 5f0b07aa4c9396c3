/* tflite/kernels/internal/reference/resize_bilinear.h, ResizeBilinearInteger: places with 10 fraction bits. */
#include "resize.h"

typedef struct {
    int32_t lower, upper, part; /* part: of 1024 */
} place;

static place locate(int32_t i, int32_t in, int32_t out, const rlt_resize_params *p) {
    int32_t scale = (1024 * in + out / 2) / out;
    if (p->align_corners && out > 1) scale = (1024 * (in - 1) + (out - 1) / 2) / (out - 1);
    const int32_t at = p->half_pixel_centers ? i * scale + scale / 2 - 512 : i * scale;
    place result;
    result.lower = at < 0 ? 0 : at / 1024 < in ? at / 1024 : in - 1;
    result.upper = (at + 1023) / 1024 < in ? (at + 1023) / 1024 : in - 1;
    result.part = at - 1024 * result.lower;
    return result;
}

#define KERNEL(name, type) \
    rlt_status rlt_##name(const rlt_run *run, const void *params) { \
        const rlt_resize_params *p = params; \
        const type *input = rlt_in(run, p->input); \
        type *output = rlt_out(run, p->output); \
        uint32_t row, last; \
        rlt_share_of(run, (uint32_t)p->batches * (uint32_t)p->out_h, &row, &last); \
        for (; row < last; row++) { \
            const place y = locate((int32_t)(row % (uint32_t)p->out_h), p->in_h, p->out_h, p); \
            const type *image = input + (size_t)(row / (uint32_t)p->out_h) * p->in_h * p->in_w * p->channels; \
            const type *upper = image + (size_t)y.lower * p->in_w * p->channels; \
            const type *lower = image + (size_t)y.upper * p->in_w * p->channels; \
            for (int32_t i = 0; i < p->out_w; i++) { \
                const place x = locate(i, p->in_w, p->out_w, p); \
                const size_t left = (size_t)x.lower * p->channels, right = (size_t)x.upper * p->channels; \
                type *pixel = output + ((size_t)row * p->out_w + i) * p->channels; \
                for (int32_t c = 0; c < p->channels; c++) { \
                    const int64_t sum = (int64_t)upper[left + c] * (1024 - y.part) * (1024 - x.part) + \
                                        (int64_t)lower[left + c] * y.part * (1024 - x.part) + \
                                        (int64_t)upper[right + c] * (1024 - y.part) * x.part + \
                                        (int64_t)lower[right + c] * y.part * x.part; \
                    pixel[c] = (type)((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20)); \
                } \
            } \
        } \
        return RLT_OK; \
    }

KERNEL(resize_bilinear_s8, int8_t)
KERNEL(resize_bilinear_s16, int16_t)
