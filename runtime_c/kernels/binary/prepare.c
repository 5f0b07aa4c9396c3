/* Elementwise operators on two operands of one type, broadcast against each other. */
#include "../common/prepare_broadcast.h"
#include "../common/prepare_s8.h"
#include "prepare_linear.h"

#include <math.h>
#include <string.h>

/* All operators here have their fused activation, if any, in the first field of their options. */
enum { ACTIVATION, POT_SCALE_INT16 };

typedef struct {
    rlt_tensor *a, *b, *output;
    rlt_broadcast shape;
    int32_t activation;
} binary;

static rlt_status read_binary(rlt_prepare_state *p, const rlt_op *op, int fused, binary *o) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    o->a = rlt_input(p, op, 0);
    o->b = rlt_input(p, op, 1);
    o->output = rlt_output(p, op, 0);
    RLT_TRY(rlt_need_type(p, o->b, o->a->type));
    RLT_TRY(rlt_need_type(p, o->output, o->a->type));
    RLT_TRY(rlt_prepare_broadcast(p, o->a, o->b, o->output, &o->shape));
    o->activation = fused ? rlt_option_u8(op, ACTIVATION, RLT_ACT_NONE) : RLT_ACT_NONE;
    if (o->a->bytes == o->output->bytes) rlt_may_overwrite(p, o->output, o->a);
    if (o->b->bytes == o->output->bytes && o->b != o->a) rlt_may_overwrite(p, o->output, o->b);
    return RLT_OK;
}

/* Operands of one shape: each element needs its own two. */
static void note_rows(rlt_prepare_state *p, const binary *o) {
    if (o->shape.rows == 1 && o->shape.step_a == 1 && o->shape.step_b == 1) rlt_makes_elements(p, o->output);
}

static rlt_status add_f32(rlt_prepare_state *p, const rlt_op *op, const binary *o, uint32_t kernel, uint32_t cost) {
    float low, high;
    RLT_TRY(rlt_range_f32(p, o->activation, &low, &high));
    rlt_binary_f32_params *k =
        rlt_add_step(p, op, kernel, sizeof *k, RLT_BINARY_REFS,
                     rlt_broadcast_tasks(p, &o->shape, RLT_COST_OPERATION, cost + RLT_FLOAT_COST));
    if (!k) return RLT_ERROR_MEMORY;
    k->a = rlt_ref_of(p, o->a);
    k->b = rlt_ref_of(p, o->b);
    k->output = rlt_ref_of(p, o->output);
    k->shape = o->shape;
    k->low = low;
    k->high = high;
    note_rows(p, o);
    return RLT_OK;
}

static rlt_status add_plain(rlt_prepare_state *p, const rlt_op *op, const binary *o, uint32_t kernel) {
    if (o->activation != RLT_ACT_NONE) {
        return rlt_fail(p, RLT_ERROR_OPTION, o->output, "integers take no fused activation");
    }
    rlt_binary_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_BINARY_REFS,
                                        rlt_broadcast_tasks(p, &o->shape, RLT_COST_SELECT, 1));
    if (!k) return RLT_ERROR_MEMORY;
    k->a = rlt_ref_of(p, o->a);
    k->b = rlt_ref_of(p, o->b);
    k->output = rlt_ref_of(p, o->output);
    k->shape = o->shape;
    return RLT_OK;
}

/* Of an int8 operator: scales checked, zero points and activation filled in. */
static rlt_status describe_s8(rlt_prepare_state *p, const binary *o, rlt_binary_s8_params *k) {
    RLT_TRY(rlt_need_per_tensor(p, o->a));
    RLT_TRY(rlt_need_per_tensor(p, o->b));
    RLT_TRY(rlt_need_per_tensor(p, o->output));
    RLT_TRY(rlt_range_s8(p, o->output, o->activation, &k->low, &k->high));
    k->a = rlt_ref_of(p, o->a);
    k->b = rlt_ref_of(p, o->b);
    k->output = rlt_ref_of(p, o->output);
    k->shape = o->shape;
    k->rescale_a.zero_point = rlt_zero_point(o->a, 0);
    k->rescale_b.zero_point = rlt_zero_point(o->b, 0);
    k->zero_point = rlt_zero_point(o->output, 0);
    return RLT_OK;
}

