/* FIPS 180-4, sections 4.1.3, 5.3.5 and 6.4. Written for small code: a model is hashed once, when it is installed. */
#include "sha512.h"

#include <string.h>

/* Of the square roots of the first 8 primes and the cube roots of the first 80, the first 64 bits of the fraction. */
static const uint64_t roots[8] = {
    0x6A09E667F3BCC908u, 0xBB67AE8584CAA73Bu, 0x3C6EF372FE94F82Bu, 0xA54FF53A5F1D36F1u,
    0x510E527FADE682D1u, 0x9B05688C2B3E6C1Fu, 0x1F83D9ABFB41BD6Bu, 0x5BE0CD19137E2179u,
};
static const uint64_t constants[80] = {
    0x428A2F98D728AE22u, 0x7137449123EF65CDu, 0xB5C0FBCFEC4D3B2Fu, 0xE9B5DBA58189DBBCu,
    0x3956C25BF348B538u, 0x59F111F1B605D019u, 0x923F82A4AF194F9Bu, 0xAB1C5ED5DA6D8118u,
    0xD807AA98A3030242u, 0x12835B0145706FBEu, 0x243185BE4EE4B28Cu, 0x550C7DC3D5FFB4E2u,
    0x72BE5D74F27B896Fu, 0x80DEB1FE3B1696B1u, 0x9BDC06A725C71235u, 0xC19BF174CF692694u,
    0xE49B69C19EF14AD2u, 0xEFBE4786384F25E3u, 0x0FC19DC68B8CD5B5u, 0x240CA1CC77AC9C65u,
    0x2DE92C6F592B0275u, 0x4A7484AA6EA6E483u, 0x5CB0A9DCBD41FBD4u, 0x76F988DA831153B5u,
    0x983E5152EE66DFABu, 0xA831C66D2DB43210u, 0xB00327C898FB213Fu, 0xBF597FC7BEEF0EE4u,
    0xC6E00BF33DA88FC2u, 0xD5A79147930AA725u, 0x06CA6351E003826Fu, 0x142929670A0E6E70u,
    0x27B70A8546D22FFCu, 0x2E1B21385C26C926u, 0x4D2C6DFC5AC42AEDu, 0x53380D139D95B3DFu,
    0x650A73548BAF63DEu, 0x766A0ABB3C77B2A8u, 0x81C2C92E47EDAEE6u, 0x92722C851482353Bu,
    0xA2BFE8A14CF10364u, 0xA81A664BBC423001u, 0xC24B8B70D0F89791u, 0xC76C51A30654BE30u,
    0xD192E819D6EF5218u, 0xD69906245565A910u, 0xF40E35855771202Au, 0x106AA07032BBD1B8u,
    0x19A4C116B8D2D0C8u, 0x1E376C085141AB53u, 0x2748774CDF8EEB99u, 0x34B0BCB5E19B48A8u,
    0x391C0CB3C5C95A63u, 0x4ED8AA4AE3418ACBu, 0x5B9CCA4F7763E373u, 0x682E6FF3D6B2B8A3u,
    0x748F82EE5DEFB2FCu, 0x78A5636F43172F60u, 0x84C87814A1F0AB72u, 0x8CC702081A6439ECu,
    0x90BEFFFA23631E28u, 0xA4506CEBDE82BDE9u, 0xBEF9A3F7B2C67915u, 0xC67178F2E372532Bu,
    0xCA273ECEEA26619Cu, 0xD186B8C721C0C207u, 0xEADA7DD6CDE0EB1Eu, 0xF57D4F7FEE6ED178u,
    0x06F067AA72176FBAu, 0x0A637DC5A2C898A6u, 0x113F9804BEF90DAEu, 0x1B710B35131C471Bu,
    0x28DB77F523047D84u, 0x32CAAB7B40C72493u, 0x3C9EBE0A15C9BEBCu, 0x431D67C49C100D4Cu,
    0x4CC5D4BECB3E42B6u, 0x597F299CFC657E2Au, 0x5FCB6FAB3AD6FAECu, 0x6C44198C4A475817u,
};

static uint64_t right(uint64_t value, uint32_t by)
{
    return value >> by | value << (64u - by);
}

static uint64_t big_endian(const uint8_t *from)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < 8; ++i) {
        value = value << 8 | from[i];
    }
    return value;
}

static void take_block(uint64_t state[8], const uint8_t *block)
{
    uint64_t v[8], w[16]; /* of the 80 words of the schedule, the last 16 */
    memcpy(v, state, sizeof v);
    for (uint32_t t = 0; t < 80; ++t) {
        /* Instead of moving all eight working variables on by one, their names move. */
        uint64_t a = v[(0u - t) & 7u], b = v[(1u - t) & 7u], c = v[(2u - t) & 7u];
        uint64_t e = v[(4u - t) & 7u], f = v[(5u - t) & 7u], g = v[(6u - t) & 7u];
        uint64_t word;
        if (t < 16) {
            word = big_endian(block + 8 * t);
        } else {
            uint64_t early = w[(t + 1) & 15u], late = w[(t + 14) & 15u];
            word = w[t & 15u] + w[(t + 9) & 15u] + (right(early, 1) ^ right(early, 8) ^ early >> 7) +
                   (right(late, 19) ^ right(late, 61) ^ late >> 6);
        }
        w[t & 15u] = word;
        word += constants[t] + v[(7u - t) & 7u] + (right(e, 14) ^ right(e, 18) ^ right(e, 41)) + ((e & f) ^ (~e & g));
        v[(3u - t) & 7u] += word;
        v[(7u - t) & 7u] = word + (right(a, 28) ^ right(a, 34) ^ right(a, 39)) + ((a & b) ^ (a & c) ^ (b & c));
    }
    for (uint32_t i = 0; i < 8; ++i) { /* 80 is a multiple of 8: the names are back at their places */
        state[i] += v[i];
    }
}

void fw_sha512_start(struct fw_sha512 *hash)
{
    memcpy(hash->state, roots, sizeof roots);
    hash->length = 0;
}

void fw_sha512_add(struct fw_sha512 *hash, const uint8_t *data, uint32_t length)
{
    while (length != 0) {
        uint32_t at = hash->length & 127u;
        uint32_t piece = length < 128u - at ? length : 128u - at;
        memcpy(hash->block + at, data, piece);
        hash->length += piece;
        data += piece;
        length -= piece;
        if (at + piece == 128u) {
            take_block(hash->state, hash->block);
        }
    }
}

void fw_sha512_finish(struct fw_sha512 *hash, uint8_t digest[FW_SHA512_BYTES])
{
    static const uint8_t mark = 0x80, zero = 0;
    uint32_t bytes = hash->length;
    uint8_t bits[16] = {[11] = (uint8_t)(bytes >> 29), [12] = (uint8_t)(bytes >> 21), [13] = (uint8_t)(bytes >> 13),
                        [14] = (uint8_t)(bytes >> 5), [15] = (uint8_t)(bytes << 3)};
    fw_sha512_add(hash, &mark, 1);
    while ((hash->length & 127u) != 112u) {
        fw_sha512_add(hash, &zero, 1);
    }
    fw_sha512_add(hash, bits, sizeof bits);
    for (uint32_t i = 0; i < FW_SHA512_BYTES; ++i) {
        digest[i] = (uint8_t)(hash->state[i / 8] >> (56u - 8u * (i % 8)));
    }
}
