/* QUANTIZE between INT8, UINT8, INT16 and INT32 (tflite/kernels/internal/reference/requantize.h). */
#include "../common/fixed_point.h"
#include "quantize.h"

static int32_t load(const uint8_t *input, uint32_t i, uint32_t type) {
    switch (type) {
    case RLT_INT8: return ((const int8_t *)input)[i];
    case RLT_UINT8: return input[i];
    case RLT_INT16: return ((const int16_t *)(const void *)input)[i];
    default: return ((const int32_t *)(const void *)input)[i];
    }
}

rlt_status rlt_requantize_values(const rlt_run *run, const void *params) {
    const rlt_requantize_params *p = params;
    const uint8_t *input = rlt_in(run, p->input);
    uint8_t *output = rlt_out(run, p->output);
    uint32_t i, last;
    rlt_share_of(run, p->count, &i, &last);
    for (; i < last; i++) {
        const int32_t x = rlt_add_wrapping(load(input, i, p->input_type), -p->input_zero_point);
        const int32_t scaled = rlt_requantize(x, p->multiplier, p->shift);
        const int32_t y = rlt_clamp(rlt_add_wrapping(scaled, p->output_zero_point), p->low, p->high);
        if (p->output_type == RLT_INT16) {
            ((int16_t *)(void *)output)[i] = (int16_t)y;
        } else if (p->output_type == RLT_INT32) {
            ((int32_t *)(void *)output)[i] = y;
        } else {
            output[i] = (uint8_t)y; /* INT8 and UINT8 */
        }
    }
    return RLT_OK;
}
