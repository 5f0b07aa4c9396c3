/* int8 ADD, SUB, MUL, DIV, SQUARED_DIFFERENCE, PRELU, MAXIMUM, MINIMUM. Results equal LiteRT's reference kernels (add.h
 * and mul.h in tflite/kernels/internal/reference/integer_ops, sub.h, div.h and prelu.h in the folder above,
 * tflite/kernels/squared_difference.cc). */
#include "../common/reciprocal.h"
#include "binary.h"

static int32_t rescaled(int32_t value, const rlt_rescale *r) {
    return rlt_requantize((value - r->zero_point) * (1 << r->left), r->multiplier, r->shift);
}

static int8_t finish(const rlt_binary_s8_params *p, int32_t value) {
    const int32_t scaled = rlt_requantize(value, p->multiplier, p->shift);
    return (int8_t)rlt_saturate(scaled, p->zero_point, p->low, p->high);
}

static int8_t add(const rlt_binary_s8_params *p, int32_t a, int32_t b) {
    return finish(p, rlt_add_wrapping(rescaled(a, &p->rescale_a), rescaled(b, &p->rescale_b)));
}

static int8_t sub(const rlt_binary_s8_params *p, int32_t a, int32_t b) {
    return finish(p, rlt_add_wrapping(rescaled(a, &p->rescale_a), -rescaled(b, &p->rescale_b)));
}

static int8_t mul(const rlt_binary_s8_params *p, int32_t a, int32_t b) {
    return finish(p, (a - p->rescale_a.zero_point) * (b - p->rescale_b.zero_point));
}

/* By the reciprocal of b with 31 bits. LiteRT divides by 0 as it may; here the result is the largest of a's sign. */
static int8_t div(const rlt_binary_s8_params *p, int32_t a, int32_t b) {
    int32_t x = a - p->rescale_a.zero_point, y = b - p->rescale_b.zero_point;
    if (y == 0) return (int8_t)(x == 0 ? rlt_clamp(p->zero_point, p->low, p->high) : x < 0 ? p->low : p->high);
    if (y < 0) {
        x = -x;
        y = -y;
    }
    if (x == 0) return (int8_t)rlt_clamp(p->zero_point, p->low, p->high);
    const int32_t leading = __builtin_clz((uint32_t)y), headroom = __builtin_clz((uint32_t)(x < 0 ? -x : x)) - 1;
    const int32_t inverse = rlt_reciprocal_of_one_plus((int32_t)(((uint32_t)y << leading) - (UINT32_C(1) << 31)));
    const int32_t quotient = rlt_high_mul((int32_t)((uint32_t)x << headroom), inverse);
    const int32_t shift = p->shift - (31 - leading) - headroom, right = shift < 0 ? -shift : 0;
    int32_t scaled = rlt_high_mul(quotient, p->multiplier);
    scaled = right > 31 ? 0 : shift > 0 ? rlt_shift_left_saturated(scaled, shift) : rlt_divide_pot(scaled, right);
    return (int8_t)rlt_saturate(scaled, p->zero_point, p->low, p->high);
}

static int8_t squared_difference(const rlt_binary_s8_params *p, int32_t a, int32_t b) {
    const uint32_t difference = (uint32_t)rescaled(a, &p->rescale_a) - (uint32_t)rescaled(b, &p->rescale_b);
    return finish(p, (int32_t)(difference * difference));
}

static int8_t prelu(const rlt_binary_s8_params *p, int32_t x, int32_t alpha) {
    if (x >= p->rescale_a.zero_point) {
        const int32_t scaled = rescaled(x, &p->rescale_a);
        return (int8_t)rlt_saturate(scaled, p->zero_point, p->low, p->high);
    }
    return finish(p, (x - p->rescale_a.zero_point) * (alpha - p->rescale_b.zero_point));
}

static int8_t maximum(const rlt_binary_s8_params *p, int32_t a, int32_t b) {
    (void)p;
    return (int8_t)(a > b ? a : b);
}

static int8_t minimum(const rlt_binary_s8_params *p, int32_t a, int32_t b) {
    (void)p;
    return (int8_t)(a < b ? a : b);
}

#define KERNEL(name) \
    static void name##_row(const void *params, const void *a, const void *b, void *output, uint32_t count, \
                           uint32_t step_a, uint32_t step_b) { \
        const int8_t *x = a, *y = b; \
        int8_t *to = output; \
        for (uint32_t i = 0; i < count; i++, x += step_a, y += step_b) to[i] = name(params, *x, *y); \
    } \
    rlt_status rlt_##name##_s8(const rlt_run *run, const void *params) { \
        return rlt_binary_rows(run, params, 1, name##_row); \
    }

KERNEL(add)
KERNEL(sub)
KERNEL(mul)
KERNEL(div)
KERNEL(squared_difference)
KERNEL(prelu)
KERNEL(maximum)
KERNEL(minimum)