static void *add_step_s8(rlt_prepare_state *p, const rlt_op *op, const binary *o, uint32_t kernel, const void *params,
                         size_t bytes) {
    const uint32_t tasks = rlt_broadcast_tasks(p, &o->shape, RLT_COST_ADD_S8, 1);
    void *k = rlt_add_step(p, op, kernel, bytes, RLT_BINARY_REFS, tasks);
    if (!k) return NULL;
    memcpy(k, params, bytes);
    note_rows(p, o);
    return k;
}

/* The step of such an operator. */
static rlt_binary_s8_params *add_s8(rlt_prepare_state *p, const rlt_op *op, const binary *o, uint32_t kernel) {
    rlt_binary_s8_params k = {0};
    return describe_s8(p, o, &k) ? NULL : add_step_s8(p, op, o, kernel, &k, sizeof k);
}

typedef enum { SUM, DIFFERENCE, SQUARED_DIFFERENCE } sum_kind;

/* ADD, SUB and SQUARED_DIFFERENCE: both operands to `left` more bits of twice the larger scale (PrepareGeneralSubOp
 * in tflite/kernels/sub.cc). */
static rlt_status add_common_scale_s8(rlt_prepare_state *p, const rlt_op *op, const binary *o, uint32_t kernel,
                                      int32_t left, sum_kind kind) {
    rlt_binary_s8_params k = {0};
    rlt_linear_s8_params linear;
    RLT_TRY(describe_s8(p, o, &k));
    const float a = rlt_scale(o->a, 0), b = rlt_scale(o->b, 0), y = rlt_scale(o->output, 0);
    const double common = 2.0 * (double)(a > b ? a : b);
    const double one = (double)(1 << left);
    k.rescale_a.left = k.rescale_b.left = left;
    RLT_TRY(rlt_quantize_multiplier(p, (double)a / common, &k.rescale_a.multiplier, &k.rescale_a.shift));
    RLT_TRY(rlt_quantize_multiplier(p, (double)b / common, &k.rescale_b.multiplier, &k.rescale_b.shift));
    const double factor = kind == SQUARED_DIFFERENCE ? common * common / (one * one * (double)y)
                                                     : common / (one * (double)y);
    RLT_TRY(rlt_quantize_multiplier(p, factor, &k.multiplier, &k.shift));
    const uint32_t once = rlt_has(p, RLT_ISA_AVX512VNNI) ? RLT_KERNEL_linear_s8_avx512vnni : RLT_KERNEL_linear_s8_avx2;
    const int may_round_once = o->a->type == RLT_INT8 && kind != SQUARED_DIFFERENCE && rlt_has(p, RLT_ISA_AVX2);
    const void *added = may_round_once && rlt_linear_s8(&k, kind == DIFFERENCE, &linear)
                            ? add_step_s8(p, op, o, once, &linear, sizeof linear)
                            : add_step_s8(p, op, o, kernel, &k, sizeof k);
    return added ? RLT_OK : rlt_fail(p, RLT_ERROR_MEMORY, NULL, "no room");
}

/* Whether `scale` is a power of two, as CheckedLog2 in tflite/kernels/internal/quantization_util.cc judges it. */
static int is_power_of_two(float scale, int32_t *exponent) {
    const float log = log2f(scale), rounded = roundf(log);
    *exponent = rlt_whole_steps(rounded);
    return fabsf(log - rounded) < 1e-3f;
}

