/* SOFTMAX over the last dimension. */
#include <math.h>

#include "../common/prepare_common.h"
#include "../common/prepare_s8.h"
#include "../common/prepare_table_16.h"
#include "softmax.h"

enum { BETA };

/* exp(a) for a in [-1/4, 0), 31 fraction bits: gemmlowp's Taylor polynomial around -1/8
 * (exp_on_interval_between_negative_one_quarter_and_0_excl). */
static int32_t exp_of_quarter(int32_t a) {
    const int32_t constant = 1895147668, third = 715827883; /* exp(-1/8), 1/3 */
    const int32_t x = a + (1 << 28);
    const int32_t x2 = rlt_high_mul(x, x), x3 = rlt_high_mul(x2, x), x4 = rlt_high_mul(x2, x2);
    const int32_t cubic = rlt_high_mul(rlt_divide_pot(x4, 2) + x3, third);
    return constant + rlt_high_mul(constant, x + rlt_divide_pot(cubic + x2, 1));
}

/* exp(a) for a <= 0 with 26 fraction bits, result with 31: gemmlowp's exp_on_negative_values. The remainder beyond a
 * quarter is made of powers of two, whose exponentials are multiplied in. */
static int32_t exp_of_negative(int32_t a) {
    static const int32_t factors[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    const int32_t quarter = 1 << 24;
    if (a == 0) return INT32_MAX;
    const int32_t fraction = (a & (quarter - 1)) - quarter, remainder = fraction - a;
    int32_t result = exp_of_quarter(fraction * 32);
    for (int32_t i = 0; i < 7; i++) {
        if (remainder & (1 << (24 + i))) result = rlt_high_mul(result, factors[i]);
    }
    return result;
}

/* SoftmaxPrepare in tflite/kernels/activations.cc, with PreprocessSoftmaxScaling and CalculateInputRadius. */
static rlt_status fill_exponentials(rlt_prepare_state *p, double step, int32_t *table) {
    const double real = step * (1 << 26);
    int32_t multiplier = 0, shift = 0;
    if (!(real > 1.0)) return rlt_fail(p, RLT_ERROR_QUANTIZATION, NULL, "input scale times beta is too small");
    table[0] = exp_of_negative(0);
    if (real >= 1 << 30) return RLT_OK; /* a difference of 1 already leaves nothing */
    RLT_TRY(rlt_quantize_multiplier(p, real, &multiplier, &shift));
    const double radius = floor(31.0 * (1 << 26) / (double)(INT64_C(1) << shift));
    for (int32_t i = 1; i < 256 && i <= radius; i++) table[i] = exp_of_negative(rlt_requantize(-i, multiplier, shift));
    return RLT_OK;
}

static rlt_status prepare_s8(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *input,
                             const rlt_tensor *output, float beta, uint32_t tasks) {
    RLT_TRY(rlt_need_per_tensor(p, input));
    RLT_TRY(rlt_need_per_tensor(p, output));
    const int wide = output->type == RLT_INT16;
    const float scale = wide ? 1.0f / 65536 : 1.0f / 256;
    if (rlt_zero_point(output, 0) != (wide ? INT16_MIN : INT8_MIN) ||
        fabsf(rlt_scale(output, 0) - scale) > 0.001f * scale) {
        return rlt_fail(p, RLT_ERROR_QUANTIZATION, output, "scale and zero point do not map 0..1 to the whole type");
    }
    rlt_ref exponentials;
    int32_t *table = rlt_add_constant(p, 256 * sizeof *table, &exponentials);
    if (!table) return RLT_ERROR_MEMORY;
    for (int32_t i = 0; i < 256; i++) table[i] = 0;
    RLT_TRY(fill_exponentials(p, (double)beta * (double)rlt_scale(input, 0), table));
    rlt_softmax_s8_params *k = rlt_add_step(p, op, RLT_KERNEL_softmax_s8, sizeof *k, RLT_SOFTMAX_S8_REFS, tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = rlt_ref_of(p, output);
    k->exponentials = exponentials;
    k->wide = (uint32_t)wide;
    k->depth = (uint32_t)input->dims[input->rank - 1];
    k->rows = input->elements / k->depth;
    return RLT_OK;
}

static double one_over_one_plus(double x) {
    return 1.0 / (1.0 + x);
}

static rlt_status prepare_s16(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *input, const rlt_tensor *output,
                              float beta, uint32_t tasks) {
    RLT_TRY(rlt_need_symmetric(p, input));
    RLT_TRY(rlt_need_symmetric(p, output));
    const float scale = 1.0f / 32768;
    const uint32_t depth = (uint32_t)input->dims[input->rank - 1];
    if (fabsf(rlt_scale(output, 0) - scale) > 0.001f * scale)
        return rlt_fail(p, RLT_ERROR_QUANTIZATION, output, "scale must be 1/32768");
    if (depth > 1 << 16) return rlt_fail(p, RLT_ERROR_SHAPE, input, "more than 65536 values to choose from");
    rlt_ref ref;
    int16_t *tables = rlt_add_constant(p, 2 * RLT_TABLE_16_VALUES * sizeof *tables, &ref);
    if (!tables) return RLT_ERROR_MEMORY;
    const double range = 65535.0;
    rlt_fill_table_16(-range * (10.0 / range), 0.0, 2.0 / range, exp, tables);
    rlt_fill_table_16(0.0, range * (1.0 / range), 2.0 / range, one_over_one_plus, tables + RLT_TABLE_16_VALUES);
    const volatile float product = rlt_scale(input, 0) * beta;
    rlt_softmax_s16_params *k = rlt_add_step(p, op, RLT_KERNEL_softmax_s16, sizeof *k, RLT_SOFTMAX_S16_REFS, tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = rlt_ref_of(p, output);
    k->tables = ref;
    k->depth = depth;
    k->rows = input->elements / depth;
    return rlt_quantize_multiplier(p, (double)product / (10.0 / range), &k->multiplier, &k->shift);
}

rlt_status rlt_prepare_softmax(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    rlt_tensor *input = rlt_input(p, op, 0), *output = rlt_output(p, op, 0);
    const float beta = rlt_option_f32(op, BETA, 0.0f);
    if (input->type != RLT_INT8 || output->type != RLT_INT16) RLT_TRY(rlt_need_type(p, output, input->type));
    if (input->rank < 1 || !input->elements) return rlt_fail(p, RLT_ERROR_SHAPE, input, "has no last dimension");
    RLT_TRY(rlt_same_shape(p, output, input));
    if (!isfinite(beta)) return rlt_fail(p, RLT_ERROR_OPTION, NULL, "beta is not a finite number");
    const uint32_t depth = (uint32_t)input->dims[input->rank - 1], rows = input->elements / depth;
    const rlt_cost_kind cost = input->type == RLT_FLOAT32 ? RLT_COST_SOFTMAX_F32 : RLT_COST_SOFTMAX_S8;
    const uint32_t tasks = rlt_tasks(p, cost, input->elements, rows);
    if (output->type == input->type) rlt_may_overwrite(p, output, input);
    if (input->type == RLT_INT8) return prepare_s8(p, op, input, output, beta, tasks);
    if (input->type == RLT_INT16) return prepare_s16(p, op, input, output, beta, tasks);
    RLT_TRY(rlt_need_type(p, input, RLT_FLOAT32));
    rlt_softmax_f32_params *k = rlt_add_step(p, op, RLT_S8_KERNEL(p, softmax_f32), sizeof *k, RLT_SOFTMAX_F32_REFS, tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = rlt_ref_of(p, output);
    k->rows = rows;
    k->depth = depth;
    k->beta = beta;
    return RLT_OK;
}
