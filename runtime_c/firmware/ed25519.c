/* RFC 8032, section 5.1, with the extended coordinates of Hisil, Wong, Carter and Dawson, "Twisted Edwards Curves
 * Revisited" (2008), section 3.1. One complete formula serves for adding and doubling: the least code, an eighth slower. */
#include "ed25519.h"

#include <string.h>

#include "sha512.h"

/* An integer below 2^256, lowest word first; as an element of the field, modulo p = 2^255 - 19 and not always below p. */
typedef uint32_t number[8];

/* x = X / Z, y = Y / Z, x y = T / Z. */
struct point {
    number x, y, z, t;
};

static const number d = {0x135978A3u, 0x75EB4DCAu, 0x4141D8ABu, 0x00700A4Du, 0x7779E898u, 0x8CC74079u, 0x2B6FFE73u, 0x52036CEEu};
static const number twice_d = {0x26B2F159u, 0xEBD69B94u, 0x8283B156u, 0x00E0149Au, 0xEEF3D130u, 0x198E80F2u, 0x56DFFCE7u, 0x2406D9DCu};
static const number root_of_minus_1 = {0x4A0EA0B0u, 0xC4EE1B27u, 0xAD2FE478u, 0x2F431806u, 0x3DFBD7A7u, 0x2B4D0099u, 0x4FC1DF0Bu, 0x2B832480u};
static const number order = {0x5CF5D3EDu, 0x5812631Au, 0xA2F79CD6u, 0x14DEF9DEu, 0x00000000u, 0x00000000u, 0x00000000u, 0x10000000u};
static const number prime = {0xFFFFFFEDu, 0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu, 0x7FFFFFFFu};
static const struct point base = {
    {0x8F25D51Au, 0xC9562D60u, 0x9525A7B2u, 0x692CC760u, 0xFDD6DC5Cu, 0xC0A4E231u, 0xCD6E53FEu, 0x216936D3u},
    {0x66666658u, 0x66666666u, 0x66666666u, 0x66666666u, 0x66666666u, 0x66666666u, 0x66666666u, 0x66666666u},
    {1},
    {0xA5B7DDA3u, 0x6DDE8AB3u, 0x775152F5u, 0x20F09F80u, 0x64ABE37Du, 0x66EA4E8Eu, 0xD78B7665u, 0x67875F0Fu},
};

/* a + b, and what it comes to above 2^256. */
static uint32_t add_words(number out, const number a, const number b)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < 8; ++i) {
        sum += (uint64_t)a[i] + b[i];
        out[i] = (uint32_t)sum;
        sum >>= 32;
    }
    return (uint32_t)sum;
}

/* a - b; 1 if that is below 0. */
static uint32_t subtract_words(number out, const number a, const number b)
{
    uint32_t borrow = 0;
    for (uint32_t i = 0; i < 8; ++i) {
        uint64_t difference = (uint64_t)a[i] - b[i] - borrow;
        out[i] = (uint32_t)difference;
        borrow = (uint32_t)(difference >> 63);
    }
    return borrow;
}

static int is_below(const number a, const number b)
{
    number difference;
    return (int)subtract_words(difference, a, b);
}

/* 2^256 is 38 modulo p: what runs over comes back at the bottom, at most twice. */
static void fold(number out, uint32_t over)
{
    while (over != 0) {
        uint64_t sum = (uint64_t)over * 38u;
        for (uint32_t i = 0; i < 8; ++i) {
            sum += out[i];
            out[i] = (uint32_t)sum;
            sum >>= 32;
        }
        over = (uint32_t)sum;
    }
}

static void add(number out, const number a, const number b)
{
    fold(out, add_words(out, a, b));
}

static void subtract(number out, const number a, const number b)
{
    static const number thirty_eight = {38};
    uint32_t under = subtract_words(out, a, b);
    while (under) { /* what was borrowed, 2^256, is 38 too much */
        under = subtract_words(out, out, thirty_eight);
    }
}

static void multiply(number out, const number a, const number b)
{
    uint32_t product[16] = {0};
    uint64_t sum;
    for (uint32_t i = 0; i < 8; ++i) {
        sum = 0;
        for (uint32_t j = 0; j < 8; ++j) {
            sum += (uint64_t)a[i] * b[j] + product[i + j];
            product[i + j] = (uint32_t)sum;
            sum >>= 32;
        }
        product[i + 8] = (uint32_t)sum;
    }
    sum = 0;
    for (uint32_t i = 0; i < 8; ++i) {
        sum += (uint64_t)product[i + 8] * 38u + product[i];
        out[i] = (uint32_t)sum;
        sum >>= 32;
    }
    fold(out, (uint32_t)sum);
}

/* The one representative below p. */
static void reduce(number value)
{
    while (!is_below(value, prime)) {
        subtract_words(value, value, prime);
    }
}

static uint32_t bit_of(const number value, uint32_t bit)
{
    return value[bit / 32] >> bit % 32 & 1u;
}

/* a to the power of 2^bits - below. */
static void power(number out, const number a, uint32_t bits, uint32_t below)
{
    number result = {1};
    /* The exponent's words above the lowest are ones, up to `bits`. */
    uint32_t low = 0u - below;
    for (uint32_t i = bits; i-- != 0;) {
        multiply(result, result, result);
        if (i >= 32 || (low >> i & 1u)) {
            multiply(result, result, a);
        }
    }
    memcpy(out, result, sizeof result);
}