/* ADD and SUB of int16. Files say whether scales that are powers of two ask for the older, shifting form. */
static rlt_status add_s16(rlt_prepare_state *p, const rlt_op *op, const binary *o, uint32_t general,
                          uint32_t shifting) {
    RLT_TRY(rlt_need_symmetric(p, o->a));
    RLT_TRY(rlt_need_symmetric(p, o->b));
    RLT_TRY(rlt_need_symmetric(p, o->output));
    int32_t a, b, y;
    const int pot = is_power_of_two(rlt_scale(o->a, 0), &a) & is_power_of_two(rlt_scale(o->b, 0), &b) &
                    is_power_of_two(rlt_scale(o->output, 0), &y);
    if (!op->options || !rlt_option_u8(op, POT_SCALE_INT16, 1) || !pot)
        return add_common_scale_s8(p, op, o, general, 15, SUM);
    if (a > y || b > y || y - a > 15 || y - b > 15 || (a != y && b != y))
        return rlt_fail(p, RLT_ERROR_QUANTIZATION, o->output, "the coarser operand must have the output's scale");
    rlt_binary_s8_params *k = add_s8(p, op, o, shifting);
    if (!k) return rlt_fail(p, RLT_ERROR_MEMORY, NULL, "no room");
    k->rescale_a.shift = y - a;
    k->rescale_b.shift = y - b;
    return RLT_OK;
}

