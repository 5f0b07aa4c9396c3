/* int16 forms of elementwise operators on one operand. Zero points are 0. */
#include <float.h>
#include <math.h>

#include "../common/table_16.h"
#include "prepare_table.h"
#include "unary.h"

typedef struct {
    const rlt_tensor *input, *output;
    float input_scale, output_scale, alpha, beta;
    uint32_t tasks;
} unary;

/* Factors are ratios of scales taken in float (tflite/kernels/activations.cc, elementwise.cc). */
static rlt_status rescale(rlt_prepare_state *p, const rlt_op *op, const unary *u, rlt_table_fn function) {
    rlt_rescale_s16_params *k = rlt_add_step(p, op, RLT_KERNEL_rescale_s16, sizeof *k, RLT_UNARY_REFS, u->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, u->input);
    k->output = rlt_ref_of(p, u->output);
    k->count = u->output->elements;
    k->low = INT16_MIN;
    k->high = INT16_MAX;
    const volatile float ratio = u->input_scale / u->output_scale;
    RLT_TRY(rlt_quantize_multiplier(p, (double)ratio, &k->multiplier, &k->shift));
    k->negative_multiplier = k->multiplier;
    k->negative_shift = k->shift;
    k->is_magnitude = function == rlt_table_abs;
    if (function == rlt_table_clamp) {
        k->low = rlt_clamp(rlt_whole_steps(roundf(u->alpha / u->output_scale)), INT16_MIN, INT16_MAX);
        if (u->beta < FLT_MAX)
            k->high = rlt_clamp(rlt_whole_steps(roundf(u->beta / u->output_scale)), INT16_MIN, INT16_MAX);
    } else if (function == rlt_table_leaky_relu) {
        const volatile float product = u->input_scale * u->alpha, slope = product / u->output_scale;
        RLT_TRY(rlt_quantize_multiplier(p, fabs((double)slope), &k->negative_multiplier, &k->negative_shift));
        k->is_turned = slope < 0.0f;
    }
    return RLT_OK;
}

/* LUTPopulateInt16 in tflite/kernels/internal/common.h: float arithmetic throughout. Lines between the values lie half
 * their largest error off. */
static void fill(const unary *u, float (*function)(float, const unary *), int16_t *table) {
    const volatile float low = u->input_scale * INT16_MIN, high = u->input_scale * INT16_MAX;
    const volatile float least = u->output_scale * INT16_MIN, most = u->output_scale * INT16_MAX;
    const volatile float step = (high - low) / RLT_TABLE_16_STEPS, half = step / 2;
    const volatile float range = most - least, inverse = 65536.0f / range;
    for (int32_t i = 0; i <= RLT_TABLE_16_STEPS; i++) {
        const volatile float along = (float)i * step, here = low + along, along_next = (float)(i + 1) * step;
        const int is_last = i == RLT_TABLE_16_STEPS;
        const volatile float value = function(is_last ? high : here, u) * inverse, middle = here + half;
        const volatile float next = function(low + along_next, u) * inverse, exact = function(middle, u) * inverse;
        const float between = roundf((next + roundf(value)) / 2), bias = roundf((between - roundf(exact)) / 2);
        const float chosen = roundf(value) - (is_last ? 0.0f : bias);
        table[i] = (int16_t)(chosen < INT16_MIN ? INT16_MIN : chosen > INT16_MAX ? INT16_MAX : (int32_t)chosen);
    }
}

static float exponential(float x, const unary *u) {
    (void)u;
    return expf(x);
}
static float logarithm(float x, const unary *u) {
    return x <= 0.0f ? (float)INT16_MIN * u->output_scale : logf(x);
}
static float inverse_root(float x, const unary *u) {
    return x <= 0.0f ? (float)INT16_MAX * u->output_scale : 1.0f / sqrtf(x);
}

static rlt_status look_up(rlt_prepare_state *p, const rlt_op *op, const unary *u,
                          float (*function)(float, const unary *)) {
    rlt_ref table;
    int16_t *values = rlt_add_constant(p, RLT_TABLE_16_VALUES * sizeof *values, &table);
    if (!values) return RLT_ERROR_MEMORY;
    fill(u, function, values);
    rlt_lookup_params *k = rlt_add_step(p, op, RLT_KERNEL_lookup_s16, sizeof *k, RLT_LOOKUP_REFS, u->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, u->input);
    k->output = rlt_ref_of(p, u->output);
    k->table = table;
    k->count = u->output->elements;
    return RLT_OK;
}

