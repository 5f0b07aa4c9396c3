/* int8 ADD by finish.h's short forms, for kernels that have high_word() and finished(): common/mcu.h, common/dsp.h. */
#ifndef RLT_BINARY_S8_SUM_H
#define RLT_BINARY_S8_SUM_H

#include "../common/finish.h"
#include "binary.h"

/* The operand of the larger scale is `halved`: its factor is a half, which the shift to the common scale holds. */
typedef struct {
    int32_t halved_zero, other_zero; /* on the common scale, negated; of the other before it is rescaled */
    rlt_finish other;                /* rescales it: `offset` half of 2^shift */
    rlt_finish sum;
} rlt_sum_s8;

static inline int rlt_is_half(const rlt_rescale *r) { return r->multiplier == 1 << 30 && r->shift == 0; }

RLT_INLINE void sum_row(const rlt_sum_s8 *s, const int8_t *halved, const int8_t *other, int8_t *to, uint32_t count,
                        const int equal) {
    const rlt_sum_s8 k = *s;
    for (const int8_t *const end = to + count; to != end; halved++, other++, to++) {
        int32_t b;
        if (equal) {
            b = *other * (1 << 19) + k.other_zero;
        } else {
            const int32_t high = high_word(*other * (1 << 20) + k.other_zero, k.other);
            b = (high + (high >> 31) + k.other.offset) >> k.other.shift;
        }
        *to = finished(*halved * (1 << 19) + k.halved_zero + b, k.sum);
    }
}

/* An operand that stands still has step 0: broadcasting gives rows in which neither does. */
static void add_row(const void *params, const void *a, const void *b, void *output, uint32_t count, uint32_t step_a,
                    uint32_t step_b) {
    const rlt_binary_s8_params *p = params;
    const int swap = !rlt_is_half(&p->rescale_a);
    const rlt_rescale *halved = swap ? &p->rescale_b : &p->rescale_a, *other = swap ? &p->rescale_a : &p->rescale_b;
    const int equal = rlt_is_half(other);
    const rlt_sum_s8 k = {
        -halved->zero_point * (1 << 19), -other->zero_point * (1 << (equal ? 19 : 20)),
        {0, other->multiplier, equal ? 0 : 1 << (-other->shift - 1), -other->shift},
        {0, p->multiplier, (1 << (-p->shift - 1)) + p->zero_point * (1 << -p->shift), -p->shift},
    };
    (void)step_a, (void)step_b;
    if (equal) sum_row(&k, swap ? b : a, swap ? a : b, output, count, 1);
    else sum_row(&k, swap ? b : a, swap ? a : b, output, count, 0);
    rlt_cut(output, count, p->low, p->high);
}

#endif
