/* int16 ADD and MUL with the DSP extension: sum_dsp.h. Zero points are 0. */
#include "sum_dsp.h"

RLT_INLINE int16_t sum_of_halves(const sum_constants *k, int32_t a, int32_t b) {
    return (int16_t)__ssat(sum_of(k, a * (1 << 15), b * (1 << 16)), 16);
}

static void add_row(const void *params, const void *a, const void *b, void *output, uint32_t count, uint32_t step_a,
                    uint32_t step_b) {
    const rlt_binary_s8_params *p = params;
    const int swap = !is_half(&p->rescale_a);
    const sum_constants k = sum_constants_of(p, swap);
    const int16_t *halved = swap ? b : a, *other = swap ? a : b;
    const size_t step_halved = swap ? step_b : step_a, step_other = swap ? step_a : step_b;
    int16_t *to = output;
    uint32_t left = count;
    for (; step_halved && step_other && left >= 2; left -= 2, halved += 2, other += 2, to += 2) {
        const uint32_t x = load_word(halved), y = load_word(other);
        to[0] = sum_of_halves(&k, (int16_t)x, (int16_t)y);
        to[1] = sum_of_halves(&k, (int32_t)x >> 16, (int32_t)y >> 16);
    }
    for (; left > 0; left--, halved += step_halved, other += step_other) *to++ = sum_of_halves(&k, *halved, *other);
    cut_halves(output, count, p->low, p->high);
}

static void mul_row(const void *params, const void *a, const void *b, void *output, uint32_t count, uint32_t step_a,
                    uint32_t step_b) {
    const rlt_binary_s8_params *p = params;
    const int16_t *x = a, *y = b;
    int16_t *to = output;
    const int32_t multiplier = p->multiplier, shift = -p->shift, half = 1 << (shift - 1);
    for (uint32_t i = 0; i < count; i++, x += step_a, y += step_b) {
        to[i] = (int16_t)__ssat(divided(rlt_high_mul(*x * *y, multiplier), half, shift), 16); /* 2^30 cannot be doubled */
    }
    cut_halves(to, count, p->low, p->high);
}

#define KERNEL(name) \
    rlt_status rlt_##name##_s16_dsp(const rlt_run *run, const void *params) { \
        return rlt_binary_rows(run, params, sizeof(int16_t), name##_row); \
    }

KERNEL(add)
KERNEL(mul)
