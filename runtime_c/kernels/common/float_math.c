#include "float_math.h"

#include <stdint.h>
#include <string.h>

static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#define INFINITE from_bits(0x7F800000u)
#define NOT_A_NUMBER from_bits(0x7FC00000u)

static float magnitude(float x) {
    return from_bits(bits_of(x) & 0x7FFFFFFFu);
}

/* 2^n for n in [-126, 127]. */
static float power_of_two(int32_t n) {
    return from_bits((uint32_t)(n + 127) << 23);
}

float rlt_floorf(float x) {
    if (!(magnitude(x) < 8388608.0f)) return x; /* no fraction bits, or not a number */
    const float whole = (float)(int32_t)x;
    const float result = whole > x ? whole - 1.0f : whole;
    return result == 0.0f ? from_bits(bits_of(x) & 0x80000000u) : result;
}

float rlt_ceilf(float x) {
    return -rlt_floorf(-x);
}

float rlt_roundf(float x) {
    const float size = magnitude(x), whole = rlt_floorf(size);
    const float result = size - whole >= 0.5f ? whole + 1.0f : whole;
    return from_bits(bits_of(result) | (bits_of(x) & 0x80000000u));
}

float rlt_roundevenf(float x) {
    const float size = magnitude(x), whole = rlt_floorf(size), rest = size - whole;
    const int up = rest > 0.5f || (rest == 0.5f && ((int32_t)whole & 1));
    return from_bits(bits_of(up ? whole + 1.0f : whole) | (bits_of(x) & 0x80000000u));
}

float rlt_sqrtf(float x) {
#if defined(__SSE2__) || defined(__ARM_FP) || defined(__aarch64__) || defined(__riscv_flen) || defined(__wasm__)
    return __builtin_sqrtf(x < 0.0f ? NOT_A_NUMBER : x); /* one instruction; never negative, so no call for errno */
#else
    /* Digit by digit on the mantissa: 24 result bits, the remainder decides the rounding. */
    uint32_t bits = bits_of(x);
    if (x == 0.0f || bits == 0x7F800000u || x != x) return x;
    if (bits >> 31) return NOT_A_NUMBER;
    int32_t exponent = (int32_t)(bits >> 23) - 127;
    uint32_t mantissa = bits & 0x7FFFFFu;
    if (exponent == -127) {
        exponent = -126;
        for (; !(mantissa >> 23); exponent--) mantissa <<= 1;
    }
    mantissa |= 0x800000u;
    if (exponent & 1) mantissa <<= 1;
    uint32_t root = 0, part = 0;
    uint64_t rest = (uint64_t)mantissa << 23;
    uint64_t square = 0;
    for (part = 1u << 23; part; part >>= 1) {
        const uint64_t trial = square + ((uint64_t)root * part * 2) + (uint64_t)part * part;
        if (trial <= rest) {
            square = trial;
            root |= part;
        }
    }
    if (rest - square > root) root++;
    return from_bits((uint32_t)(((exponent >> 1) + 126) << 23) + root);
#endif
}

/* exp(r) for |r| <= ln(2) / 2: the Taylor series to r^7 leaves 5e-9. */
static float exp_reduced(float r) {
    const float tail = 1.0f / 6 + r * (1.0f / 24 + r * (1.0f / 120 + r * (1.0f / 720 + r * (1.0f / 5040))));
    return 1.0f + (r + r * r * (0.5f + r * tail));
}

float rlt_expf(float x) {
    if (x != x) return x;
    if (x > 88.72284f) return INFINITE;
    if (x < -103.98f) return 0.0f;
    const int32_t n = (int32_t)(x * 1.44269504f + (x < 0.0f ? -0.5f : 0.5f));
    /* ln(2) in two parts, the first with few enough bits that n times it is exact. */
    const float r = (x - (float)n * 0.693359375f) + (float)n * 2.12194440e-4f;
    const int32_t half = n / 2; /* in two steps, so that results below 2^-126 come out */
    return exp_reduced(r) * power_of_two(half) * power_of_two(n - half);
}

