/* int16 ADD, SUB, MUL, MAXIMUM, MINIMUM. Zero points are 0. Results equal LiteRT's reference kernels
 * (tflite/kernels/internal/reference/add.h, sub.h, integer_ops/mul.h). */
#include "../common/fixed_point.h"
#include "binary.h"

static int32_t rescaled(int32_t value, const rlt_rescale *r) {
    return rlt_requantize(value * (1 << r->left), r->multiplier, r->shift);
}

static int16_t finish(const rlt_binary_s8_params *p, int32_t value) {
    return (int16_t)rlt_clamp(rlt_requantize(value, p->multiplier, p->shift), p->low, p->high);
}

static int16_t add(const rlt_binary_s8_params *p, int32_t a, int32_t b) {
    return finish(p, rescaled(a, &p->rescale_a) + rescaled(b, &p->rescale_b));
}

static int16_t sub(const rlt_binary_s8_params *p, int32_t a, int32_t b) {
    return finish(p, rescaled(a, &p->rescale_a) - rescaled(b, &p->rescale_b));
}

/* Scales that are powers of two: the finer operand is shifted to the coarser one's, which is the output's. */
static int16_t add_pot(const rlt_binary_s8_params *p, int32_t a, int32_t b) {
    const int32_t sum = rlt_divide_pot(a, p->rescale_a.shift) + rlt_divide_pot(b, p->rescale_b.shift);
    return (int16_t)rlt_clamp(sum, p->low, p->high);
}

static int16_t sub_pot(const rlt_binary_s8_params *p, int32_t a, int32_t b) {
    const int32_t difference = rlt_divide_pot(a, p->rescale_a.shift) - rlt_divide_pot(b, p->rescale_b.shift);
    return (int16_t)rlt_clamp(difference, p->low, p->high);
}

static int16_t mul(const rlt_binary_s8_params *p, int32_t a, int32_t b) {
    return finish(p, a * b);
}

static int16_t maximum(const rlt_binary_s8_params *p, int32_t a, int32_t b) {
    (void)p;
    return (int16_t)(a > b ? a : b);
}

static int16_t minimum(const rlt_binary_s8_params *p, int32_t a, int32_t b) {
    (void)p;
    return (int16_t)(a < b ? a : b);
}

#define KERNEL(name) \
    static void name##_row(const void *params, const void *a, const void *b, void *output, uint32_t count, \
                           uint32_t step_a, uint32_t step_b) { \
        const int16_t *x = a, *y = b; \
        int16_t *to = output; \
        for (uint32_t i = 0; i < count; i++, x += step_a, y += step_b) to[i] = name(params, *x, *y); \
    } \
    rlt_status rlt_##name##_s16(const rlt_run *run, const void *params) { \
        return rlt_binary_rows(run, params, sizeof(int16_t), name##_row); \
    }

KERNEL(add)
KERNEL(sub)
KERNEL(add_pot)
KERNEL(sub_pot)
KERNEL(mul)
KERNEL(maximum)
KERNEL(minimum)
