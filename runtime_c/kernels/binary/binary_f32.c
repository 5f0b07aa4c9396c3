/* Elementwise float kernels on two operands. */
#include "../common/float_math.h"
#include "binary.h"

static float add(float a, float b) { return a + b; }
static float sub(float a, float b) { return a - b; }
static float mul(float a, float b) { return a * b; }
static float divide(float a, float b) { return a / b; }
static float maximum(float a, float b) { return a > b ? a : b; }
static float minimum(float a, float b) { return a < b ? a : b; }
static float squared_difference(float a, float b) { return (a - b) * (a - b); }
static float prelu(float x, float alpha) { return x >= 0.0f ? x : x * alpha; }
static float floor_div(float a, float b) { return rlt_floorf(a / b); }
/* Remainder with the divisor's sign (tflite/kernels/internal/reference/floor_mod.h), exact like fmod. */
static float floor_mod(float a, float b) {
    const float remainder = rlt_fmodf(a, b);
    return remainder != 0.0f && (b < 0.0f) != (remainder < 0.0f) ? remainder + b : remainder;
}

#define KERNEL(name, function) \
    static void name##_row(const void *params, const void *a, const void *b, void *output, uint32_t count, \
                           uint32_t step_a, uint32_t step_b) { \
        const rlt_binary_f32_params *p = params; \
        const float *x = a, *y = b; \
        float *to = output; \
        for (uint32_t i = 0; i < count; i++, x += step_a, y += step_b) { \
            const float value = function(*x, *y); \
            to[i] = value < p->low ? p->low : value > p->high ? p->high : value; \
        } \
    } \
    rlt_status rlt_##name##_f32(const rlt_run *run, const void *params) { \
        const rlt_binary_f32_params *p = params; \
        rlt_broadcast_rows(run, &p->shape, p, rlt_in(run, p->a), rlt_in(run, p->b), rlt_out(run, p->output), \
                           sizeof(float), sizeof(float), name##_row); \
        return RLT_OK; \
    }

KERNEL(add, add)
KERNEL(sub, sub)
KERNEL(mul, mul)
KERNEL(div, divide)
KERNEL(maximum, maximum)
KERNEL(minimum, minimum)
KERNEL(squared_difference, squared_difference)
KERNEL(prelu, prelu)
KERNEL(floor_div, floor_div)
KERNEL(floor_mod, floor_mod)
KERNEL(pow, rlt_powf)
KERNEL(atan2, rlt_atan2f)
