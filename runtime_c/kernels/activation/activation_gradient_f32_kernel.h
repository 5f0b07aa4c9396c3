/* Gradients of activations over the vectors of the instruction set whose header was included before. Meanings as in
 * activation_gradient_f32.c. */
#ifndef RLT_ACTIVATION_GRADIENT_F32_KERNEL_H
#define RLT_ACTIVATION_GRADIENT_F32_KERNEL_H

#include "../../simd/f32_math.h"
#include "activation_gradient.h"

RLT_INLINE rlt_vec one_minus_square(rlt_vec x) {
    return rlt_vec_sub(rlt_vec_all(1.0f), rlt_vec_mul(x, x));
}

RLT_INLINE rlt_vec gelu_slope(rlt_vec x) {
    rlt_vec bell;
    const rlt_vec phi = rlt_vec_normal(x, &bell);
    return rlt_vec_fma(rlt_vec_mul(x, rlt_vec_all(0.398942280f)), bell, phi);
}

RLT_INLINE rlt_vec gelu_tanh_slope(rlt_vec x) {
    const rlt_vec one = rlt_vec_all(1.0f), half = rlt_vec_all(0.5f), z = rlt_vec_mul(x, x);
    const rlt_vec inner = rlt_vec_mul(x, rlt_vec_fma(z, rlt_vec_all(0.044715f), one));
    const rlt_vec bend = rlt_vec_tanh(rlt_vec_mul(inner, rlt_vec_all(0.797884561f)));
    const rlt_vec slope = rlt_vec_mul(one_minus_square(bend), rlt_vec_fma(z, rlt_vec_all(0.107032223f), rlt_vec_all(0.797884561f)));
    return rlt_vec_mul(half, rlt_vec_fma(x, slope, rlt_vec_add(one, bend)));
}

/* `expression` of x and dy. */
#define RLT_ACTIVATION_GRADIENT_F32(name, isa, expression) \
    rlt_status rlt_##name##_gradient_f32_##isa(const rlt_run *run, const void *params) { \
        const rlt_activation_gradient_params *p = params; \
        const float *value = rlt_in(run, p->value), *from = rlt_in(run, p->dy); \
        float *dx = rlt_out(run, p->dx); \
        const rlt_vec low = rlt_vec_all(p->low), high = rlt_vec_all(p->high), zero = rlt_vec_all(0.0f); \
        (void)low, (void)high, (void)zero; \
        uint32_t first, last; \
        rlt_share_of(run, p->count, &first, &last); \
        for (size_t i = first; i < last; i += RLT_LANES) { \
            const rlt_vec x = rlt_vec_load_upto(value + i, last - i), dy = rlt_vec_load_upto(from + i, last - i); \
            rlt_vec_store_upto(dx + i, (expression), last - i); \
        } \
        return RLT_OK; \
    }

#define RLT_ACTIVATION_GRADIENT_F32_ALL(isa) \
    RLT_ACTIVATION_GRADIENT_F32(clamp, isa, \
        rlt_vec_where_less(low, x, rlt_vec_where_less(x, high, dy, zero), zero)) \
    RLT_ACTIVATION_GRADIENT_F32(tanh, isa, rlt_vec_mul(dy, one_minus_square(x))) \
    RLT_ACTIVATION_GRADIENT_F32(gelu, isa, rlt_vec_mul(dy, gelu_slope(x))) \
    RLT_ACTIVATION_GRADIENT_F32(gelu_tanh, isa, rlt_vec_mul(dy, gelu_tanh_slope(x)))

#endif
