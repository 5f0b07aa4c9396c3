/* Int8 here is what kernels do without VNNI: 16-bit multiply-add pairs and an addition. */
#include <immintrin.h>

#include "peak.h"

static uint64_t int8_macs(uint32_t rounds, volatile int32_t *seen) {
    __m256i b = _mm256_set1_epi32(*seen + (int32_t)rounds);
#define START(i) __m256i sum##i = _mm256_set1_epi32(i);
#define STEP(i) sum##i = _mm256_add_epi32(sum##i, _mm256_madd_epi16(sum##i, b));
#define END(i) *seen = _mm256_extract_epi32(sum##i, 0);
    RLT_EACH_CHAIN(START)
    for (uint32_t r = 0; r < rounds; r++) { RLT_EACH_CHAIN(STEP) }
    RLT_EACH_CHAIN(END)
#undef START
#undef STEP
#undef END
    return (uint64_t)rounds * RLT_CHAINS * (sizeof b / sizeof(int16_t));
}

static uint64_t float_macs(uint32_t rounds, volatile float *seen) {
    __m256 factor = _mm256_set1_ps(*seen);
#define START(i) __m256 sum##i = _mm256_set1_ps((float)i);
#define STEP(i) sum##i = _mm256_fmadd_ps(sum##i, factor, factor);
#define END(i) *seen = _mm256_cvtss_f32(sum##i);
    RLT_EACH_CHAIN(START)
    for (uint32_t r = 0; r < rounds; r++) { RLT_EACH_CHAIN(STEP) }
    RLT_EACH_CHAIN(END)
#undef START
#undef STEP
#undef END
    return (uint64_t)rounds * RLT_CHAINS * (sizeof factor / sizeof(float));
}

static void read_all(const void *buffer, size_t bytes, volatile int32_t *seen) {
    const __m256i *block = buffer, *end = block + bytes / sizeof *block;
#define START(i) __m256i sum##i = _mm256_setzero_si256();
#define STEP(i) sum##i = _mm256_add_epi32(sum##i, _mm256_load_si256(block + i));
#define END(i) *seen = _mm256_extract_epi32(sum##i, 0);
    RLT_EACH_8(START)
    for (; block < end; block += RLT_READ_STEP) { RLT_EACH_8(STEP) }
    RLT_EACH_8(END)
#undef START
#undef STEP
#undef END
}

const rlt_peak_set rlt_peak_avx2 = {int8_macs, float_macs, read_all};
