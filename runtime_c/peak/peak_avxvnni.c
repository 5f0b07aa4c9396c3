/* Int8 products with AVX-VNNI; all else is as with AVX2. */
#include <immintrin.h>

#include "peak.h"

uint64_t rlt_peak_int8_avxvnni(uint32_t rounds, volatile int32_t *seen) {
    __m256i a = _mm256_set1_epi32((int32_t)rounds), b = _mm256_set1_epi32(*seen);
#define START(i) __m256i sum##i = _mm256_set1_epi32(i);
#define STEP(i) sum##i = _mm256_dpbusd_avx_epi32(sum##i, a, b);
#define END(i) *seen = _mm256_extract_epi32(sum##i, 0);
    RLT_EACH_CHAIN(START)
    for (uint32_t r = 0; r < rounds; r++) { RLT_EACH_CHAIN(STEP) }
    RLT_EACH_CHAIN(END)
#undef START
#undef STEP
#undef END
    return (uint64_t)rounds * RLT_CHAINS * sizeof a;
}
