/* QUANTIZE of float values, to nearest, halves away from zero (tflite/kernels/internal/reference/quantize.h). */
#include "../common/fixed_point.h"
#include "../common/float_math.h"
#include "quantize.h"

static void store(uint8_t *output, size_t i, uint32_t type, int32_t value) {
    if (type == RLT_INT16) {
        ((int16_t *)(void *)output)[i] = (int16_t)value;
    } else {
        output[i] = (uint8_t)value; /* INT8 and UINT8 */
    }
}

static int32_t quantized(float x, float scale, int32_t zero_point, int32_t low, int32_t high) {
    const float steps = rlt_roundf(x / scale);
    /* Beyond these the sum below would overflow; not a number gives the zero point. */
    const int32_t whole = steps >= 1e6f ? 1000000 : steps <= -1e6f ? -1000000 : steps == steps ? (int32_t)steps : 0;
    return rlt_clamp(whole + zero_point, low, high);
}

rlt_status rlt_quantize_f32(const rlt_run *run, const void *params) {
    const rlt_quantize_params *p = params;
    const float *input = rlt_in(run, p->input), *scales = rlt_in(run, p->scales);
    const int32_t *zero_points = (const int32_t *)(const void *)(scales + p->channels);
    uint8_t *output = rlt_out(run, p->output);
    if (p->outer == 1 && p->channels == 1) {
        uint32_t i, last;
        rlt_share_of(run, p->inner, &i, &last);
        for (; i < last; i++) {
            store(output, i, p->type, quantized(input[i], scales[0], zero_points[0], p->low, p->high));
        }
        return RLT_OK;
    }
    uint32_t block, last;
    rlt_share_of(run, p->outer * p->channels, &block, &last);
    for (; block < last; block++) {
        const uint32_t c = block % p->channels;
        for (uint32_t i = 0; i < p->inner; i++) {
            const size_t at = (size_t)block * p->inner + i;
            store(output, at, p->type, quantized(input[at], scales[c], zero_points[c], p->low, p->high));
        }
    }
    return RLT_OK;
}
