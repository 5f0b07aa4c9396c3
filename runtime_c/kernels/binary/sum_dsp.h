/* ADD and MUL with the DSP extension, element by element: the results of binary_s8.c and binary_s16.c.
 *
 * Prepare takes a sum only where its result is shifted to the right by at least one bit. Of a sum's operands, the one of
 * the larger scale is `halved`: its factor on the common scale is a half, so it is only shifted there. */
#ifndef RLT_BINARY_SUM_DSP_H
#define RLT_BINARY_SUM_DSP_H

#include "../common/dsp.h"
#include "binary.h"

typedef struct {
    int32_t halved_zero, other_zero; /* twice the values on the common scale, negated */
    int32_t other_multiplier, other_half, other_shift;
    int32_t other_sign; /* 0 where its factor is a half too: then there is nothing to round; else -1 */
    int32_t multiplier, offset, shift;
} sum_constants;

RLT_INLINE int32_t high_of(int32_t twice, int32_t multiplier) {
    int32_t high;
    __asm__("smmulr %0, %1, %2" : "=r"(high) : "r"(twice), "r"(multiplier));
    return high;
}

/* rlt_divide_pot() of `high`, with `offset` a half and maybe more. */
RLT_INLINE int32_t divided(int32_t high, int32_t offset, int32_t shift) {
    return (high + (high >> 31) + offset) >> shift;
}

/* What saturation makes the result of: `halved` and `other` twice on the common scale, less their zero points. */
RLT_INLINE int32_t sum_of(const sum_constants *k, int32_t halved, int32_t other) {
    const int32_t high = high_of(other, k->other_multiplier);
    const int32_t rescaled = (high + (high >> 31 & k->other_sign) + k->other_half) >> k->other_shift;
    return divided(high_of(halved + 2 * rescaled, k->multiplier), k->offset, k->shift);
}

RLT_INLINE int is_half(const rlt_rescale *r) { return r->multiplier == 1 << 30 && r->shift == 0; }

RLT_INLINE sum_constants sum_constants_of(const rlt_binary_s8_params *p, int swap) {
    const rlt_rescale *halved = swap ? &p->rescale_b : &p->rescale_a, *other = swap ? &p->rescale_a : &p->rescale_b;
    return (sum_constants){
        .halved_zero = -halved->zero_point * (1 << halved->left),
        .other_zero = -other->zero_point * (1 << (other->left + 1)),
        .other_multiplier = other->multiplier, .other_half = other->shift < 0 ? 1 << (-other->shift - 1) : 0,
        .other_shift = -other->shift, .other_sign = -!is_half(other), .multiplier = p->multiplier,
        .offset = (1 << (-p->shift - 1)) + p->zero_point * (1 << -p->shift), .shift = -p->shift,
    };
}

#endif
