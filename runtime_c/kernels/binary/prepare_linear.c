#include "prepare_linear.h"

#include <math.h>

#include "../common/fixed_point.h"

/* Bits of a sum behind the point; fewer leave those too coarse whose roundings have 19. */
enum { VALUES = 256, MOST_BITS = 22, LEAST_BITS = 20 };

/* Slightly other numbers are tried, in steps of about half of what roundings change. The first attempts move the offset,
 * the others the factors, in these directions and ever further. */
typedef struct {
    int8_t a, b;
} direction;
static const direction DIRECTIONS[] = {{0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, -1}, {1, -1}, {-1, 1}};
enum { OFFSETS = 5, WAYS = sizeof DIRECTIONS / sizeof *DIRECTIONS, TRIES = OFFSETS + 2 * WAYS };

/* `k` with both operands' values on the common scale. */
typedef struct {
    const rlt_binary_s8_params *k;
    int32_t a[VALUES], b[VALUES];
} sums;

static void scale_operand(const rlt_rescale *r, int negative, int32_t *to) {
    for (int32_t i = 0; i < VALUES; i++) {
        const int32_t x = rlt_requantize((i - 128 - r->zero_point) * (1 << r->left), r->multiplier, r->shift);
        to[i] = negative ? -x : x;
    }
}

/* A factor in units of 2^-15 of the result's last bit, for operands in the upper byte of 16 bits. */
static int32_t factor_of(double factor, int32_t bits) { return (int32_t)lrint(ldexp(factor, bits + 7)); }

static int32_t high_of(int32_t factor) { return (factor + (1 << 14)) >> 15; }
static int32_t low_of(int32_t factor) { return factor - high_of(factor) * (1 << 15); }
static int32_t both(int32_t a, int32_t b) { return (int32_t)((uint32_t)a & 0xFFFF) | (int32_t)((uint32_t)b << 16); }

/* Whether all results with `x` as the first operand are those of the kernels that round as often as LiteRT. */
static int row_is_equal(const sums *s, const rlt_linear_s8_params *to, int32_t x) {
    const rlt_binary_s8_params *k = s->k;
    const int32_t a = (x - 128) * VALUES;
    for (int32_t i = 0; i < VALUES; i++) {
        const int32_t b = (i - 128) * VALUES;
        const int64_t high = (int64_t)a * (int16_t)to->high + (int64_t)b * (to->high >> 16);
        const int64_t low = (int64_t)a * (int16_t)to->low + (int64_t)b * (to->low >> 16);
        const int32_t value = (int32_t)((high + (low >> 15) + to->offset) >> to->bits);
        const int32_t exact = rlt_requantize(s->a[x] + s->b[i], k->multiplier, k->shift);
        if (rlt_clamp(value, k->low, k->high) != rlt_saturate(exact, k->zero_point, k->low, k->high)) return 0;
    }
    return 1;
}

/* Results can differ only where a sum is about as near to the next result as roundings take it, which is rare: such rows
 * are compared. `near`: that distance. */
static int is_equal(const sums *s, const rlt_linear_s8_params *to, int32_t near) {
    const int32_t mask = (1 << to->bits) - 1;
    int32_t part[VALUES];
    for (int32_t i = 0; i < VALUES; i++) {
        const int32_t b = (i - 128) * VALUES;
        part[i] = b * (to->high >> 16) + ((b * (to->low >> 16)) >> 15);
    }
    for (int32_t x = 0; x < VALUES; x++) {
        const int32_t a = (x - 128) * VALUES;
        const uint32_t sum = (uint32_t)(a * (int16_t)to->high) + (uint32_t)((a * (int16_t)to->low) >> 15);
        const uint32_t start = sum + (uint32_t)to->offset + (uint32_t)near;
        int32_t found = 0;
        for (int32_t i = 0; i < VALUES; i++) {
            found |= ((int32_t)(start + (uint32_t)part[i]) & mask) < 2 * near;
        }
        if (found && !row_is_equal(s, to, x)) return 0;
    }
    return 1;
}

int rlt_linear_s8(const rlt_binary_s8_params *k, int subtract, rlt_linear_s8_params *to) {
    const double unit = ldexp(k->multiplier, k->shift - 31); /* of the common scale, in the output's */
    const double a = unit * ldexp(k->rescale_a.multiplier, k->rescale_a.left + k->rescale_a.shift - 31);
    const double b = unit * ldexp(k->rescale_b.multiplier, k->rescale_b.left + k->rescale_b.shift - 31);
    const double largest = VALUES * (a + b + 1);
    int32_t bits = MOST_BITS;
    while (bits >= LEAST_BITS && (largest >= ldexp(1, 31 - bits) || fmax(a, b) >= ldexp(1, 22 - bits))) bits--;
    if (bits < LEAST_BITS || k->shift > -1 || k->shift < -MOST_BITS) return 0;
    sums s = {.k = k};
    scale_operand(&k->rescale_a, 0, s.a);
    scale_operand(&k->rescale_b, subtract, s.b);
    const int32_t factor_a = factor_of(a, bits), factor_b = factor_of(subtract ? -b : b, bits);
    const int32_t step = (int32_t)ldexp(unit, bits - 1) + 1;
    const int32_t rounded = (int32_t)(2 * ldexp(unit + ldexp(1, k->shift), bits)) + 8;
    *to = (rlt_linear_s8_params){.a = k->a, .b = k->b, .output = k->output, .shape = k->shape,
                                 .bits = bits, .least = k->low, .most = k->high};
    for (int32_t i = 0; i < TRIES; i++) {
        const int32_t moved = i >= OFFSETS ? 0 : (i % 2 ? -(i + 1) / 2 : i / 2) * step;
        const int32_t further = i < OFFSETS ? 0 : step * ((i - OFFSETS) / WAYS + 1);
        const direction d = DIRECTIONS[i < OFFSETS ? 0 : (i - OFFSETS) % WAYS];
        const int32_t tried_a = factor_a + d.a * further, tried_b = factor_b + d.b * further;
        const int64_t zero = (int64_t)k->rescale_a.zero_point * tried_a + (int64_t)k->rescale_b.zero_point * tried_b;
        to->high = both(high_of(tried_a), high_of(tried_b));
        to->low = both(low_of(tried_a), low_of(tried_b));
        to->offset = k->zero_point * (1 << bits) + (1 << (bits - 1)) - (int32_t)(zero >> 7) + moved;
        if (is_equal(&s, to, rounded + OFFSETS * step + 4 * further)) return 1;
    }
    return 0;
}
