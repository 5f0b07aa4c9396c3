/* Elementwise operators on one operand: a float kernel, and a table of 256 values for int8. */
#include <float.h>
#include <math.h>

#include "../common/prepare_s8.h"
#include "../common/prepare_common.h"
#include "prepare_table.h"
#include "unary.h"

enum { ALPHA = 0, APPROXIMATE = 0 }; /* fields of LeakyReluOptions, GeluOptions */

static rlt_status add_f32(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *input, const rlt_tensor *output,
                          uint32_t kernel, uint32_t cost, float alpha, float beta) {
    const uint64_t operations = (uint64_t)output->elements * (cost + RLT_FLOAT_COST);
    rlt_unary_f32_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_UNARY_REFS,
                                           rlt_tasks(p, RLT_COST_OPERATION, operations, output->elements));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = rlt_ref_of(p, output);
    k->count = output->elements;
    k->alpha = alpha;
    k->beta = beta;
    return RLT_OK;
}

static rlt_status add_table(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *input, const rlt_tensor *output,
                            rlt_table_fn fill, float alpha, float beta) {
    RLT_TRY(rlt_need_per_tensor(p, input));
    RLT_TRY(rlt_need_per_tensor(p, output));
    rlt_table_in in = {rlt_scale(input, 0), rlt_scale(output, 0), alpha, alpha, beta, rlt_zero_point(input, 0),
                       rlt_zero_point(output, 0), INT8_MIN, INT8_MAX};
    if (fill == rlt_table_clamp) {
        in.q_low =
            rlt_clamp(in.output_zero_point + rlt_whole_steps(roundf(alpha / in.output_scale)), INT8_MIN, INT8_MAX);
        if (beta < FLT_MAX) {
            in.q_high =
                rlt_clamp(in.output_zero_point + rlt_whole_steps(roundf(beta / in.output_scale)), INT8_MIN, INT8_MAX);
        }
    }
    rlt_ref table;
    int8_t *values = rlt_add_constant(p, 256, &table);
    if (!values) return RLT_ERROR_MEMORY;
    RLT_TRY(fill(p, &in, values));
    rlt_lookup_params *k = rlt_add_step(p, op, rlt_lookup_kernel(p), sizeof *k, RLT_LOOKUP_REFS,
                                        rlt_tasks(p, RLT_COST_LOOKUP, output->elements, output->elements));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = rlt_ref_of(p, output);
    k->table = table;
    k->count = output->elements;
    return RLT_OK;
}

/* `cost`: simple operations per element. `fill` NULL: float only. */
static rlt_status prepare_unary(rlt_prepare_state *p, const rlt_op *op, uint32_t kernel, uint32_t cost,
                                rlt_table_fn fill, float alpha, float beta) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    rlt_tensor *input = rlt_input(p, op, 0), *output = rlt_output(p, op, 0);
    RLT_TRY(rlt_need_type(p, output, input->type));
    RLT_TRY(rlt_same_shape(p, output, input));
    rlt_may_overwrite(p, output, input);
    if (input->type == RLT_FLOAT32) return add_f32(p, op, input, output, kernel, cost, alpha, beta);
    if (input->type == RLT_INT16 && fill) return rlt_prepare_unary_s16(p, op, fill, alpha, beta);
    if (input->type == RLT_INT8 && fill) return add_table(p, op, input, output, fill, alpha, beta);
    return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, input, "no kernel for this element type");
}

#define UNARY_OF(name, kernel, cost, fill) \
    rlt_status rlt_prepare_##name(rlt_prepare_state *p, const rlt_op *op) { \
        return prepare_unary(p, op, kernel, cost, fill, 0.0f, 0.0f); \
    }
#define UNARY(name, cost, fill) UNARY_OF(name, RLT_KERNEL_##name##_f32, cost, fill)
#define UNARY_SIMD(name, cost, fill) UNARY_OF(name, RLT_S8_KERNEL(p, name##_f32), cost, fill)
#define CLAMP(name, low, high) \
    rlt_status rlt_prepare_##name(rlt_prepare_state *p, const rlt_op *op) { \
        return prepare_unary(p, op, RLT_S8_KERNEL(p, clamp_f32), 1, rlt_table_clamp, low, high); \
    }

UNARY_SIMD(abs, 1, rlt_table_abs)
UNARY(neg, 1, NULL)
UNARY_SIMD(square, 1, NULL)
UNARY_SIMD(sqrt, 4, rlt_table_sqrt)
UNARY_SIMD(rsqrt, 8, rlt_table_rsqrt)
UNARY_SIMD(exp, 16, rlt_table_exp)
UNARY(log, 16, rlt_table_log)
UNARY(sin, 32, NULL)
UNARY(cos, 32, NULL)
UNARY(floor, 2, NULL)
UNARY(ceil, 2, NULL)
UNARY(round, 4, NULL)
UNARY(sign, 1, NULL)
UNARY_SIMD(hard_swish, 4, rlt_table_hard_swish)
UNARY_SIMD(elu, 16, rlt_table_elu)
UNARY_SIMD(logistic, 20, rlt_table_logistic)
UNARY_SIMD(tanh, 20, rlt_table_tanh)
CLAMP(relu, 0.0f, FLT_MAX)
CLAMP(relu6, 0.0f, 6.0f)
CLAMP(relu_n1_to_1, -1.0f, 1.0f)
CLAMP(relu_0_to_1, 0.0f, 1.0f)

rlt_status rlt_prepare_leaky_relu(rlt_prepare_state *p, const rlt_op *op) {
    const float alpha = rlt_option_f32(op, ALPHA, 0.0f);
    if (!isfinite(alpha)) return rlt_fail(p, RLT_ERROR_OPTION, NULL, "alpha is not a finite number");
    return prepare_unary(p, op, RLT_S8_KERNEL(p, leaky_relu_f32), 1, rlt_table_leaky_relu, alpha, 0.0f);
}

rlt_status rlt_prepare_gelu(rlt_prepare_state *p, const rlt_op *op) {
    if (rlt_option_u8(op, APPROXIMATE, 0)) {
        return prepare_unary(p, op, RLT_S8_KERNEL(p, gelu_tanh_f32), 32, rlt_table_gelu_tanh, 0.0f, 0.0f);
    }
    return prepare_unary(p, op, RLT_S8_KERNEL(p, gelu_f32), 48, rlt_table_gelu, 0.0f, 0.0f);
}