typedef struct {
    uint32_t f32, s8, s32, s64;
} kernels;
#define NO_KERNEL UINT32_MAX
#define KERNELS(name) \
    {RLT_AVX2_KERNEL(p, name##_f32), RLT_KERNEL_##name##_s8, RLT_KERNEL_##name##_s32, RLT_KERNEL_##name##_s64}
#define KERNELS_WITHOUT_S8(name, f32) {f32, NO_KERNEL, RLT_KERNEL_##name##_s32, RLT_KERNEL_##name##_s64}

/* Every type but INT8. */
static rlt_status add_other(rlt_prepare_state *p, const rlt_op *op, const binary *o, const kernels *k, uint32_t cost) {
    if (o->a->type == RLT_FLOAT32) return add_f32(p, op, o, k->f32, cost);
    if (o->a->type == RLT_INT32 && k->s32 != NO_KERNEL) return add_plain(p, op, o, k->s32);
    if (o->a->type == RLT_INT64 && k->s64 != NO_KERNEL) return add_plain(p, op, o, k->s64);
    return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, o->a, "no kernel for this element type");
}

/* Whether all but scalar kernels take these operands: their short forms shift the result to the right. `factor`: from
 * sums or products to the output. Operands may prove to be no good yet. */
static int is_short(const binary *o, double factor) {
    int exponent;
    if (!(factor > 0 && factor < 1) || !o->shape.count) return 0;
    frexp(factor, &exponent);
    return exponent <= -2 && exponent >= -22;
}

static int is_short_sum(const binary *o, int32_t left) {
    const double a = (double)rlt_scale(o->a, 0), b = (double)rlt_scale(o->b, 0), y = (double)rlt_scale(o->output, 0);
    return a > 0 && b > 0 && y > 0 && is_short(o, 2.0 * fmax(a, b) / (y * (1 << left)));
}

static int is_short_product(const binary *o) {
    const double a = (double)rlt_scale(o->a, 0), b = (double)rlt_scale(o->b, 0), y = (double)rlt_scale(o->output, 0);
    return a > 0 && b > 0 && y > 0 && is_short(o, a * b / y);
}

/* Some forms of ADD want operands that do not stand still. */
static uint32_t add_s8_kernel(rlt_prepare_state *p, const binary *o) {
    const int both_go = o->shape.step_a == 1 && o->shape.step_b == 1;
    if (!is_short_sum(o, 20)) return RLT_KERNEL_add_s8;
    if (rlt_has(p, RLT_ISA_MVE) && both_go) return RLT_KERNEL_add_s8_mve;
    if (rlt_has(p, RLT_ISA_DSP)) return RLT_KERNEL_add_s8_dsp;
    return rlt_has(p, RLT_ISA_MCU) && both_go ? RLT_KERNEL_add_s8_mcu : RLT_S8_KERNEL(p, add_s8);
}

rlt_status rlt_prepare_add(rlt_prepare_state *p, const rlt_op *op) {
    const kernels k = KERNELS(add);
    binary o = {0};
    RLT_TRY(read_binary(p, op, 1, &o));
    const uint32_t s16 = is_short_sum(&o, 15) ? RLT_CORE_KERNEL(p, add_s16) : RLT_KERNEL_add_s16;
    if (o.a->type == RLT_INT8) return add_common_scale_s8(p, op, &o, add_s8_kernel(p, &o), 20, SUM);
    if (o.a->type == RLT_INT16) return add_s16(p, op, &o, s16, RLT_KERNEL_add_pot_s16);
    return add_other(p, op, &o, &k, 1);
}

rlt_status rlt_prepare_sub(rlt_prepare_state *p, const rlt_op *op) {
    const kernels k = KERNELS(sub);
    binary o = {0};
    RLT_TRY(read_binary(p, op, 1, &o));
    const uint32_t s8 = is_short_sum(&o, 20) ? RLT_S8_KERNEL(p, sub_s8) : RLT_KERNEL_sub_s8;
    if (o.a->type == RLT_INT8) return add_common_scale_s8(p, op, &o, s8, 20, DIFFERENCE);
    if (o.a->type == RLT_INT16) return add_s16(p, op, &o, RLT_KERNEL_sub_s16, RLT_KERNEL_sub_pot_s16);
    return add_other(p, op, &o, &k, 1);
}

rlt_status rlt_prepare_squared_difference(rlt_prepare_state *p, const rlt_op *op) {
    const kernels k = KERNELS(squared_difference);
    binary o = {0};
    RLT_TRY(read_binary(p, op, 0, &o));
    if (o.a->type == RLT_INT8) return add_common_scale_s8(p, op, &o, k.s8, 7, SQUARED_DIFFERENCE);
    return add_other(p, op, &o, &k, 1);
}

rlt_status rlt_prepare_mul(rlt_prepare_state *p, const rlt_op *op) {
    const kernels k = KERNELS(mul);
    binary o = {0};
    RLT_TRY(read_binary(p, op, 1, &o));
    const int is_wide = o.a->type == RLT_INT16, fits = is_short_product(&o);
    const uint32_t wide = fits ? RLT_CORE_KERNEL(p, mul_s16) : RLT_KERNEL_mul_s16;
    const int core = rlt_has(p, RLT_ISA_MVE) || rlt_has(p, RLT_ISA_DSP);
    const uint32_t narrow = fits && core ? RLT_CORE_KERNEL(p, mul_s8) : RLT_S8_KERNEL(p, mul_s8);
    if (o.a->type != RLT_INT8 && !is_wide) return add_other(p, op, &o, &k, 1);
    if (is_wide && (rlt_need_symmetric(p, o.a) || rlt_need_symmetric(p, o.b) || rlt_need_symmetric(p, o.output)))
        return RLT_ERROR_QUANTIZATION;
    rlt_binary_s8_params *s8 = add_s8(p, op, &o, is_wide ? wide : narrow);
    if (!s8) return rlt_fail(p, RLT_ERROR_MEMORY, NULL, "no room");
    /* In float, as tflite/kernels/mul.cc has it. */
    const volatile float product = rlt_scale(o.a, 0) * rlt_scale(o.b, 0);
    const volatile float factor = product / rlt_scale(o.output, 0);
    return rlt_quantize_multiplier(p, (double)factor, &s8->multiplier, &s8->shift);
}

rlt_status rlt_prepare_prelu(rlt_prepare_state *p, const rlt_op *op) {
    binary o = {0};
    RLT_TRY(read_binary(p, op, 0, &o));
    if (o.a->type == RLT_FLOAT32) return add_f32(p, op, &o, RLT_AVX2_KERNEL(p, prelu_f32), 1);
    if (o.a->type != RLT_INT8) return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, o.a, "PRELU takes FLOAT32 or INT8");
    rlt_binary_s8_params *s8 = add_s8(p, op, &o, RLT_KERNEL_prelu_s8);
    if (!s8) return rlt_fail(p, RLT_ERROR_MEMORY, NULL, "no room");
    /* PreluPrepare in tflite/kernels/activations.cc: float arithmetic. */
    const volatile float positive = rlt_scale(o.a, 0) / rlt_scale(o.output, 0);
    const volatile float product = rlt_scale(o.a, 0) * rlt_scale(o.b, 0);
    const volatile float negative = product / rlt_scale(o.output, 0);
    RLT_TRY(rlt_quantize_multiplier(p, (double)positive, &s8->rescale_a.multiplier, &s8->rescale_a.shift));
    return rlt_quantize_multiplier(p, (double)negative, &s8->multiplier, &s8->shift);
}