static rlt_status root(rlt_prepare_state *p, const rlt_op *op, const unary *u) {
    rlt_unary_f32_params *k = rlt_add_step(p, op, RLT_KERNEL_sqrt_s16, sizeof *k, RLT_UNARY_REFS, u->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, u->input);
    k->output = rlt_ref_of(p, u->output);
    k->count = u->output->elements;
    k->alpha = u->input_scale;
    k->beta = u->output_scale;
    return RLT_OK;
}

static double logistic(double i) {
    return 65536.0 / (1.0 + exp(-i / 24.0));
}

/* TanhPrepare and SigmoidPrepare in tflite/kernels/activations.cc: input scales of 2^-12 (TANH: and 2^-11) are exact,
 * others have a factor of 15 bits. The
 * values of sigmoid_table_uint16 (tflite/kernels/internal/common.h) follow from a rule: lines between them lie half
 * their largest error off. */
static rlt_status curve(rlt_prepare_state *p, const rlt_op *op, const unary *u, uint32_t kernel) {
    if (u->output_scale != 1.0f / 32768)
        return rlt_fail(p, RLT_ERROR_QUANTIZATION, u->output, "must have scale 1/32768");
    int32_t multiplier, shift = 0;
    const float log = log2f(u->input_scale), whole = roundf(log);
    const int32_t left = 12 + rlt_whole_steps(whole);
    const int most = kernel == RLT_KERNEL_tanh_s16;
    if (fabsf(log - whole) < 1e-3f && left >= 0 && left <= most) {
        multiplier = 3 << left;
    } else {
        double factor = (double)u->input_scale * 4096.0 * 3.0;
        if (factor > 65535.0) return rlt_fail(p, RLT_ERROR_QUANTIZATION, u->input, "scale is out of range");
        for (; factor <= 32767.0 / 2.0 && shift <= 30; shift++) factor *= 2.0;
        multiplier = (int32_t)factor;
    }
    rlt_ref table;
    uint16_t *values = rlt_add_constant(p, RLT_CURVE_S16_VALUES * sizeof *values, &table);
    if (!values) return RLT_ERROR_MEMORY;
    for (int32_t i = 0; i + 1 < RLT_CURVE_S16_VALUES; i++) {
        const double error = logistic(i + 0.5) - (logistic(i) + logistic(i + 1)) / 2;
        values[i] = (uint16_t)round(logistic(i) + error / 2);
    }
    values[RLT_CURVE_S16_VALUES - 1] = UINT16_MAX;
    rlt_curve_s16_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_LOOKUP_REFS, u->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, u->input);
    k->output = rlt_ref_of(p, u->output);
    k->table = table;
    k->count = u->output->elements;
    k->multiplier = multiplier;
    k->shift = shift;
    return RLT_OK;
}

rlt_status rlt_prepare_unary_s16(rlt_prepare_state *p, const rlt_op *op, rlt_table_fn function, float alpha,
                                 float beta) {
    const rlt_tensor *input = rlt_input(p, op, 0), *output = rlt_output(p, op, 0);
    RLT_TRY(rlt_need_symmetric(p, input));
    RLT_TRY(rlt_need_symmetric(p, output));
    const unary u = {input, output, rlt_scale(input, 0), rlt_scale(output, 0), alpha, beta,
                     rlt_tasks(p, RLT_COST_REQUANTIZE, output->elements, output->elements)};
    if (function == rlt_table_clamp || function == rlt_table_leaky_relu || function == rlt_table_abs)
        return rescale(p, op, &u, function);
    if (function == rlt_table_exp) return look_up(p, op, &u, exponential);
    if (function == rlt_table_log) return look_up(p, op, &u, logarithm);
    if (function == rlt_table_rsqrt) return look_up(p, op, &u, inverse_root);
    if (function == rlt_table_sqrt) return root(p, op, &u);
    if (function == rlt_table_logistic) return curve(p, op, &u, RLT_KERNEL_logistic_s16);
    if (function == rlt_table_tanh) return curve(p, op, &u, RLT_KERNEL_tanh_s16);
    return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, input, "no kernel for this element type");
}
