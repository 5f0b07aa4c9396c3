#include "prepare_table.h"

#include <math.h>

#include "../common/inverse_sqrt.h"

static void put(int8_t *table, int32_t q, int32_t value) {
    table[(uint8_t)q] = (int8_t)rlt_clamp(value, INT8_MIN, INT8_MAX);
}

/* LUTPopulate in tflite/kernels/internal/common.h: float arithmetic throughout. */
static rlt_status fill(const rlt_table_in *in, float (*function)(float, const rlt_table_in *), int8_t *table) {
    const volatile float inverse = 1.0f / in->output_scale; /* volatile: rounded to float even in wider registers */
    for (int32_t q = INT8_MIN; q <= INT8_MAX; q++) {
        const volatile float x = in->input_scale * (float)(q - in->input_zero_point);
        const volatile float y = function(x, in) * inverse;
        const float steps = roundf(y) + (float)in->output_zero_point;
        put(table, q, rlt_whole_steps(steps));
    }
    return RLT_OK;
}

static float logistic(float x, const rlt_table_in *in) {
    (void)in;
    return 1.0f / (1.0f + expf(-x));
}
static float hyperbolic(float x, const rlt_table_in *in) {
    (void)in;
    return tanhf(x);
}
static float elu(float x, const rlt_table_in *in) {
    (void)in;
    return x < 0.0f ? expm1f(x) : x;
}
static float gelu(float x, const rlt_table_in *in) {
    (void)in;
    return 0.5f * x * erfcf(x * -0.707106781f);
}
static float gelu_tanh(float x, const rlt_table_in *in) {
    (void)in;
    return 0.5f * x * (1.0f + tanhf(0.797884561f * (x + 0.044715f * x * x * x)));
}
static float exponential(float x, const rlt_table_in *in) {
    (void)in;
    return expf(x);
}
/* The least representable value where there is no logarithm. */
static float logarithm(float x, const rlt_table_in *in) {
    return x <= 0.0f ? (float)(INT8_MIN - in->output_zero_point) * in->output_scale : logf(x);
}

rlt_status rlt_table_logistic(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table) {
    if (in->output_scale != 1.0f / 256) {
        return rlt_fail(p, RLT_ERROR_QUANTIZATION, NULL, "LOGISTIC's output must have scale 1/256");
    }
    return fill(in, logistic, table);
}
rlt_status rlt_table_tanh(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table) {
    (void)p;
    return fill(in, hyperbolic, table);
}
rlt_status rlt_table_elu(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table) {
    (void)p;
    return fill(in, elu, table);
}
rlt_status rlt_table_gelu(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table) {
    (void)p;
    return fill(in, gelu, table);
}
rlt_status rlt_table_gelu_tanh(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table) {
    (void)p;
    return fill(in, gelu_tanh, table);
}
rlt_status rlt_table_exp(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table) {
    (void)p;
    return fill(in, exponential, table);
}
rlt_status rlt_table_log(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table) {
    (void)p;
    return fill(in, logarithm, table);
}

/* SqrtEvalQuantized in tflite/kernels/elementwise.cc truncates. It stops at negative values; here they give 0. */
rlt_status rlt_table_sqrt(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table) {
    (void)p;
    for (int32_t q = INT8_MIN; q <= INT8_MAX; q++) {
        const volatile float x = in->input_scale * (float)(q - in->input_zero_point);
        const volatile float y = sqrtf(x > 0.0f ? x : 0.0f) / in->output_scale;
        put(table, q, rlt_whole_steps(y) + in->output_zero_point);
    }
    return RLT_OK;
}

/* RsqrtEvalQuantizedInt8 in tflite/kernels/elementwise.cc stops at negative values; here they give the largest. */
rlt_status rlt_table_rsqrt(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table) {
    const int32_t bits = 20;
    int32_t multiplier, shift;
    const volatile float root = sqrtf(in->input_scale), factor = root * in->output_scale;
    RLT_TRY(rlt_quantize_multiplier(p, 1.0 / (double)factor, &multiplier, &shift));
    if (shift - bits < -31) return rlt_fail(p, RLT_ERROR_QUANTIZATION, NULL, "scales are out of range");
    for (int32_t q = INT8_MIN; q <= INT8_MAX; q++) {
        const int32_t x = q - in->input_zero_point;
        int32_t inverse, inverse_shift;
        if (x <= 0) {
            put(table, q, INT8_MAX);
            continue;
        }
        rlt_inverse_sqrt(x, &inverse, &inverse_shift);
        const int32_t fixed = rlt_requantize(1, inverse, inverse_shift + bits);
        put(table, q, rlt_add_wrapping(rlt_requantize(fixed, multiplier, shift - bits), in->output_zero_point));
    }
    return RLT_OK;
}