float rlt_logf(float x) {
    uint32_t bits = bits_of(x);
    if (x != x || bits == 0x7F800000u) return x;
    if (x == 0.0f) return -INFINITE;
    if (bits >> 31) return NOT_A_NUMBER;
    int32_t exponent = 0;
    if (bits < 0x00800000u) {
        bits = bits_of(x * 8388608.0f);
        exponent = -23;
    }
    /* x = 2^exponent * m with m in [sqrt(1/2), sqrt(2)). */
    const uint32_t offset = bits - 0x3F3504F3u;
    exponent += (int32_t)offset >> 23;
    const float f = from_bits((offset & 0x7FFFFFu) + 0x3F3504F3u) - 1.0f;
    /* log(1 + f) = f - f^2/2 + s * (f^2/2 + R), s = f / (2 + f): the small terms carry the roundings. */
    const float s = f / (2.0f + f), z = s * s, half = 0.5f * f * f, n = (float)exponent;
    const float series = z * (2.0f / 3 + z * (2.0f / 5 + z * (2.0f / 7 + z * (2.0f / 9 + z * (2.0f / 11)))));
    return n * 0.693359375f - ((half - (s * (half + series) - n * 2.12194440e-4f)) - f);
}

float rlt_tanhf(float x) {
    const float size = magnitude(x);
    if (x != x) return x;
    if (size > 9.02f) return x < 0.0f ? -1.0f : 1.0f;
    if (size < 0.55f) {
        /* Taylor series; the next term is below 1e-8 of the result. */
        static const float terms[8] = {-3.33333333e-1f, 1.33333333e-1f,  -5.39682540e-2f, 2.18694885e-2f,
                                       -8.86323553e-3f, 3.59212803e-3f, -1.45583438e-3f, 5.90027441e-4f};
        const float z = x * x;
        float sum = terms[7];
        for (int32_t i = 6; i >= 0; i--) sum = terms[i] + z * sum;
        return x + x * z * sum;
    }
    const float result = 1.0f - 2.0f / (rlt_expf(2.0f * size) + 1.0f);
    return x < 0.0f ? -result : result;
}

float rlt_logisticf(float x) {
    return 1.0f / (1.0f + rlt_expf(-x));
}

/* erf(x) for |x| < 1: 2/sqrt(pi) * sum of (-1)^n x^(2n+1) / (n! (2n+1)). */
static float erf_small(float x) {
    static const float terms[10] = {1.12837917f,    -3.76126389e-1f, 1.12837917e-1f, -2.68661706e-2f, 5.22397763e-3f,
                                    -8.54832702e-4f, 1.20553330e-4f, -1.49256504e-5f, 1.64621144e-6f, -1.63658446e-7f};
    const float z = x * x;
    float sum = terms[9];
    for (int32_t i = 8; i >= 0; i--) sum = terms[i] + z * sum;
    return x * sum;
}

float rlt_erfcf(float x) {
    /* For |x| >= 1/2 the Chebyshev fit of Numerical Recipes, 2nd edition, section 6.2 (erfcc): within 1.2e-7. */
    static const float fit[10] = {-1.26551223f, 1.00002368f,  0.37409196f, 0.09678418f,  -0.18628806f,
                                  0.27886807f,  -1.13520398f, 1.48851587f, -0.82215223f, 0.17087277f};
    const float size = magnitude(x);
    if (x != x) return x;
    if (size < 0.5f) return 1.0f - erf_small(x);
    if (size > 10.1f) return x < 0.0f ? 2.0f : 0.0f;
    const float t = 1.0f / (1.0f + 0.5f * size);
    float sum = fit[9];
    for (int32_t i = 8; i >= 0; i--) sum = fit[i] + t * sum;
    /* exp(-x^2) in two factors, the first argument exact: a rounding of x^2 would be multiplied by its size. */
    const float head = from_bits(bits_of(size) & 0xFFFFF000u);
    const float result = t * rlt_expf(-head * head) * rlt_expf((head - size) * (head + size) + sum);
    return x < 0.0f ? 2.0f - result : result;
}

