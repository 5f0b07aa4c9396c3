/* Rescaling of 64-bit sums, which int16 activations need. */
#ifndef RLT_FIXED_POINT_64_H
#define RLT_FIXED_POINT_64_H

#include "fixed_point.h"

/* value * multiplier * 2^(shift - 31) with the multiplier cut to 15 bits, rounded once, halves up: LiteRT's
 * MultiplyByQuantizedMultiplier for int64_t (tflite/kernels/internal/common.cc). Saturated, where LiteRT's is not
 * defined: for values of 2^47 and more, and results beyond 32 bits. shift -31 to 7. */
static inline int32_t rlt_requantize_64(int64_t value, int32_t multiplier, int32_t shift) {
    const int64_t limit = INT64_C(1) << 47, reduced = multiplier < 0x7FFF0000 ? (multiplier + (1 << 15)) >> 16 : 0x7FFF;
    const int64_t cut = value >= limit ? limit - 1 : value < -limit ? -limit : value;
    const int32_t total = 15 - shift;
    const int64_t result = (cut * reduced + (INT64_C(1) << (total - 1))) >> total;
    return result > INT32_MAX ? INT32_MAX : result < INT32_MIN ? INT32_MIN : (int32_t)result;
}

#endif
