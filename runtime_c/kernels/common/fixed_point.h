/* Fixed-point arithmetic with LiteRT's roundings, shared by every int8 kernel and by prepare.
 *
 * A real factor is `multiplier` * 2^(shift - 31), multiplier in [2^30, 2^31) or 0 (rlt_quantize_multiplier()).
 * Sums may wrap, as they do in LiteRT: they are added as unsigned, where C defines that. */
#ifndef RLT_FIXED_POINT_H
#define RLT_FIXED_POINT_H

#include <stdint.h>

static inline int32_t rlt_clamp(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

/* value + zero_point, clamped to [low, high], which with the zero point are small: no sum can overflow. */
static inline int32_t rlt_saturate(int32_t value, int32_t zero_point, int32_t low, int32_t high) {
    return rlt_clamp(value, low - zero_point, high - zero_point) + zero_point;
}

static inline int32_t rlt_add_wrapping(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t rlt_shift_left_saturated(int32_t value, int32_t exponent) {
    const int64_t wide = (int64_t)value * (INT64_C(1) << exponent);
    return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

/* a * b * 2^-31, to nearest, halves up: gemmlowp's SaturatingRoundingDoublingHighMul, whose truncating division of a
 * nudged product amounts to this. Only a == b == INT32_MIN would saturate; multipliers are never negative. */
static inline int32_t rlt_high_mul(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

/* value * 2^-exponent, to nearest, halves away from zero: gemmlowp's RoundingDivideByPOT; exponent 0 to 31. */
static inline int32_t rlt_divide_pot(int32_t value, int32_t exponent) {
    const int32_t mask = (int32_t)((UINT32_C(1) << exponent) - 1);
    const int32_t threshold = (mask >> 1) + (value < 0);
    return (value >> exponent) + ((value & mask) > threshold);
}

/* value * multiplier * 2^(shift - 31), rounded twice: LiteRT's MultiplyByQuantizedMultiplier
 * (tflite/kernels/internal/common.cc, without TFLITE_SINGLE_ROUNDING). shift -31 to 30. */
static inline int32_t rlt_requantize(int32_t value, int32_t multiplier, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0;
    return rlt_divide_pot(rlt_high_mul((int32_t)((uint32_t)value << left), multiplier), left - shift);
}

/* A real factor with all 53 bits of a double: (high * 2^32 + low) * 2^(exponent - 64), high's top bit set. */
typedef struct {
    uint32_t high, low;
    int32_t exponent; /* at most 24 */
} rlt_exact_factor;

/* (int32_t)round((double)value * factor), saturated: how LiteRT's reference FULLY_CONNECTED rescales
 * (tflite/kernels/internal/reference/integer_ops/fully_connected.h), in integers so that cores without a double
 * unit give the same bits. The product is rounded to 53 bits, as the double multiplication does, then to an integer,
 * halves away from zero. (Halves of the first rounding go up here and to even there; no integer result can tell.) */
static inline int32_t rlt_requantize_exact(int32_t value, const rlt_exact_factor *factor) {
    const uint32_t magnitude = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
    const uint64_t low = (uint64_t)magnitude * factor->low;
    uint64_t product = (uint64_t)magnitude * factor->high + (low >> 32); /* the upper 64 of 96 bits */
    const int32_t shift = 32 - factor->exponent;                         /* of the result's unit within these */
    if (!product || shift > 63) return 0;
    const int32_t bits = 64 - __builtin_clzll(product);
    /* Rounding to 53 bits adds half of the last kept bit to the whole 96-bit product. */
    const int32_t half = bits + 32 - 54;
    if (half >= 32) {
        product += UINT64_C(1) << (half - 32);
    } else if (half >= 0) {
        product += ((low & UINT32_MAX) + (UINT64_C(1) << half)) >> 32;
    }
    const uint64_t rounded = (product + (UINT64_C(1) << (shift - 1))) >> shift;
    const int32_t result = rounded > INT32_MAX ? INT32_MAX : (int32_t)rounded;
    return value < 0 ? -result : result;
}

#endif