/* MAXIMUM and MINIMUM pick raw values: all three must be quantized alike. */
static rlt_status prepare_pick(rlt_prepare_state *p, const rlt_op *op, const kernels *k, uint32_t s16) {
    binary o = {0};
    RLT_TRY(read_binary(p, op, 0, &o));
    if (o.a->type != RLT_INT8 && o.a->type != RLT_INT16) return add_other(p, op, &o, k, 1);
    RLT_TRY(rlt_need_same_scale(p, o.a, o.b));
    RLT_TRY(rlt_need_same_scale(p, o.a, o.output));
    const uint32_t kernel = o.a->type == RLT_INT16 ? s16 : k->s8;
    return add_s8(p, op, &o, kernel) ? RLT_OK : rlt_fail(p, RLT_ERROR_MEMORY, NULL, "no room");
}

rlt_status rlt_prepare_maximum(rlt_prepare_state *p, const rlt_op *op) {
    const kernels k = KERNELS(maximum);
    return prepare_pick(p, op, &k, RLT_KERNEL_maximum_s16);
}

rlt_status rlt_prepare_minimum(rlt_prepare_state *p, const rlt_op *op) {
    const kernels k = KERNELS(minimum);
    return prepare_pick(p, op, &k, RLT_KERNEL_minimum_s16);
}

static rlt_status prepare_without_s8(rlt_prepare_state *p, const rlt_op *op, const kernels *k, int fused,
                                     uint32_t cost) {
    binary o = {0};
    RLT_TRY(read_binary(p, op, fused, &o));
    return add_other(p, op, &o, k, cost);
}

rlt_status rlt_prepare_div(rlt_prepare_state *p, const rlt_op *op) {
    const kernels k = KERNELS(div);
    binary o = {0};
    RLT_TRY(read_binary(p, op, 1, &o));
    if (o.a->type != RLT_INT8) return add_other(p, op, &o, &k, 4);
    rlt_binary_s8_params *s8 = add_s8(p, op, &o, k.s8);
    if (!s8) return rlt_fail(p, RLT_ERROR_MEMORY, NULL, "no room");
    /* In float, as tflite/kernels/div.cc has it. */
    const volatile float divisor = rlt_scale(o.b, 0) * rlt_scale(o.output, 0);
    const volatile float factor = rlt_scale(o.a, 0) / divisor;
    return rlt_quantize_multiplier(p, (double)factor, &s8->multiplier, &s8->shift);
}

rlt_status rlt_prepare_floor_div(rlt_prepare_state *p, const rlt_op *op) {
    const kernels k = KERNELS_WITHOUT_S8(floor_div, RLT_KERNEL_floor_div_f32);
    return prepare_without_s8(p, op, &k, 0, 4);
}

rlt_status rlt_prepare_floor_mod(rlt_prepare_state *p, const rlt_op *op) {
    const kernels k = KERNELS_WITHOUT_S8(floor_mod, RLT_KERNEL_floor_mod_f32);
    return prepare_without_s8(p, op, &k, 0, 8);
}

rlt_status rlt_prepare_pow(rlt_prepare_state *p, const rlt_op *op) {
    const kernels k = {RLT_KERNEL_pow_f32, NO_KERNEL, NO_KERNEL, NO_KERNEL};
    return prepare_without_s8(p, op, &k, 0, 64);
}

rlt_status rlt_prepare_atan2(rlt_prepare_state *p, const rlt_op *op) {
    const kernels k = {RLT_KERNEL_atan2_f32, NO_KERNEL, NO_KERNEL, NO_KERNEL};
    return prepare_without_s8(p, op, &k, 0, 32);
}