/* 64 bits of 2 / pi from bit `at` after the binary point on. */
static uint64_t two_over_pi(int32_t at) {
    static const uint32_t digits[8] = {0xA2F9836Eu, 0x4E441529u, 0xFC2757D1u, 0xF534DDC0u,
                                       0xDB629599u, 0x3C439041u, 0xFE5163ABu, 0xDEBBC561u};
    const int32_t word = at >> 5, bit = at & 31;
    const uint64_t high = (uint64_t)digits[word] << 32 | digits[word + 1];
    return bit ? high << bit | digits[word + 2] >> (32 - bit) : high;
}

/* x = quadrant * pi/2 + *rest with |*rest| <= pi/4; exact for every finite |x| (after Payne and Hanek: only those
 * bits of 2/pi are multiplied that decide the quadrant and the fraction). */
static uint32_t quadrant_of(float x, float *rest) {
    const uint32_t bits = bits_of(x) & 0x7FFFFFFFu;
    *rest = x;
    if (bits <= 0x3F490FDBu) return 0; /* pi/4 */
    const uint64_t mantissa = (bits & 0x7FFFFFu) | 0x800000u;
    const int32_t exponent = (int32_t)(bits >> 23) - 150; /* x = mantissa * 2^exponent, exponent -24 to 104 */
    /* Product's upper 64 of 88 bits: quadrant in the top two bits after whole turns have wrapped away. */
    const int32_t skip = exponent > 2 ? exponent - 2 : 0, down = skip - (exponent - 2);
    const uint64_t first = two_over_pi(skip), second = two_over_pi(skip + 64) >> 32;
    uint64_t turns = mantissa * first + ((mantissa * second) >> 32);
    /* `turns` counts 2^-62 quarter turns; for small exponents `down` more bits lie above. */
    uint32_t quadrant;
    if (down) {
        const uint64_t above = (mantissa * (first >> 32) + ((mantissa * (first & UINT32_MAX)) >> 32)) >> 32;
        turns = turns >> down | above << (64 - down);
    }
    quadrant = (uint32_t)(turns >> 62);
    int64_t fraction = (int64_t)(turns << 2); /* of a quarter turn, 64 bits, as signed: nearest quadrant */
    if (fraction < 0) quadrant++;
    *rest = (float)fraction * 8.51530395e-20f; /* pi/2 * 2^-64 */
    if (bits_of(x) >> 31) {
        *rest = -*rest;
        quadrant = 0u - quadrant;
    }
    return quadrant & 3;
}

static float sine(float r) {
    const float z = r * r;
    return r + r * z * (-1.66666667e-1f + z * (8.33333333e-3f + z * (-1.98412698e-4f + z * 2.75573192e-6f)));
}

static float cosine(float r) {
    const float z = r * r;
    const float tail = -1.38888889e-3f + z * (2.48015873e-5f - z * 2.75573192e-7f);
    return 1.0f - (0.5f * z - z * z * (4.16666667e-2f + z * tail));
}

static float circular(float x, uint32_t turn) {
    float rest;
    if (!(magnitude(x) < INFINITE)) return NOT_A_NUMBER;
    const uint32_t quadrant = (quadrant_of(x, &rest) + turn) & 3;
    const float value = quadrant & 1 ? cosine(rest) : sine(rest);
    return quadrant & 2 ? -value : value;
}

float rlt_sinf(float x) {
    return circular(x, 0);
}

float rlt_cosf(float x) {
    return circular(x, 1);
}

/* |x| as mantissa * 2^exponent, mantissa below 2^24. */
static uint32_t split(uint32_t bits, int32_t *exponent) {
    const int32_t biased = (int32_t)(bits >> 23);
    *exponent = (biased ? biased : 1) - 150;
    return (bits & 0x7FFFFFu) | (biased ? 0x800000u : 0);
}

