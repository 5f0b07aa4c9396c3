/* int16 functions, whose zero points are 0. */
#include "../common/fixed_point.h"
#include "../common/float_math.h"
#include "../common/table_16.h"
#include "unary.h"

rlt_status rlt_rescale_s16(const rlt_run *run, const void *params) {
    const rlt_rescale_s16_params *p = params;
    const int16_t *input = rlt_in(run, p->input);
    int16_t *output = rlt_out(run, p->output);
    uint32_t i, last;
    rlt_share_of(run, p->count, &i, &last);
    for (; i < last; i++) {
        const int32_t x = input[i];
        int32_t y;
        if (x >= 0) {
            y = rlt_requantize(x, p->multiplier, p->shift);
        } else {
            y = rlt_requantize(p->is_magnitude ? -x : x, p->negative_multiplier, p->negative_shift);
            if (p->is_turned) y = -y;
        }
        output[i] = (int16_t)rlt_clamp(y, p->low, p->high);
    }
    return RLT_OK;
}

rlt_status rlt_lookup_s16(const rlt_run *run, const void *params) {
    const rlt_lookup_params *p = params;
    const int16_t *input = rlt_in(run, p->input), *table = rlt_in(run, p->table);
    int16_t *output = rlt_out(run, p->output);
    uint32_t i, last;
    rlt_share_of(run, p->count, &i, &last);
    for (; i < last; i++) output[i] = rlt_look_up_16(input[i], table);
    return RLT_OK;
}

/* SqrtEvalQuantized in tflite/kernels/elementwise.cc truncates. It stops at negative values; here they give 0. */
rlt_status rlt_sqrt_s16(const rlt_run *run, const void *params) {
    const rlt_unary_f32_params *p = params;
    const int16_t *input = rlt_in(run, p->input);
    int16_t *output = rlt_out(run, p->output);
    uint32_t i, last;
    rlt_share_of(run, p->count, &i, &last);
    for (; i < last; i++) {
        const float x = p->alpha * (float)input[i], y = rlt_sqrtf(x > 0.0f ? x : 0.0f) / p->beta;
        output[i] = (int16_t)(y < (float)INT16_MAX ? (int32_t)y : INT16_MAX);
    }
    return RLT_OK;
}

/* The logistic function of |value|, with 16 + `bits` fraction bits, straight between the table's values, which lie
 * 2^bits apart; `most` beyond them. */
static uint32_t curve(const uint16_t *table, int32_t value, uint32_t bits, uint32_t most) {
    const uint32_t magnitude = value < 0 ? 0u - (uint32_t)value : (uint32_t)value, index = magnitude >> bits;
    if (index >= RLT_CURVE_S16_VALUES - 1) return most << bits;
    const uint32_t fraction = magnitude & ((1u << bits) - 1);
    return ((uint32_t)table[index] << bits) + fraction * (uint32_t)(table[index + 1] - table[index]);
}

static int32_t scaled(const rlt_curve_s16_params *p, int32_t value) {
    const int32_t half = p->shift > 0 ? 1 << (p->shift - 1) : 0;
    return (value * p->multiplier + half) >> p->shift;
}

/* Logistic in tflite/kernels/internal/reference/integer_ops/logistic.h. */
rlt_status rlt_logistic_s16(const rlt_run *run, const void *params) {
    const rlt_curve_s16_params *p = params;
    const int16_t *input = rlt_in(run, p->input);
    const uint16_t *table = rlt_in(run, p->table);
    int16_t *output = rlt_out(run, p->output);
    uint32_t i, last;
    rlt_share_of(run, p->count, &i, &last);
    for (; i < last; i++) {
        const int32_t x = scaled(p, input[i]);
        const uint32_t y = curve(table, x, 9, 0xFFFE);
        output[i] = (int16_t)((x >= 0 ? y + (1 << 9) : (1 << 25) - y + (1 << 9) - 1) >> 10);
    }
    return RLT_OK;
}

/* Tanh in tflite/kernels/internal/reference/integer_ops/tanh.h: 2 * logistic(2 * x) - 1. */
rlt_status rlt_tanh_s16(const rlt_run *run, const void *params) {
    const rlt_curve_s16_params *p = params;
    const int16_t *input = rlt_in(run, p->input);
    const uint16_t *table = rlt_in(run, p->table);
    int16_t *output = rlt_out(run, p->output);
    uint32_t i, last;
    rlt_share_of(run, p->count, &i, &last);
    for (; i < last; i++) {
        const int32_t x = scaled(p, input[i]), y = (int32_t)curve(table, x, 8, 0xFFFF);
        output[i] = (int16_t)((x >= 0 ? y - (1 << 23) + (1 << 7) : -y + (1 << 23) + (1 << 7) - 1) >> 8);
    }
    return RLT_OK;
}
