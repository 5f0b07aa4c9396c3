#include <immintrin.h>

#include "peak.h"

static uint64_t int8_macs(uint32_t rounds, volatile int32_t *seen) {
    __m512i a = _mm512_set1_epi32((int32_t)rounds), b = _mm512_set1_epi32(*seen);
#define START(i) __m512i sum##i = _mm512_set1_epi32(i);
#define STEP(i) sum##i = _mm512_dpbusd_epi32(sum##i, a, b);
#define END(i) *seen = _mm_cvtsi128_si32(_mm512_castsi512_si128(sum##i));
    RLT_EACH_CHAIN(START)
    for (uint32_t r = 0; r < rounds; r++) { RLT_EACH_CHAIN(STEP) }
    RLT_EACH_CHAIN(END)
#undef START
#undef STEP
#undef END
    return (uint64_t)rounds * RLT_CHAINS * sizeof a;
}

static uint64_t float_macs(uint32_t rounds, volatile float *seen) {
    __m512 factor = _mm512_set1_ps(*seen);
#define START(i) __m512 sum##i = _mm512_set1_ps((float)i);
#define STEP(i) sum##i = _mm512_fmadd_ps(sum##i, factor, factor);
#define END(i) *seen = _mm512_cvtss_f32(sum##i);
    RLT_EACH_CHAIN(START)
    for (uint32_t r = 0; r < rounds; r++) { RLT_EACH_CHAIN(STEP) }
    RLT_EACH_CHAIN(END)
#undef START
#undef STEP
#undef END
    return (uint64_t)rounds * RLT_CHAINS * (sizeof factor / sizeof(float));
}

static void read_all(const void *buffer, size_t bytes, volatile int32_t *seen) {
    const __m512i *block = buffer, *end = block + bytes / sizeof *block;
#define START(i) __m512i sum##i = _mm512_setzero_si512();
#define STEP(i) sum##i = _mm512_add_epi32(sum##i, _mm512_load_si512(block + i));
#define END(i) *seen = _mm_cvtsi128_si32(_mm512_castsi512_si128(sum##i));
    RLT_EACH_8(START)
    for (; block < end; block += RLT_READ_STEP) { RLT_EACH_8(STEP) }
    RLT_EACH_8(END)
#undef START
#undef STEP
#undef END
}

const rlt_peak_set rlt_peak_avx512vnni = {int8_macs, float_macs, read_all};
