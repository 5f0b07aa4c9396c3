/* int8 ADD and MUL with the DSP extension: sum_dsp.h. */
#include "sum_dsp.h"

enum { FOUR = 4 };

/* An operand, which maybe stands still: then the four bytes of `still` are it. */
typedef struct {
    const int8_t *at;
    uint32_t step, still;
} source;

RLT_INLINE source source_of(const int8_t *at, uint32_t step) { return (source){at, step, (uint8_t)*at * 0x01010101u}; }
/* Four elements, of which `count` exist. */
RLT_INLINE uint32_t word_at(const source *s, uint32_t i, uint32_t count) {
    if (!s->step) return s->still;
    if (count >= FOUR) return load_word(s->at + i);
    uint32_t word = 0;
    for (uint32_t k = 0; k < count; k++) word |= (uint32_t)(uint8_t)s->at[i + k] << (8 * k);
    return word;
}

RLT_INLINE void store_four(int8_t *to, int32_t a, int32_t b, int32_t c, int32_t d) {
    to[0] = (int8_t)__ssat(a, 8);
    to[1] = (int8_t)__ssat(b, 8);
    to[2] = (int8_t)__ssat(c, 8);
    to[3] = (int8_t)__ssat(d, 8);
}

RLT_INLINE void copy_rest(int8_t *to, const int8_t from[FOUR], uint32_t count) {
    for (uint32_t i = 0; i < count; i++) to[i] = from[i];
}

static void add_row(const void *params, const void *a, const void *b, void *output, uint32_t count, uint32_t step_a,
                    uint32_t step_b) {
    const rlt_binary_s8_params *p = params;
    const int swap = !is_half(&p->rescale_a);
    const sum_constants k = sum_constants_of(p, swap);
    const source first = source_of(a, step_a), second = source_of(b, step_b);
    const source halved = swap ? second : first, other = swap ? first : second;
    int8_t *to = output, last[FOUR];
#define SUM(x, y) sum_of(&k, k.halved_zero + (x) * (1 << 20), k.other_zero + (y) * (1 << 21))
    for (uint32_t i = 0; i < count; i += FOUR) {
        const uint32_t left = count - i, x = word_at(&halved, i, left), y = word_at(&other, i, left);
        store_four(left < FOUR ? last : to + i, SUM((int8_t)x, (int8_t)y), SUM((int8_t)(x >> 8), (int8_t)(y >> 8)),
                   SUM((int8_t)(x >> 16), (int8_t)(y >> 16)), SUM((int32_t)x >> 24, (int32_t)y >> 24));
    }
#undef SUM
    copy_rest(to + (count & ~3u), last, count % FOUR);
    cut(to, count, p->low, p->high);
}

/* Products of (a - zero point) and (b - zero point), two by two in halves. */
static void mul_row(const void *params, const void *a, const void *b, void *output, uint32_t count, uint32_t step_a,
                    uint32_t step_b) {
    const rlt_binary_s8_params *p = params;
    const int16x2_t zeros_a = (int16x2_t)both_halves(p->rescale_a.zero_point);
    const int16x2_t zeros_b = (int16x2_t)both_halves(p->rescale_b.zero_point);
    const int32_t multiplier = p->multiplier, shift = -p->shift;
    const int32_t offset = (1 << (shift - 1)) + p->zero_point * (1 << shift);
    const source first = source_of(a, step_a), second = source_of(b, step_b);
    int8_t *to = output, last[FOUR];
#define PRODUCT(x, y, kind) divided(high_of(2 * __smla##kind(x, y, 0), multiplier), offset, shift)
    for (uint32_t i = 0; i < count; i += FOUR) {
        const uint32_t left = count - i, x = word_at(&first, i, left), y = word_at(&second, i, left);
        const int16x2_t even_x = __ssub16((int16x2_t)even_bytes(x), zeros_a);
        const int16x2_t odd_x = __ssub16((int16x2_t)odd_bytes(x), zeros_a);
        const int16x2_t even_y = __ssub16((int16x2_t)even_bytes(y), zeros_b);
        const int16x2_t odd_y = __ssub16((int16x2_t)odd_bytes(y), zeros_b);
        store_four(left < FOUR ? last : to + i, PRODUCT(even_x, even_y, bb), PRODUCT(odd_x, odd_y, bb),
                   PRODUCT(even_x, even_y, tt), PRODUCT(odd_x, odd_y, tt));
    }
#undef PRODUCT
    copy_rest(to + (count & ~3u), last, count % FOUR);
    cut(to, count, p->low, p->high);
}

#define KERNEL(name) \
    rlt_status rlt_##name##_s8_dsp(const rlt_run *run, const void *params) { \
        return rlt_binary_rows(run, params, 1, name##_row); \
    }

KERNEL(add)
KERNEL(mul)
