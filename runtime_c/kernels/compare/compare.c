/* Comparisons, their results BOOL; LOGICAL_AND, LOGICAL_OR, LOGICAL_NOT. */
#include "compare.h"

#include "../binary/binary.h"
#include "../common/fixed_point.h"

#define KERNEL(name, type, operator) \
    static void name##_row(const void *params, const void *a, const void *b, void *output, uint32_t count, \
                           uint32_t step_a, uint32_t step_b) { \
        const type *x = a, *y = b; \
        uint8_t *to = output; \
        (void)params; \
        for (uint32_t i = 0; i < count; i++, x += step_a, y += step_b) to[i] = *x operator *y; \
    } \
    rlt_status rlt_##name(const rlt_run *run, const void *params) { \
        const rlt_binary_params *p = params; \
        rlt_broadcast_rows(run, &p->shape, p, rlt_in(run, p->a), rlt_in(run, p->b), rlt_out(run, p->output), \
                           sizeof(type), 1, name##_row); \
        return RLT_OK; \
    }

/* LiteRT scales by the multiplier with 8 more bits (left_shift in ComparisonPrepareCommon). */
static int32_t rescaled(int32_t value, int32_t zero_point, int32_t multiplier, int32_t shift) {
    return rlt_requantize((value - zero_point) * (1 << 8), multiplier, shift);
}

#define KERNEL_S8(name, operator) \
    static void name##_row(const void *params, const void *a, const void *b, void *output, uint32_t count, \
                           uint32_t step_a, uint32_t step_b) { \
        const rlt_compare_s8_params *p = params; \
        const int8_t *x = a, *y = b; \
        uint8_t *to = output; \
        for (uint32_t i = 0; i < count; i++, x += step_a, y += step_b) { \
            to[i] = rescaled(*x, p->zero_point_a, p->multiplier_a, p->shift_a) operator \
                    rescaled(*y, p->zero_point_b, p->multiplier_b, p->shift_b); \
        } \
    } \
    rlt_status rlt_##name(const rlt_run *run, const void *params) { \
        const rlt_compare_s8_params *p = params; \
        rlt_broadcast_rows(run, &p->shape, p, rlt_in(run, p->a), rlt_in(run, p->b), rlt_out(run, p->output), 1, 1, \
                           name##_row); \
        return RLT_OK; \
    }

#define KERNELS(name, operator) \
    KERNEL(name##_f32, float, operator) \
    KERNEL(name##_s32, int32_t, operator) \
    KERNEL(name##_s64, int64_t, operator) \
    KERNEL_S8(name##_s8, operator)

KERNELS(equal, ==)
KERNELS(not_equal, !=)
KERNELS(greater, >)
KERNELS(greater_equal, >=)
KERNELS(less, <)
KERNELS(less_equal, <=)
KERNEL(equal_bool, uint8_t, ==)
KERNEL(not_equal_bool, uint8_t, !=)
KERNEL(logical_and, uint8_t, &&)
KERNEL(logical_or, uint8_t, ||)

rlt_status rlt_logical_not(const rlt_run *run, const void *params) {
    const rlt_logical_not_params *p = params;
    const uint8_t *input = rlt_in(run, p->input);
    uint8_t *output = rlt_out(run, p->output);
    uint32_t i, last;
    rlt_share_of(run, p->count, &i, &last);
    for (; i < last; i++) output[i] = !input[i];
    return RLT_OK;
}
