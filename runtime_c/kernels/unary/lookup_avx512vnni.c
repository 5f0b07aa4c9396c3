/* Lookup with AVX-512: 16 tables of 16 bytes, each for the values whose upper half is its number. */
#include <immintrin.h>

#include "unary.h"

static inline __m512i look_up(const __m512i *rows, __m512i x) {
    const __m512i nibble = _mm512_set1_epi8(15);
    const __m512i low = _mm512_and_si512(x, nibble), high = _mm512_and_si512(_mm512_srli_epi16(x, 4), nibble);
    __m512i y = _mm512_setzero_si512();
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
        y = _mm512_mask_shuffle_epi8(y, _mm512_cmpeq_epi8_mask(high, _mm512_set1_epi8((char)i)), rows[i], low);
    }
    return y;
}

/* Whether the table only flips bits of a value, the same in each: what UINT8 to INT8 comes to. */
static int flips_bits(const uint8_t *table) {
    const __m512i eights =
        _mm512_setr_epi64(0, 0x0808080808080808, 0x1010101010101010, 0x1818181818181818, 0x2020202020202020,
                          0x2828282828282828, 0x3030303030303030, 0x3838383838383838);
    const __m512i index = _mm512_or_si512(eights, _mm512_set1_epi64(0x0706050403020100));
    __mmask64 differ = 0;
    for (int i = 0; i < 256; i += 64) {
        const __m512i flipped = _mm512_xor_si512(index, _mm512_set1_epi8((char)(table[0] ^ i)));
        differ |= _mm512_cmpneq_epi8_mask(_mm512_loadu_si512(table + i), flipped);
    }
    return differ == 0;
}

rlt_status rlt_lookup_avx512vnni(const rlt_run *run, const void *params) {
    const rlt_lookup_params *p = params;
    const uint8_t *input = rlt_in(run, p->input), *table = rlt_in(run, p->table);
    uint8_t *output = rlt_out(run, p->output);
    __m512i rows[16];
    uint32_t i, last;
    rlt_share_of(run, p->count, &i, &last);
    if (flips_bits(table)) {
        const __m512i flip = _mm512_set1_epi8((char)table[0]);
        for (; i + 64 <= last; i += 64) {
            _mm512_storeu_si512(output + i, _mm512_xor_si512(_mm512_loadu_si512(input + i), flip));
        }
        for (; i < last; i++) output[i] = input[i] ^ table[0];
        return RLT_OK;
    }
    for (int row = 0; row < 16; row++) {
        rows[row] = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)(table + 16 * row)));
    }
    for (; last - i >= 64; i += 64) _mm512_storeu_si512(output + i, look_up(rows, _mm512_loadu_si512(input + i)));
    if (i < last) {
        const __mmask64 rest = (UINT64_C(1) << (last - i)) - 1;
        _mm512_mask_storeu_epi8(output + i, rest, look_up(rows, _mm512_maskz_loadu_epi8(rest, input + i)));
    }
    return RLT_OK;
}
