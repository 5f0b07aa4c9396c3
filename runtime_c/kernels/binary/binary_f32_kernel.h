/* Elementwise float kernels on two operands, over the vectors of the instruction set whose header was included before.
 * Meanings and clamping as in binary_f32.c. */
#ifndef RLT_BINARY_F32_KERNEL_H
#define RLT_BINARY_F32_KERNEL_H

#include "binary.h"

RLT_INLINE rlt_vec squared_difference(rlt_vec a, rlt_vec b) {
    const rlt_vec difference = rlt_vec_sub(a, b);
    return rlt_vec_mul(difference, difference);
}
RLT_INLINE rlt_vec prelu(rlt_vec x, rlt_vec alpha) {
    return rlt_vec_where_less(x, rlt_vec_all(0.0f), rlt_vec_mul(x, alpha), x);
}

typedef rlt_vec (*binary_function)(rlt_vec a, rlt_vec b);

/* One row; `function` and the steps (0 or 1) are constant where this is inlined. */
RLT_INLINE void binary_row_of(const binary_function function, const uint32_t step_a, const uint32_t step_b,
                              const rlt_binary_f32_params *p, const float *a, const float *b, float *to, size_t count) {
    const rlt_vec low = rlt_vec_all(p->low), high = rlt_vec_all(p->high);
    const rlt_vec all_a = step_a || !count ? low : rlt_vec_all(*a), all_b = step_b || !count ? low : rlt_vec_all(*b);
    size_t i = 0;
    for (; i + RLT_LANES <= count; i += RLT_LANES) {
        const rlt_vec x = step_a ? rlt_vec_load(a + i) : all_a, y = step_b ? rlt_vec_load(b + i) : all_b;
        rlt_vec_store(to + i, rlt_vec_clamp(function(x, y), low, high));
    }
    if (i < count) {
        const rlt_vec x = step_a ? rlt_vec_load_first(a + i, count - i) : all_a;
        const rlt_vec y = step_b ? rlt_vec_load_first(b + i, count - i) : all_b;
        rlt_vec_store_first(to + i, rlt_vec_clamp(function(x, y), low, high), count - i);
    }
}

RLT_INLINE void binary_row(const binary_function function, const rlt_binary_f32_params *p, const float *a,
                           const float *b, float *to, size_t count, uint32_t step_a, uint32_t step_b) {
    if (step_a && step_b) binary_row_of(function, 1, 1, p, a, b, to, count);
    else if (step_a) binary_row_of(function, 1, 0, p, a, b, to, count);
    else binary_row_of(function, 0, 1, p, a, b, to, count); /* at least one of them walks on */
}

#define RLT_BINARY_F32(name, function, isa) \
    static void name##_row(const void *params, const void *a, const void *b, void *output, uint32_t count, \
                           uint32_t step_a, uint32_t step_b) { \
        binary_row(function, params, a, b, output, count, step_a, step_b); \
    } \
    rlt_status rlt_##name##_f32_##isa(const rlt_run *run, const void *params) { \
        const rlt_binary_f32_params *p = params; \
        rlt_broadcast_rows(run, &p->shape, p, rlt_in(run, p->a), rlt_in(run, p->b), rlt_out(run, p->output), \
                           sizeof(float), sizeof(float), name##_row); \
        return RLT_OK; \
    }

#define RLT_BINARY_F32_ALL(isa) \
    RLT_BINARY_F32(add, rlt_vec_add, isa) \
    RLT_BINARY_F32(sub, rlt_vec_sub, isa) \
    RLT_BINARY_F32(mul, rlt_vec_mul, isa) \
    RLT_BINARY_F32(div, rlt_vec_div, isa) \
    RLT_BINARY_F32(maximum, rlt_vec_max, isa) \
    RLT_BINARY_F32(minimum, rlt_vec_min, isa) \
    RLT_BINARY_F32(squared_difference, squared_difference, isa) \
    RLT_BINARY_F32(prelu, prelu, isa)

#endif
