/* Reciprocals in fixed point. */
#ifndef RLT_RECIPROCAL_H
#define RLT_RECIPROCAL_H

#include "fixed_point.h"

/* 1 / (1 + a) for a in [0, 1), both with 31 fraction bits: three Newton steps with 29 fraction bits, as gemmlowp's
 * one_over_one_plus_x_for_x_in_0_1 (fixedpoint/fixedpoint.h). */
static inline int32_t rlt_reciprocal_of_one_plus(int32_t a) {
    const int32_t half = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2); /* of the denominator 1 + a */
    int32_t x = 1515870810 + rlt_high_mul(half, -1010580540);         /* 48/17 - 32/17 half */
    for (int32_t i = 0; i < 3; i++) {
        const int32_t rest = (1 << 29) - rlt_high_mul(half, x);
        x += rlt_high_mul(x, rest) * 4;
    }
    return x > INT32_MAX / 2 ? INT32_MAX : x * 2;
}

#endif
