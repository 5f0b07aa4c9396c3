/* tflite/kernels/internal/reference/resize_nearest_neighbor.h; any element type. */
#include <string.h>

#include "../common/float_math.h"
#include "resize.h"

static int32_t nearest(int32_t i, int32_t in, int32_t out, const rlt_resize_params *p) {
    const float scale = p->align_corners && out > 1 ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
    const float at = ((float)i + (p->half_pixel_centers ? 0.5f : 0.0f)) * scale;
    const int32_t index = (int32_t)(p->align_corners ? rlt_roundf(at) : rlt_floorf(at));
    return index < 0 ? 0 : index < in ? index : in - 1;
}

rlt_status rlt_resize_nearest(const rlt_run *run, const void *params) {
    const rlt_resize_params *p = params;
    const uint8_t *input = rlt_in(run, p->input);
    uint8_t *output = rlt_out(run, p->output);
    const size_t pixel = (size_t)p->channels * p->bytes;
    uint32_t row, last;
    rlt_share_of(run, (uint32_t)p->batches * (uint32_t)p->out_h, &row, &last);
    for (; row < last; row++) {
        const int32_t y = nearest((int32_t)(row % (uint32_t)p->out_h), p->in_h, p->out_h, p);
        const uint8_t *from = input + ((size_t)(row / (uint32_t)p->out_h) * p->in_h + y) * p->in_w * pixel;
        for (int32_t x = 0; x < p->out_w; x++) {
            const size_t at = (size_t)nearest(x, p->in_w, p->out_w, p);
            memcpy(output + ((size_t)row * p->out_w + x) * pixel, from + at * pixel, pixel);
        }
    }
    return RLT_OK;
}
