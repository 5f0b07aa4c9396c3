/* SymmetricQuantizeFloats and AsymmetricQuantizeFloats of LiteRT
 * (tflite/kernels/internal/reference/portable_tensor_utils.cc). */
#include "quantize_rows.h"

#include "../common/fixed_point.h"
#include "../common/float_math.h"

static int8_t rounded(float steps, int32_t low) {
    const float whole = rlt_roundf(steps);
    return (int8_t)(whole >= 127.0f ? 127 : whole > (float)low ? (int32_t)whole : low);
}

static rlt_row_scale symmetric(const float *x, float low, float high, uint32_t size, int8_t *y) {
    const float range = -low > high ? -low : high;
    const rlt_row_scale row = {range == 0.0f ? 1.0f : range / 127.0f, 0};
    const float steps = range == 0.0f ? 0.0f : 127.0f / range;
    for (uint32_t i = 0; i < size; i++) y[i] = rounded(x[i] * steps, -127);
    return row;
}

static rlt_row_scale asymmetric(const float *x, float low, float high, uint32_t size, int8_t *y) {
    rlt_row_scale row = {1.0f, 0};
    if (low == high) {
        for (uint32_t i = 0; i < size; i++) y[i] = 0;
        return row;
    }
    const double scale = ((double)high - (double)low) / 255.0;
    row.scale = (float)scale;
    row.zero_point = rlt_row_zero_point((double)low, (double)high, scale);
    const float steps = 1.0f / row.scale;
    for (uint32_t i = 0; i < size; i++) y[i] = rounded((float)row.zero_point + x[i] * steps, -128);
    return row;
}

rlt_status rlt_quantize_rows(const rlt_run *run, const void *params) {
    const rlt_quantize_rows_params *p = params;
    rlt_row_scale *scales = rlt_out(run, p->scales);
    uint32_t row, last;
    rlt_share_of(run, p->rows, &row, &last);
    for (; row < last; row++) {
        const float *x = (const float *)rlt_in(run, p->input) + (size_t)row * p->size;
        int8_t *y = (int8_t *)rlt_out(run, p->output) + (size_t)row * p->size;
        float low = 0.0f, high = 0.0f; /* zero always lies in the range */
        for (uint32_t i = 0; i < p->size; i++) {
            low = x[i] < low ? x[i] : low;
            high = x[i] > high ? x[i] : high;
        }
        scales[row] = p->asymmetric ? asymmetric(x, low, high, p->size, y) : symmetric(x, low, high, p->size, y);
    }
    return RLT_OK;
}