/* AbsEvalQuantized in tflite/kernels/elementwise.cc; the ratio of the scales is taken in float. */
rlt_status rlt_table_abs(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table) {
    int32_t multiplier, shift;
    const volatile float ratio = in->input_scale / in->output_scale;
    RLT_TRY(rlt_quantize_multiplier(p, (double)ratio, &multiplier, &shift));
    for (int32_t q = INT8_MIN; q <= INT8_MAX; q++) {
        const int32_t x = q < in->input_zero_point ? in->input_zero_point - q : q - in->input_zero_point;
        const int32_t scaled = in->input_scale == in->output_scale ? x : rlt_requantize(x, multiplier, shift);
        put(table, q, rlt_add_wrapping(scaled, in->output_zero_point));
    }
    return RLT_OK;
}

/* ReluX in tflite/kernels/internal/optimized/optimized_ops.h; the ratio of the scales is taken in float. */
rlt_status rlt_table_clamp(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table) {
    int32_t multiplier, shift;
    const volatile float ratio = in->input_scale / in->output_scale;
    RLT_TRY(rlt_quantize_multiplier(p, (double)ratio, &multiplier, &shift));
    for (int32_t q = INT8_MIN; q <= INT8_MAX; q++) {
        const int32_t scaled = rlt_requantize(q - in->input_zero_point, multiplier, shift);
        put(table, q, rlt_saturate(scaled, in->output_zero_point, in->q_low, in->q_high));
    }
    return RLT_OK;
}

/* QuantizeLeakyRelu in tflite/kernels/internal/reference/leaky_relu.h; factors are taken in float. */
rlt_status rlt_table_leaky_relu(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table) {
    int32_t multiplier, shift, slope, slope_shift;
    const volatile float ratio = in->input_scale / in->output_scale;
    const volatile float product = in->input_scale * in->alpha, slope_ratio = product / in->output_scale;
    RLT_TRY(rlt_quantize_multiplier(p, (double)ratio, &multiplier, &shift));
    RLT_TRY(rlt_quantize_signed(p, (double)slope_ratio, &slope, &slope_shift));
    for (int32_t q = INT8_MIN; q <= INT8_MAX; q++) {
        const int32_t x = q - in->input_zero_point;
        int32_t scaled;
        if (x >= 0) {
            scaled = rlt_requantize(x, multiplier, shift);
        } else {
            scaled = rlt_requantize(x, slope < 0 ? -slope : slope, slope_shift);
            if (slope < 0) scaled = -scaled;
        }
        put(table, q, rlt_add_wrapping(scaled, in->output_zero_point));
    }
    return RLT_OK;
}

/* 16-bit products as in gemmlowp and tflite/kernels/internal/reference/hard_swish.h: rounded, and truncated. */
static int32_t high_mul_16(int32_t a, int32_t b) {
    return (a * b + (1 << 14)) >> 15;
}
static int32_t truncated_mul_16(int32_t a, int32_t b) {
    return a == INT16_MIN && b == INT16_MIN ? INT16_MAX : a * b / (1 << 15);
}
static int32_t shift_left_16(int32_t value, int32_t exponent) {
    return rlt_clamp(value * (1 << exponent), INT16_MIN, INT16_MAX);
}
static int32_t to_16(int32_t multiplier) {
    return multiplier >= INT32_MAX - (1 << 15) ? INT16_MAX : (multiplier + (1 << 15)) >> 16;
}

/* HardSwish in tflite/kernels/internal/reference/hard_swish.h, factors from HardSwishPrepare in activations.cc:
 * x in 1/128 of its scale; the gate (x + 3) / 6 in [0, 1] with 15 fraction bits. */
rlt_status rlt_table_hard_swish(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table) {
    const volatile float fine = 1.0f / 128.0f * in->input_scale;
    const volatile float out_ratio = fine / in->output_scale, gate_ratio = fine / (3.0f / 32768.0f);
    int32_t out_multiplier, out_shift, gate_multiplier, gate_shift;
    RLT_TRY(rlt_quantize_multiplier(p, (double)out_ratio, &out_multiplier, &out_shift));
    RLT_TRY(rlt_quantize_multiplier(p, (double)gate_ratio, &gate_multiplier, &gate_shift));
    if (out_shift > 0 || gate_shift > 15) {
        return rlt_fail(p, RLT_ERROR_QUANTIZATION, NULL, "HARD_SWISH's scales are out of range");
    }
    for (int32_t q = INT8_MIN; q <= INT8_MAX; q++) {
        const int32_t x = (q - in->input_zero_point) * (1 << 7);
        int32_t gate = x;
        if (gate_shift > 0) gate = shift_left_16(gate, gate_shift - 1);
        gate = high_mul_16(gate, to_16(gate_multiplier));
        if (gate_shift > 0) gate = shift_left_16(gate, 1);
        if (gate_shift < 0) gate = rlt_divide_pot(gate, -gate_shift);
        gate = (gate + (1 << 15)) >> 1;
        const int32_t product = truncated_mul_16(gate, high_mul_16(x, to_16(out_multiplier)));
        put(table, q, rlt_divide_pot(product, -out_shift) + in->output_zero_point);
    }
    return RLT_OK;
}
