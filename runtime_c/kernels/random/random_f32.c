#include <string.h>

#include "../common/float_math.h"
#include "random.h"

static void draw(const rlt_random_params *p, const uint32_t *counter, uint32_t drawn[4]) {
    uint32_t c[4] = {counter[0], counter[1], p->stream[0], p->stream[1]}, key[2] = {p->key[0], p->key[1]};
    for (int32_t round = 0; round < 10; round++) {
        const uint64_t a = (uint64_t)0xD2511F53u * c[0], b = (uint64_t)0xCD9E8D57u * c[2];
        c[0] = (uint32_t)(b >> 32) ^ c[1] ^ key[0];
        c[1] = (uint32_t)b;
        c[2] = (uint32_t)(a >> 32) ^ c[3] ^ key[1];
        c[3] = (uint32_t)a;
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    memcpy(drawn, c, sizeof c);
}

/* In [0, 1): the low 23 bits are a fraction. */
static float uniform(uint32_t drawn) {
    const uint32_t bits = 127u << 23 | (drawn & 0x7FFFFFu);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value - 1.0f;
}

/* Two numbers by the method of Box and Muller; constants as in TensorFlow's BoxMullerFloat. */
static void normal(uint32_t first, uint32_t second, float *values) {
    const float floor = 1.0e-7f, drawn = uniform(first);
    const float angle = (float)(6.283185307179586 * (double)uniform(second));
    const float radius = rlt_sqrtf(-2.0f * rlt_logf(drawn < floor ? floor : drawn));
    values[0] = rlt_sinf(angle) * radius;
    values[1] = rlt_cosf(angle) * radius;
}

#define KERNEL(name, make) \
    rlt_status rlt_##name(const rlt_run *run, const void *params) { \
        const rlt_random_params *p = params; \
        float *output = rlt_out(run, p->output); \
        uint32_t *counter = rlt_out(run, p->counter); \
        for (uint32_t i = 0; i < p->count; i += 4) { \
            uint32_t drawn[4]; \
            float values[4]; \
            draw(p, counter, drawn); \
            if (++counter[0] == 0) counter[1]++; \
            make; \
            for (uint32_t k = 0; k < 4 && i + k < p->count; k++) output[i + k] = values[k]; \
        } \
        return RLT_OK; \
    }

KERNEL(random_uniform_f32, for (uint32_t k = 0; k < 4; k++) values[k] = uniform(drawn[k]))
KERNEL(random_normal_f32, (normal(drawn[0], drawn[1], values), normal(drawn[2], drawn[3], values + 2)))
