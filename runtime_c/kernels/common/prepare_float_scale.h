/* Results of int8 arithmetic through float arithmetic, where prepare can prove that no bit differs. Host only.
 *
 *   result = cut(sum * (high + low) + (sum < 0 ? -offset : offset))
 *
 * with sum * low + offset rounded to nearest or, where an instruction set has one rounding for both, towards 0, and
 * sum * high + that towards 0: after which cutting the fraction is exact, so that the first rounding, of at most 2^-25
 * either way or 2^-24 towards 0, is the only error. As both sides never fall with the magnitude of `sum`, they are equal
 * where they are at the sums beside each step from a result to the next.
 *
 * Where `low` is to be 0, there is no first operation and its rounding, but `high` is not quite the factor: what it is
 * off by, at each step, must not reach a sum. */
#ifndef RLT_PREPARE_FLOAT_SCALE_H
#define RLT_PREPARE_FLOAT_SCALE_H

#include <stdint.h>

typedef enum { RLT_FIRST_TO_NEAREST, RLT_FIRST_TO_ZERO, RLT_FIRST_ABSENT } rlt_first_rounding;

typedef struct {
    float high, low, offset;
} rlt_float_scale;

/* For results sum * factor + (sum < 0 ? -half : half), cut and then clamped to [low, high]; sums within +-largest.
 * 0: it cannot be proven. */
int rlt_float_scale_for(double factor, double half, int32_t low, int32_t high, double largest, rlt_first_rounding first,
                        rlt_float_scale *to);

/* The same for rlt_requantize(). */
int rlt_float_scale_fixed(int32_t multiplier, int32_t shift, int32_t low, int32_t high, double largest,
                          rlt_first_rounding first, rlt_float_scale *to);

/* The same for sums in [least, most]. Where they all have one result (training left the channel dead), *bias, with
 * which they start, changes so that they have its sign, and factors are 0. */
int rlt_float_scale_sums(int32_t multiplier, int32_t shift, int32_t low, int32_t high, int64_t least, int64_t most,
                         rlt_first_rounding first, int32_t *bias, rlt_float_scale *to);

#endif
