/* DEQUANTIZE of FLOAT16 values. */
#include <string.h>

#include "quantize.h"

static float from_half(uint32_t half) {
    const uint32_t sign = (half & 0x8000u) << 16, exponent = (half >> 10) & 31, fraction = half & 0x3FFu;
    uint32_t bits;
    if (exponent == 0) { /* zero or subnormal: fraction * 2^-24 */
        const float value = (float)fraction * 5.9604644775390625e-8f;
        memcpy(&bits, &value, sizeof bits);
        bits |= sign;
    } else {
        bits = sign | (exponent == 31 ? 0x7F800000u : (exponent + 112) << 23) | fraction << 13;
    }
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

rlt_status rlt_half_to_f32(const rlt_run *run, const void *params) {
    const rlt_half_params *p = params;
    const uint16_t *input = rlt_in(run, p->input);
    float *output = rlt_out(run, p->output);
    uint32_t i, last;
    rlt_share_of(run, p->count, &i, &last);
    for (; i < last; i++) output[i] = from_half(input[i]);
    return RLT_OK;
}
