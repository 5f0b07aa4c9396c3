#include "activation_gradient.h"

#include "../common/float_math.h"

#define GRADIENT(name, expression) \
    rlt_status rlt_##name##_gradient_f32(const rlt_run *run, const void *params) { \
        const rlt_activation_gradient_params *p = params; \
        const float *value = rlt_in(run, p->value), *dy = rlt_in(run, p->dy); \
        float *dx = rlt_out(run, p->dx); \
        uint32_t i, last; \
        rlt_share_of(run, p->count, &i, &last); \
        for (; i < last; i++) { \
            const float x = value[i]; \
            dx[i] = (expression); \
        } \
        return RLT_OK; \
    }

/* Derivative of x * Phi(x), Phi the normal distribution's. */
static float gelu_slope(float x) {
    return 0.5f * rlt_erfcf(-0.707106781f * x) + 0.398942280f * x * rlt_expf(-0.5f * x * x);
}

/* Derivative of x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))). */
static float gelu_tanh_slope(float x) {
    const float bend = rlt_tanhf(0.797884561f * (x + 0.044715f * x * x * x));
    return 0.5f * (1.0f + bend) + 0.5f * x * (1.0f - bend * bend) * 0.797884561f * (1.0f + 0.134145f * x * x);
}

GRADIENT(clamp, p->low < x && x < p->high ? dy[i] : 0.0f)
GRADIENT(tanh, dy[i] * (1.0f - x * x))
GRADIENT(gelu, dy[i] * gelu_slope(x))
GRADIENT(gelu_tanh, dy[i] * gelu_tanh_slope(x))