float rlt_fmodf(float x, float y) {
    const uint32_t a = bits_of(x) & 0x7FFFFFFFu, b = bits_of(y) & 0x7FFFFFFFu, sign = bits_of(x) & 0x80000000u;
    int32_t exponent, floor_exponent;
    if (a >= 0x7F800000u || b > 0x7F800000u || b == 0) return NOT_A_NUMBER;
    if (a < b) return x;
    /* Long division of the mantissas, one bit at a time; only the remainder is kept. */
    uint32_t rest = split(a, &exponent);
    const uint32_t divisor = split(b, &floor_exponent);
    rest %= divisor;
    for (; exponent > floor_exponent && rest; exponent--) rest = rest * 2 % divisor;
    uint32_t scaled = rest;
    if (!rest) return from_bits(sign);
    for (exponent = floor_exponent; scaled < 0x800000u && exponent > -149; exponent--) scaled *= 2;
    const uint32_t result = scaled < 0x800000u ? scaled : (uint32_t)(exponent + 150) << 23 | (scaled & 0x7FFFFFu);
    return from_bits(result | sign);
}

/* x^y for finite x > 0 in double: an error of the exponent would be multiplied by its size. */
static float power(double x, double y) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits); /* a float is never subnormal as a double */
    const uint64_t offset = bits - 0x3FE6A09E667F3BCDu; /* sqrt(1/2) */
    const int32_t exponent = (int32_t)((int64_t)offset >> 52);
    const uint64_t fraction = (offset & 0xFFFFFFFFFFFFFu) + 0x3FE6A09E667F3BCDu;
    double m;
    memcpy(&m, &fraction, sizeof m);
    const double s = (m - 1.0) / (m + 1.0), z = s * s;
    double series = 0.0;
    for (int32_t i = 17; i > 0; i -= 2) series = 1.0 / i + z * series;
    const double log2_x = exponent + 2.0 * s * series * 1.4426950408889634;
    const double t = y * log2_x;
    if (t >= 128.0) return INFINITE;
    if (t < -150.0) return 0.0f;
    const int32_t n = (int32_t)(t + (t < 0.0 ? -0.5 : 0.5)), half = n / 2;
    const double r = (t - n) * 0.6931471805599453;
    double sum = 1.0;
    for (int32_t i = 10; i > 0; i--) sum = 1.0 + r * sum / i;
    return (float)(sum * (double)power_of_two(half) * (double)power_of_two(n - half));
}

float rlt_powf(float x, float y) {
    if (y == 0.0f || x == 1.0f) return 1.0f;
    if (x != x || y != y) return NOT_A_NUMBER;
    const float size = magnitude(x);
    const int whole = rlt_floorf(y) == y;
    const int odd = whole && magnitude(y) < 16777216.0f && ((int32_t)y & 1);
    if (magnitude(y) == INFINITE) return size == 1.0f ? 1.0f : (size > 1.0f) == (y > 0.0f) ? INFINITE : 0.0f;
    if (x < 0.0f && !whole && size < INFINITE) return NOT_A_NUMBER;
    float result;
    if (size == 0.0f || size == INFINITE) {
        result = (size == 0.0f) == (y > 0.0f) ? 0.0f : INFINITE;
    } else {
        result = power((double)size, (double)y);
    }
    return odd && (bits_of(x) >> 31) ? -result : result;
}

/* atan(z) for z in [0, 1]: above tan(pi / 8) by way of atan((z - 1) / (z + 1)); the next term of the series is below
 * 4e-9. */
static float atan_of_fraction(float z) {
    const int is_large = z > 0.41421356f;
    const float t = is_large ? (z - 1.0f) / (z + 1.0f) : z, square = t * t;
    float sum = 1.0f / 17;
    for (int32_t i = 15; i >= 3; i -= 2) sum = 1.0f / (float)i - square * sum;
    const float result = t - t * square * sum;
    return is_large ? 0.785398163f + result : result;
}

float rlt_atan2f(float y, float x) {
    if (x != x || y != y) return NOT_A_NUMBER;
    const float along = magnitude(x), across = magnitude(y);
    float angle = 0.0f; /* from the nearer half axis */
    if (along == across) {
        angle = along == 0.0f ? 0.0f : 0.785398163f;
    } else if (along > across) {
        angle = atan_of_fraction(across / along);
    } else {
        angle = 1.57079633f - atan_of_fraction(along / across);
    }
    if (bits_of(x) >> 31) angle = 3.14159265f - angle;
    return from_bits(bits_of(angle) | (bits_of(y) & 0x80000000u));
}
