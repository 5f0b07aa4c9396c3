/* Places of float RESIZE_BILINEAR: tflite/kernels/internal/reference/resize_bilinear.h, ResizeBilinear. */
#ifndef RLT_RESIZE_BILINEAR_F32_H
#define RLT_RESIZE_BILINEAR_F32_H

#include "../common/float_math.h"
#include "resize.h"

/* Where an output index lies in the input: between `lower` and `upper`, `part` of the way. */
typedef struct {
    int32_t lower, upper;
    float part;
} rlt_resize_place;

static inline rlt_resize_place rlt_resize_locate(int32_t i, int32_t in, int32_t out, const rlt_resize_params *p) {
    float scale = (float)in / (float)out;
    if (p->align_corners && out > 1) scale = (float)(in - 1) / (float)(out - 1);
    const float at = p->half_pixel_centers ? ((float)i + 0.5f) * scale - 0.5f : (float)i * scale;
    const int32_t below = (int32_t)rlt_floorf(at), above = (int32_t)rlt_ceilf(at);
    rlt_resize_place result;
    result.lower = below < 0 ? 0 : below < in ? below : in - 1;
    result.upper = above < in ? (above < 0 ? 0 : above) : in - 1;
    result.part = at - (float)result.lower;
    return result;
}

#endif
