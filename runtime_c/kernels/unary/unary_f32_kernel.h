/* Elementwise float kernels on one operand, over the vectors of the instruction set whose header was included before.
 * Meanings as in unary_f32.c. */
#ifndef RLT_UNARY_F32_KERNEL_H
#define RLT_UNARY_F32_KERNEL_H

#include "../../simd/f32_math.h"
#include "unary.h"

RLT_INLINE rlt_vec hard_swish(rlt_vec x) {
    const rlt_vec gate = rlt_vec_clamp(rlt_vec_add(x, rlt_vec_all(3.0f)), rlt_vec_all(0.0f), rlt_vec_all(6.0f));
    return rlt_vec_div(rlt_vec_mul(x, gate), rlt_vec_all(6.0f));
}
RLT_INLINE rlt_vec gelu(rlt_vec x) {
    rlt_vec bell;
    return rlt_vec_mul(x, rlt_vec_normal(x, &bell));
}
RLT_INLINE rlt_vec gelu_tanh(rlt_vec x) {
    const rlt_vec cube = rlt_vec_mul(rlt_vec_mul(rlt_vec_mul(rlt_vec_all(0.044715f), x), x), x);
    const rlt_vec bend = rlt_vec_tanh(rlt_vec_mul(rlt_vec_all(0.797884561f), rlt_vec_add(x, cube)));
    return rlt_vec_mul(rlt_vec_mul(rlt_vec_all(0.5f), x), rlt_vec_add(rlt_vec_all(1.0f), bend));
}

/* `expression` of x; alpha and beta are the kernel's parameters. */
#define RLT_UNARY_F32(name, isa, expression) \
    rlt_status rlt_##name##_f32_##isa(const rlt_run *run, const void *params) { \
        const rlt_unary_f32_params *p = params; \
        const float *input = rlt_in(run, p->input); \
        float *output = rlt_out(run, p->output); \
        const rlt_vec alpha = rlt_vec_all(p->alpha), beta = rlt_vec_all(p->beta), zero = rlt_vec_all(0.0f); \
        (void)alpha, (void)beta, (void)zero; \
        uint32_t first, last; \
        rlt_share_of(run, p->count, &first, &last); \
        for (size_t i = first; i < last; i += RLT_LANES) { \
            const rlt_vec x = rlt_vec_load_upto(input + i, last - i); \
            rlt_vec_store_upto(output + i, (expression), last - i); \
        } \
        return RLT_OK; \
    }

#define RLT_UNARY_F32_ALL(isa) \
    RLT_UNARY_F32(abs, isa, rlt_vec_abs(x)) \
    RLT_UNARY_F32(square, isa, rlt_vec_mul(x, x)) \
    RLT_UNARY_F32(sqrt, isa, rlt_vec_sqrt(x)) \
    RLT_UNARY_F32(rsqrt, isa, rlt_vec_div(rlt_vec_all(1.0f), rlt_vec_sqrt(x))) \
    RLT_UNARY_F32(exp, isa, rlt_vec_exp(x)) \
    RLT_UNARY_F32(clamp, isa, rlt_vec_clamp(x, alpha, beta)) \
    RLT_UNARY_F32(leaky_relu, isa, rlt_vec_where_less(zero, x, x, rlt_vec_mul(x, alpha))) \
    RLT_UNARY_F32(hard_swish, isa, hard_swish(x)) \
    RLT_UNARY_F32(elu, isa, rlt_vec_where_less(x, zero, rlt_vec_exp_minus_one(x), x)) \
    RLT_UNARY_F32(logistic, isa, rlt_vec_logistic(x)) \
    RLT_UNARY_F32(tanh, isa, rlt_vec_tanh(x)) \
    RLT_UNARY_F32(gelu, isa, gelu(x)) \
    RLT_UNARY_F32(gelu_tanh, isa, gelu_tanh(x))

#endif
