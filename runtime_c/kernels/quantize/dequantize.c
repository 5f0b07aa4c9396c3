/* DEQUANTIZE of INT8, UINT8, INT16 and INT32 values: scale * (q - zero_point), rounded once
 * (tflite/kernels/internal/reference/dequantize.h). */
#include "quantize.h"

static int32_t load(const uint8_t *input, size_t i, uint32_t type) {
    switch (type) {
    case RLT_INT8: return ((const int8_t *)input)[i];
    case RLT_UINT8: return input[i];
    case RLT_INT16: return ((const int16_t *)(const void *)input)[i];
    default: return ((const int32_t *)(const void *)input)[i];
    }
}

/* The most frequent case, in a form that compilers make vectors of. */
static void dequantize_s8(const int8_t *restrict input, uint32_t count, float scale, int32_t zero_point,
                          float *restrict output) {
    for (uint32_t i = 0; i < count; i++) output[i] = scale * (float)(input[i] - zero_point);
}

rlt_status rlt_dequantize(const rlt_run *run, const void *params) {
    const rlt_quantize_params *p = params;
    const uint8_t *input = rlt_in(run, p->input);
    const float *scales = rlt_in(run, p->scales);
    const int32_t *zero_points = (const int32_t *)(const void *)(scales + p->channels);
    float *output = rlt_out(run, p->output);
    if (p->outer == 1 && p->channels == 1) {
        uint32_t i, last;
        rlt_share_of(run, p->inner, &i, &last);
        if (p->type == RLT_INT8) {
            dequantize_s8((const int8_t *)input + i, last - i, scales[0], zero_points[0], output + i);
            return RLT_OK;
        }
        for (; i < last; i++) output[i] = scales[0] * (float)(load(input, i, p->type) - zero_points[0]);
        return RLT_OK;
    }
    uint32_t block, last;
    rlt_share_of(run, p->outer * p->channels, &block, &last);
    for (; block < last; block++) {
        const uint32_t c = block % p->channels;
        for (uint32_t i = 0; i < p->inner; i++) {
            const size_t at = (size_t)block * p->inner + i;
            output[at] = scales[c] * (float)(load(input, at, p->type) - zero_points[c]);
        }
    }
    return RLT_OK;
}
