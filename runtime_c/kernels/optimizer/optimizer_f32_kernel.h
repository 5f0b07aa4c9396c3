/* Optimizers over the vectors of the instruction set whose header was included before. Meanings as in optimizer_f32.c. */
#ifndef RLT_OPTIMIZER_F32_KERNEL_H
#define RLT_OPTIMIZER_F32_KERNEL_H

#include "optimizer.h"

/* The body works on vectors w, g, m (first average), v (second) and may use a, b, c, rate. `averages`: how many there are. */
#define RLT_OPTIMIZER_F32(name, isa, averages, prologue, ...) \
    rlt_status rlt_apply_##name##_f32_##isa(const rlt_run *run, const void *params) { \
        const rlt_optimizer_work k = rlt_optimizer_start(run, params); \
        const rlt_vec a = rlt_vec_all(k.a), b = rlt_vec_all(k.b), c = rlt_vec_all(k.c), rate = rlt_vec_all(k.rate); \
        (void)a, (void)b, (void)c, (void)rate; \
        prologue; \
        for (size_t i = k.begin; i < k.end; i += RLT_LANES) { \
            const size_t left = k.end - i; \
            const rlt_vec g = rlt_vec_load_upto(k.g + i, left); \
            rlt_vec w = rlt_vec_load_upto(k.w + i, left), m = rlt_vec_all(0.0f), v = rlt_vec_all(0.0f); \
            if (averages > 0) m = rlt_vec_load_upto(k.first + i, left); \
            if (averages > 1) v = rlt_vec_load_upto(k.second + i, left); \
            __VA_ARGS__; \
            if (averages > 0) rlt_vec_store_upto(k.first + i, m, left); \
            if (averages > 1) rlt_vec_store_upto(k.second + i, v, left); \
            rlt_vec_store_upto(k.w + i, w, left); \
        } \
        return RLT_OK; \
    }

RLT_INLINE rlt_vec zero_of(void) {
    return rlt_vec_all(0.0f);
}
/* -a * b + c */
RLT_INLINE rlt_vec minus_product(rlt_vec a, rlt_vec b, rlt_vec c) {
    return rlt_vec_fma(rlt_vec_sub(zero_of(), a), b, c);
}

#define RLT_OPTIMIZER_F32_ALL(isa) \
    RLT_OPTIMIZER_F32(sgd, isa, 0, , w = minus_product(rate, g, w)) \
    RLT_OPTIMIZER_F32(momentum, isa, 1, , { \
        m = minus_product(rate, g, rlt_vec_mul(a, m)); \
        w = rlt_vec_add(w, m); \
    }) \
    RLT_OPTIMIZER_F32(nesterov, isa, 1, , { \
        const rlt_vec step = rlt_vec_mul(rate, g); \
        m = rlt_vec_sub(rlt_vec_mul(a, m), step); \
        w = rlt_vec_add(w, rlt_vec_sub(rlt_vec_mul(a, m), step)); \
    }) \
    RLT_OPTIMIZER_F32(adam, isa, 2, \
        const rlt_vec corrected = rlt_vec_all(rlt_adam_rate(&k)); const rlt_vec decay = rlt_vec_all(k.rate * k.e); \
        const rlt_vec part_m = rlt_vec_all(1.0f - k.a); const rlt_vec part_v = rlt_vec_all(1.0f - k.b), { \
        w = minus_product(decay, w, w); \
        m = rlt_vec_fma(rlt_vec_sub(g, m), part_m, m); \
        v = rlt_vec_fma(rlt_vec_sub(rlt_vec_mul(g, g), v), part_v, v); \
        w = rlt_vec_sub(w, rlt_vec_div(rlt_vec_mul(m, corrected), rlt_vec_add(rlt_vec_sqrt(v), c))); \
    }) \
    RLT_OPTIMIZER_F32(rmsprop, isa, 2, const rlt_vec part = rlt_vec_all(1.0f - k.a), { \
        m = rlt_vec_fma(part, rlt_vec_mul(g, g), rlt_vec_mul(a, m)); \
        v = rlt_vec_fma(b, v, rlt_vec_div(rlt_vec_mul(rate, g), rlt_vec_sqrt(rlt_vec_add(m, c)))); \
        w = rlt_vec_sub(w, v); \
    }) \
    RLT_OPTIMIZER_F32(adagrad, isa, 1, , { \
        m = rlt_vec_fma(g, g, m); \
        w = rlt_vec_sub(w, rlt_vec_div(rlt_vec_mul(rate, g), rlt_vec_sqrt(rlt_vec_add(m, a)))); \
    })

#endif
