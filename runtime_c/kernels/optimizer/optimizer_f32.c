#include "optimizer.h"

rlt_status rlt_apply_sgd_f32(const rlt_run *run, const void *params) {
    const rlt_optimizer_work k = rlt_optimizer_start(run, params);
    for (size_t i = k.begin; i < k.end; i++) k.w[i] -= k.rate * k.g[i];
    return RLT_OK;
}

rlt_status rlt_apply_momentum_f32(const rlt_run *run, const void *params) {
    const rlt_optimizer_work k = rlt_optimizer_start(run, params);
    for (size_t i = k.begin; i < k.end; i++) {
        k.first[i] = k.a * k.first[i] - k.rate * k.g[i];
        k.w[i] += k.first[i];
    }
    return RLT_OK;
}

rlt_status rlt_apply_nesterov_f32(const rlt_run *run, const void *params) {
    const rlt_optimizer_work k = rlt_optimizer_start(run, params);
    for (size_t i = k.begin; i < k.end; i++) {
        const float step = k.rate * k.g[i];
        k.first[i] = k.a * k.first[i] - step;
        k.w[i] += k.a * k.first[i] - step;
    }
    return RLT_OK;
}

/* scalars: beta_1, beta_2, epsilon, step, weight decay */
rlt_status rlt_apply_adam_f32(const rlt_run *run, const void *params) {
    const rlt_optimizer_work k = rlt_optimizer_start(run, params);
    const float rate = rlt_adam_rate(&k), decay = k.rate * k.e;
    for (size_t i = k.begin; i < k.end; i++) {
        const float g = k.g[i], w = k.w[i] - decay * k.w[i];
        k.first[i] += (g - k.first[i]) * (1.0f - k.a);
        k.second[i] += (g * g - k.second[i]) * (1.0f - k.b);
        k.w[i] = w - k.first[i] * rate / (rlt_sqrtf(k.second[i]) + k.c);
    }
    return RLT_OK;
}

/* scalars: rho, momentum, epsilon */
rlt_status rlt_apply_rmsprop_f32(const rlt_run *run, const void *params) {
    const rlt_optimizer_work k = rlt_optimizer_start(run, params);
    for (size_t i = k.begin; i < k.end; i++) {
        const float g = k.g[i];
        k.first[i] = k.a * k.first[i] + (1.0f - k.a) * (g * g);
        k.second[i] = k.b * k.second[i] + k.rate * g / rlt_sqrtf(k.first[i] + k.c);
        k.w[i] -= k.second[i];
    }
    return RLT_OK;
}

/* scalars: epsilon */
rlt_status rlt_apply_adagrad_f32(const rlt_run *run, const void *params) {
    const rlt_optimizer_work k = rlt_optimizer_start(run, params);
    for (size_t i = k.begin; i < k.end; i++) {
        k.first[i] += k.g[i] * k.g[i];
        k.w[i] -= k.rate * k.g[i] / rlt_sqrtf(k.first[i] + k.a);
    }
    return RLT_OK;
}
