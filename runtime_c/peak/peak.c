/* rlt_peak(): the best instruction set's functions, and portable ones, which compilers vectorize as they can. */
#include "peak.h"

/* A dot product, the form that compilers know instructions for. One value changes a round, so that each is computed. */
static uint64_t int8_macs(uint32_t rounds, volatile int32_t *seen) {
    enum { COUNT = 1024 };
    int8_t a[COUNT], b[COUNT];
    uint32_t sum = 0;
    for (uint32_t i = 0; i < COUNT; i++) a[i] = b[i] = (int8_t)*seen;
    for (uint32_t r = 0; r < rounds; r++) {
        int32_t dot = 0;
        a[r % COUNT] = (int8_t)(r % 128);
        for (uint32_t i = 0; i < COUNT; i++) dot += a[i] * b[i];
        sum += (uint32_t)dot;
    }
    *seen = (int32_t)sum;
    return (uint64_t)rounds * COUNT;
}

static uint64_t float_macs(uint32_t rounds, volatile float *seen) {
    enum { CHAINS = 32 };
    float sums[CHAINS], factor = *seen;
    for (uint32_t i = 0; i < CHAINS; i++) sums[i] = (float)i;
    for (uint32_t r = 0; r < rounds; r++)
        for (uint32_t i = 0; i < CHAINS; i++) sums[i] = sums[i] * factor + factor;
    for (uint32_t i = 0; i < CHAINS; i++) *seen = sums[i];
    return (uint64_t)rounds * CHAINS;
}

static void read_all(const void *buffer, size_t bytes, volatile int32_t *seen) {
    enum { SUMS = 16 };
    const uint32_t *words = buffer;
    uint32_t sums[SUMS] = {0};
    for (size_t i = 0; i < bytes / sizeof *words; i += SUMS)
        for (size_t k = 0; k < SUMS; k++) sums[k] += words[i + k];
    for (uint32_t k = 0; k < SUMS; k++) *seen = (int32_t)sums[k];
}

const rlt_peak_set rlt_peak_scalar = {int8_macs, float_macs, read_all};

static const rlt_peak_set *best(void) {
    uint32_t isa = rlt_cpu_isa();
    (void)isa;
#if defined(RLT_BUILD_AVX512VNNI)
    if (isa & RLT_ISA_AVX512VNNI) return &rlt_peak_avx512vnni;
#endif
#if defined(RLT_BUILD_AVX2)
    if (isa & RLT_ISA_AVX2) return &rlt_peak_avx2;
#endif
    return &rlt_peak_scalar;
}

uint64_t rlt_peak(rlt_peak_kind kind, const void *buffer, size_t bytes, uint32_t rounds) {
    const rlt_peak_set *set = best();
    volatile int32_t integer = 0;
    volatile float real = 0.5f;
#if defined(RLT_BUILD_AVXVNNI)
    if (kind == RLT_PEAK_INT8_MACS && set == &rlt_peak_avx2 && (rlt_cpu_isa() & RLT_ISA_AVXVNNI)) {
        return rlt_peak_int8_avxvnni(rounds, &integer);
    }
#endif
    if (kind == RLT_PEAK_INT8_MACS) return set->int8_macs(rounds, &integer);
    if (kind == RLT_PEAK_FLOAT_MACS) return set->float_macs(rounds, &real);
    if (kind != RLT_PEAK_READ_BYTES || buffer == NULL || bytes % 512 != 0 || (uintptr_t)buffer % 64 != 0) return 0;
    for (uint32_t r = 0; r < rounds; r++) set->read(buffer, bytes, &integer);
    return (uint64_t)rounds * bytes;
}