static void load(number out, const uint8_t bytes[32])
{
    for (uint32_t i = 0; i < 8; ++i) {
        const uint8_t *at = bytes + 4 * i;
        out[i] = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    }
}

static int is_equal(const number a, const number b)
{
    number difference;
    subtract(difference, a, b);
    reduce(difference);
    return memcmp(difference, (const number){0}, sizeof difference) == 0;
}

/* The sum, also of a point and itself; `out` may be either. */
static void add_points(struct point *out, const struct point *p, const struct point *q)
{
    number a, b, c, e;
    subtract(a, p->y, p->x);
    subtract(b, q->y, q->x);
    multiply(a, a, b);
    add(b, p->y, p->x);
    add(c, q->y, q->x);
    multiply(b, b, c);
    multiply(c, p->t, q->t);
    multiply(c, c, twice_d);
    multiply(e, p->z, q->z);
    add(e, e, e);
    subtract(out->x, b, a); /* E, F, G, H of the paper, in x, z, e, b */
    subtract(out->z, e, c);
    add(e, e, c);
    add(b, b, a);
    multiply(out->t, out->x, b);
    multiply(out->x, out->x, out->z);
    multiply(out->y, e, b);
    multiply(out->z, out->z, e);
}

/* The negative of the point that 32 bytes stand for (section 5.1.3); 0: they stand for none. */
static int load_negative(struct point *out, const uint8_t bytes[32])
{
    static const number one = {1};
    number u, v, w;
    uint32_t sign = bytes[31] >> 7;
    load(out->y, bytes);
    out->y[7] &= 0x7FFFFFFFu;
    if (!is_below(out->y, prime)) {
        return 0;
    }
    multiply(w, out->y, out->y);
    subtract(u, w, one);
    multiply(v, w, d);
    add(v, v, one);
    multiply(w, v, v); /* x = u v^3 (u v^7)^((p - 5) / 8), and (p - 5) / 8 = 2^252 - 3 */
    multiply(w, w, v);
    multiply(out->x, u, w);
    multiply(w, w, v);
    multiply(w, w, out->x);
    power(w, w, 252, 3);
    multiply(out->x, out->x, w);
    multiply(w, out->x, out->x);
    multiply(w, w, v);
    if (!is_equal(w, u)) {
        multiply(out->x, out->x, root_of_minus_1);
        multiply(w, out->x, out->x);
        multiply(w, w, v);
        if (!is_equal(w, u)) {
            return 0;
        }
    }
    reduce(out->x);
    if (memcmp(out->x, (const number){0}, sizeof(number)) == 0 && sign) {
        return 0;
    }
    if ((out->x[0] & 1u) == sign) {
        subtract(out->x, prime, out->x);
    }
    memcpy(out->z, one, sizeof one);
    multiply(out->t, out->x, out->y);
    return 1;
}

/* Whether the point's 32 bytes are these. */
static int is_stored(const struct point *p, const uint8_t bytes[32])
{
    number inverse, x, y, stored;
    power(inverse, p->z, 255, 21); /* p - 2 */
    multiply(x, p->x, inverse);
    multiply(y, p->y, inverse);
    reduce(x);
    reduce(y);
    y[7] |= (x[0] & 1u) << 31;
    load(stored, bytes);
    return memcmp(y, stored, sizeof y) == 0;
}

/* A hash of 64 bytes, modulo the group's order. */
static void load_modulo(number out, const uint8_t bytes[FW_SHA512_BYTES])
{
    memset(out, 0, sizeof(number));
    for (uint32_t bit = 8 * FW_SHA512_BYTES; bit-- != 0;) {
        add_words(out, out, out);
        out[0] |= bytes[bit / 8] >> bit % 8 & 1u;
        if (!is_below(out, order)) {
            subtract_words(out, out, order);
        }
    }
}

static void challenge(number out, const uint8_t *signature, const uint8_t *key, const uint8_t *message, uint32_t length)
{
    struct fw_sha512 hash;
    uint8_t digest[FW_SHA512_BYTES];
    fw_sha512_start(&hash);
    fw_sha512_add(&hash, signature, 32);
    fw_sha512_add(&hash, key, FW_KEY_BYTES);
    fw_sha512_add(&hash, message, length);
    fw_sha512_finish(&hash, digest);
    load_modulo(out, digest);
}

/* Section 5.1.7 without the factor 8, as OpenSSL does it: R = s B - h A. */
int fw_ed25519_verify(const uint8_t signature[FW_SIGNATURE_BYTES], const uint8_t key[FW_KEY_BYTES],
                      const uint8_t *message, uint32_t length)
{
    number s, h;
    struct point minus_a, both, sum = {{0}, {1}, {1}, {0}};
    const struct point *terms[3] = {&base, &minus_a, &both};
    load(s, signature + 32);
    if (!is_below(s, order) || !load_negative(&minus_a, key)) {
        return 0;
    }
    challenge(h, signature, key, message, length);
    add_points(&both, &base, &minus_a);
    for (uint32_t bit = 253; bit-- != 0;) {
        uint32_t term = bit_of(s, bit) | bit_of(h, bit) << 1;
        add_points(&sum, &sum, &sum);
        if (term != 0) {
            add_points(&sum, &sum, terms[term - 1]);
        }
    }
    return is_stored(&sum, signature);
}
