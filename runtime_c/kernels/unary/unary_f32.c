/* Elementwise float kernels on one operand; meanings as in LiteRT's reference kernels. */
#include "../common/float_math.h"
#include "unary.h"

#define KERNEL(name, expression) \
    rlt_status rlt_##name##_f32(const rlt_run *run, const void *params) { \
        const rlt_unary_f32_params *p = params; \
        const float *input = rlt_in(run, p->input); \
        float *output = rlt_out(run, p->output); \
        uint32_t i, last; \
        rlt_share_of(run, p->count, &i, &last); \
        for (; i < last; i++) { \
            const float x = input[i]; \
            output[i] = (expression); \
        } \
        return RLT_OK; \
    }

/* exp(x) - 1 for x <= 0, without cancellation near 0. */
static float exp_minus_one(float x) {
    if (x < -0.35f) return rlt_expf(x) - 1.0f;
    const float tail = 1.0f / 6 + x * (1.0f / 24 + x * (1.0f / 120 + x * (1.0f / 720 + x * (1.0f / 5040))));
    return x + x * x * (0.5f + x * tail);
}

static float hard_swish(float x) {
    const float gate = x + 3.0f;
    return x * (gate < 0.0f ? 0.0f : gate > 6.0f ? 6.0f : gate) / 6.0f;
}

/* x * Phi(x); the normal distribution by erfc, or by the tanh approximation
 * (tflite/kernels/internal/reference/gelu.h). */
static float gelu(float x) {
    return 0.5f * x * rlt_erfcf(x * -0.707106781f);
}
static float gelu_tanh(float x) {
    return 0.5f * x * (1.0f + rlt_tanhf(0.797884561f * (x + 0.044715f * x * x * x)));
}

KERNEL(abs, x < 0.0f ? -x : x + 0.0f)
KERNEL(neg, -x)
KERNEL(square, x *x)
KERNEL(sqrt, rlt_sqrtf(x))
KERNEL(rsqrt, 1.0f / rlt_sqrtf(x))
KERNEL(exp, rlt_expf(x))
KERNEL(log, rlt_logf(x))
KERNEL(sin, rlt_sinf(x))
KERNEL(cos, rlt_cosf(x))
KERNEL(floor, rlt_floorf(x))
KERNEL(ceil, rlt_ceilf(x))
KERNEL(round, rlt_roundevenf(x))
KERNEL(sign, x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x)
KERNEL(clamp, x < p->alpha ? p->alpha : x > p->beta ? p->beta : x)
KERNEL(leaky_relu, x > 0.0f ? x : x * p->alpha)
KERNEL(hard_swish, hard_swish(x))
KERNEL(elu, x < 0.0f ? exp_minus_one(x) : x)
KERNEL(logistic, rlt_logisticf(x))
KERNEL(tanh, rlt_tanhf(x))
KERNEL(gelu, gelu(x))
KERNEL(gelu_tanh, gelu_tanh(x))
