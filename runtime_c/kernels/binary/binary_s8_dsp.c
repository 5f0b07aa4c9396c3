/* int8 ADD and MUL with the DSP extension: sum_dsp.h. */
#include "sum_dsp.h"

enum { FOUR = 4 };

/* An operand, which maybe stands still: then the four bytes of `still` are it. */
typedef struct {
    const int8_t *at;
    uint32_t step, still;
} source;

RLT_INLINE source source_of(const int8_t *at, uint32_t step) { return (source){at, step, (uint8_t)*at * 0x01010101u}; }
RLT_INLINE uint32_t word_at(const source *s, uint32_t i) { return s->step ? load_word(s->at + i) : s->still; }

RLT_INLINE void store_four(int8_t *to, int32_t a, int32_t b, int32_t c, int32_t d) {
    to[0] = (int8_t)__ssat(a, 8);
    to[1] = (int8_t)__ssat(b, 8);
    to[2] = (int8_t)__ssat(c, 8);
    to[3] = (int8_t)__ssat(d, 8);
}

RLT_INLINE int32_t sum_of_bytes(const sum_constants *k, int32_t a, int32_t b, const int equal) {
    return sum_of(k, k->halved_zero + a * (1 << 20), k->other_zero + b * (1 << 21), equal);
}

RLT_INLINE void add_words(const sum_constants *p, source halved, source other, int8_t *to, uint32_t count,
                          const int equal) {
    const sum_constants k = *p; /* a store of int8 may alias what a pointer shows */
    uint32_t i = 0;
    for (; i + FOUR <= count; i += FOUR) {
        const uint32_t x = word_at(&halved, i), y = word_at(&other, i);
        store_four(to + i, sum_of_bytes(&k, (int8_t)x, (int8_t)y, equal),
                   sum_of_bytes(&k, (int8_t)(x >> 8), (int8_t)(y >> 8), equal),
                   sum_of_bytes(&k, (int8_t)(x >> 16), (int8_t)(y >> 16), equal),
                   sum_of_bytes(&k, (int32_t)x >> 24, (int32_t)y >> 24, equal));
    }
    for (; i < count; i++) {
        to[i] = (int8_t)__ssat(sum_of_bytes(&k, halved.at[i * halved.step], other.at[i * other.step], equal), 8);
    }
}

static void add_row(const void *params, const void *a, const void *b, void *output, uint32_t count, uint32_t step_a,
                    uint32_t step_b) {
    const rlt_binary_s8_params *p = params;
    const int swap = !is_half(&p->rescale_a);
    const sum_constants k = sum_constants_of(p, swap);
    const source x = source_of(a, step_a), y = source_of(b, step_b);
    if (is_half(swap ? &p->rescale_a : &p->rescale_b)) add_words(&k, x, y, output, count, 1);
    else add_words(&k, swap ? y : x, swap ? x : y, output, count, 0);
    cut(output, count, p->low, p->high);
}

/* Products of (a - zero point) and (b - zero point), two by two in halves. */
static void mul_row(const void *params, const void *a, const void *b, void *output, uint32_t count, uint32_t step_a,
                    uint32_t step_b) {
    const rlt_binary_s8_params *p = params;
    const int32_t zero_a = p->rescale_a.zero_point, zero_b = p->rescale_b.zero_point;
    const int16x2_t zeros_a = (int16x2_t)both_halves(zero_a), zeros_b = (int16x2_t)both_halves(zero_b);
    const int32_t multiplier = p->multiplier, shift = -p->shift;
    const int32_t offset = (1 << (shift - 1)) + p->zero_point * (1 << shift);
    const source first = source_of(a, step_a), second = source_of(b, step_b);
    int8_t *to = output;
    uint32_t i = 0;
#define PRODUCT(x, y, kind) divided(high_of(2 * __smla##kind(x, y, 0), multiplier), offset, shift)
    for (; i + FOUR <= count; i += FOUR) {
        const uint32_t x = word_at(&first, i), y = word_at(&second, i);
        const int16x2_t even_x = __ssub16((int16x2_t)even_bytes(x), zeros_a);
        const int16x2_t odd_x = __ssub16((int16x2_t)odd_bytes(x), zeros_a);
        const int16x2_t even_y = __ssub16((int16x2_t)even_bytes(y), zeros_b);
        const int16x2_t odd_y = __ssub16((int16x2_t)odd_bytes(y), zeros_b);
        store_four(to + i, PRODUCT(even_x, even_y, bb), PRODUCT(odd_x, odd_y, bb), PRODUCT(even_x, even_y, tt),
                   PRODUCT(odd_x, odd_y, tt));
    }
#undef PRODUCT
    for (; i < count; i++) {
        const int32_t product = (first.at[i * step_a] - zero_a) * (second.at[i * step_b] - zero_b);
        to[i] = (int8_t)__ssat(divided(high_of(2 * product, multiplier), offset, shift), 8);
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
