/* The integer arithmetic that int8 results rest on, against the floating-point and gemmlowp forms that define it. */
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../runtime_c/kernels/common/fixed_point.h"
#include "../../runtime_c/kernels/common/prepare_float_scale.h"
#include "check.h"

static uint64_t state = 88172645463325252u;

static uint64_t drawn(void) { /* xorshift64 */
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static rlt_exact_factor factor_of(double real) {
    int exponent;
    const double fraction = frexp(real, &exponent);
    const uint64_t mantissa = (uint64_t)(fraction * 9007199254740992.0) << 11;
    return (rlt_exact_factor){(uint32_t)(mantissa >> 32), (uint32_t)mantissa, exponent};
}

static int exact_equals_double(int32_t value, double real) {
    const rlt_exact_factor factor = factor_of(real);
    const double want = round((double)value * real);
    const double cut = want > 2147483647.0 ? 2147483647.0 : want < -2147483647.0 ? -2147483647.0 : want;
    return (double)rlt_requantize_exact(value, &factor) == cut;
}

static void test_exact_is_the_double_product_rounded(void) {
    int wrong = 0;
    for (int i = 0; i < 2000000; i++) {
        const int32_t value = (int32_t)(uint32_t)drawn() >> (drawn() % 31);
        wrong += !exact_equals_double(value, ldexp((double)(drawn() >> 11 | 1), -53 - (int)(drawn() % 20)));
    }
    /* Factors whose products with `value` lie next to a half: where one rounding and two may part. */
    for (int i = 0; i < 2000000; i++) {
        const int32_t value = (int32_t)(drawn() % 2000000) + 1;
        double real = ((double)(drawn() % 256) + 0.5) / value;
        for (uint64_t steps = drawn() % 3; steps; steps--) real = nextafter(real, drawn() & 1 ? 0.0 : 1e9);
        wrong += !exact_equals_double(drawn() & 1 ? value : -value, real);
    }
    CHECK(wrong == 0);
}

static int32_t scaled(int32_t value, rlt_first_rounding first, const rlt_float_scale *s) {
    volatile float x = (float)value, offset = value < 0 ? -s->offset : s->offset, rest;
    fesetround(first == RLT_FIRST_TO_ZERO ? FE_TOWARDZERO : FE_TONEAREST);
    rest = first == RLT_FIRST_ABSENT ? offset : fmaf(x, s->low, offset);
    fesetround(FE_TONEAREST);
    return (int32_t)((double)x * (double)s->high + (double)rest);
}

/* At and beside the values where results change, for factors and ranges as layers have them. */
static void test_float_scales_give_the_same_results(void) {
    int wrong = 0, proven = 0, once = 0, channels = 150000;
    for (int i = 0; i < channels; i++) {
        const int32_t multiplier = (1 << 30) | (int32_t)(drawn() & 0x3fffffff), shift = -1 - (int32_t)(drawn() % 12);
        const int32_t high = 127 + (int32_t)(drawn() % 129), low = drawn() & 1 ? 0 : high - 255;
        const double factor = ldexp(multiplier, shift - 31), largest = ldexp(1, 8 + (int)(drawn() % 22));
        const int exact = (int)(drawn() & 1);
        const rlt_first_rounding first = (rlt_first_rounding)(i % 3);
        rlt_float_scale scale;
        if (exact ? !rlt_float_scale_for(factor, 0.5, low, high, largest, first, &scale)
                  : !rlt_float_scale_fixed(multiplier, shift, low, high, largest, first, &scale)) {
            continue;
        }
        if (first == RLT_FIRST_ABSENT) once++;
        else proven++;
        for (int n = -2; n < 256; n += 1 + (int)(drawn() % 8)) {
            int32_t value = (int32_t)((n - 0.5) / factor) + (int32_t)(drawn() % 5) - 2;
            if (drawn() & 1) value = -value;
            if (abs(value) > largest) continue;
            const int32_t want = exact ? (int32_t)round(value * factor) : rlt_requantize(value, multiplier, shift);
            wrong += rlt_clamp(want, low, high) != rlt_clamp(scaled(value, first, &scale), low, high);
        }
    }
    CHECK(wrong == 0);
    CHECK(proven > channels / 3 * 2 * 99 / 100);
    CHECK(once > channels / 3 * 80 / 100);
}

/* gemmlowp's definitions, with their divisions (fixedpoint/fixedpoint.h). */
static int32_t divided_high_mul(int32_t a, int32_t b) {
    const int64_t product = (int64_t)a * b;
    return (int32_t)((product + (product >= 0 ? 1 << 30 : 1 - (1 << 30))) / (INT64_C(1) << 31));
}

static void test_high_mul_and_divide(void) {
    int wrong = 0;
    for (int i = 0; i < 2000000; i++) {
        const int32_t a = (int32_t)(uint32_t)drawn() >> (drawn() % 31), b = (int32_t)(drawn() >> 33);
        const int32_t exponent = (int32_t)(drawn() % 32);
        wrong += rlt_high_mul(a, b) != divided_high_mul(a, b);
        wrong += (double)rlt_divide_pot(a, exponent) != round(ldexp((double)a, -exponent));
    }
    CHECK(wrong == 0);
}

int main(void) {
    test_exact_is_the_double_product_rounded();
    test_float_scales_give_the_same_results();
    test_high_mul_and_divide();
    return 0;
}
