/* int8 ADD and MUL with the DSP extension: sum_dsp.h. */
#include "sum_dsp.h"

enum { FOUR = 4 };

/* Four elements, or the last ones; an operand that stands still is repeated. */
typedef struct {
    const int8_t *at;
    int8_t still[FOUR];
    uint32_t step;
} source;

RLT_INLINE void start(source *s, const int8_t *at, uint32_t step) {
    s->at = at, s->step = step * FOUR;
    if (step) return;
    for (uint32_t i = 0; i < FOUR; i++) s->still[i] = *at;
    s->at = s->still;
}

RLT_INLINE uint32_t next_word(source *s, uint32_t count) {
    uint32_t word = 0;
    if (count >= FOUR || !s->step) word = load_word(s->at);
    else for (uint32_t i = 0; i < count; i++) word |= (uint32_t)(uint8_t)s->at[i] << (8 * i);
    s->at += s->step;
    return word;
}

RLT_INLINE void store_bytes(int8_t *to, const int32_t value[FOUR], uint32_t count) {
    for (uint32_t i = 0; i < FOUR && i < count; i++) to[i] = (int8_t)__ssat(value[i], 8);
}

RLT_INLINE void add_words(const sum_constants *p, source *halved, source *other, int8_t *to, uint32_t count,
                          const int equal) {
    const sum_constants k = *p; /* a store of int8 may alias what a pointer shows */
    for (uint32_t i = 0; i < count; i += FOUR) {
        const uint32_t x = next_word(halved, count - i), y = next_word(other, count - i);
        int32_t value[FOUR];
#pragma GCC unroll 4
        for (uint32_t n = 0; n < FOUR; n++) {
            const int32_t a = (int8_t)(x >> (8 * n)), b = (int8_t)(y >> (8 * n));
            value[n] = sum_of(&k, k.halved_zero + a * (1 << 20), k.other_zero + b * (1 << 21), equal);
        }
        store_bytes(to + i, value, count - i);
    }
}

static void add_row(const void *params, const void *a, const void *b, void *output, uint32_t count, uint32_t step_a,
                    uint32_t step_b) {
    const rlt_binary_s8_params *p = params;
    const int swap = !is_half(&p->rescale_a);
    const sum_constants k = sum_constants_of(p, swap);
    source halved, other;
    start(&halved, swap ? b : a, swap ? step_b : step_a);
    start(&other, swap ? a : b, swap ? step_a : step_b);
    if (is_half(swap ? &p->rescale_a : &p->rescale_b)) add_words(&k, &halved, &other, output, count, 1);
    else add_words(&k, &halved, &other, output, count, 0);
    cut(output, count, p->low, p->high);
}

/* Products of (a - zero point) and (b - zero point), two by two in halves. */
static void mul_row(const void *params, const void *a, const void *b, void *output, uint32_t count, uint32_t step_a,
                    uint32_t step_b) {
    const rlt_binary_s8_params *p = params;
    const uint32_t zero_a = both_halves(p->rescale_a.zero_point), zero_b = both_halves(p->rescale_b.zero_point);
    const int32_t multiplier = p->multiplier, shift = -p->shift;
    const int32_t offset = (1 << (shift - 1)) + p->zero_point * (1 << shift);
    source first, second;
    start(&first, a, step_a);
    start(&second, b, step_b);
    int8_t *to = output;
    for (uint32_t i = 0; i < count; i += FOUR) {
        const uint32_t x = next_word(&first, count - i), y = next_word(&second, count - i);
        const int16x2_t even_x = __ssub16((int16x2_t)even_bytes(x), (int16x2_t)zero_a);
        const int16x2_t odd_x = __ssub16((int16x2_t)odd_bytes(x), (int16x2_t)zero_a);
        const int16x2_t even_y = __ssub16((int16x2_t)even_bytes(y), (int16x2_t)zero_b);
        const int16x2_t odd_y = __ssub16((int16x2_t)odd_bytes(y), (int16x2_t)zero_b);
        const int32_t products[FOUR] = {__smlabb(even_x, even_y, 0), __smlabb(odd_x, odd_y, 0),
                                        __smlatt(even_x, even_y, 0), __smlatt(odd_x, odd_y, 0)};
        int32_t value[FOUR];
#pragma GCC unroll 4
        for (uint32_t n = 0; n < FOUR; n++) value[n] = divided(high_of(2 * products[n], multiplier), offset, shift);
        store_bytes(to + i, value, count - i);
    }
    cut(to, count, p->low, p->high);
}

#define KERNEL(name) \
    rlt_status rlt_##name##_s8_dsp(const rlt_run *run, const void *params) { \
        const rlt_binary_s8_params *p = params; \
        rlt_broadcast_rows(run, &p->shape, p, rlt_in(run, p->a), rlt_in(run, p->b), rlt_out(run, p->output), 1, 1, \
                           name##_row); \
        return RLT_OK; \
    }

KERNEL(add)
KERNEL(mul)
