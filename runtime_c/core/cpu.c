/* Which instruction sets this CPU and operating system offer. */
#include <stdlib.h>
#include <string.h>

#include "rillet.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

/* Which register states the operating system saves: XCR0 (Intel SDM, volume 1, chapter 13). */
static uint32_t saved_states(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

/* Bits as in Intel SDM, volume 2, CPUID: leaf 1 ECX, leaf 7 EBX and ECX, its subleaf 1 EAX. */
static uint32_t detect(void) {
    enum { FMA = 1u << 12, OSXSAVE = 1u << 27, AVX = 1u << 28, F16C = 1u << 29 };
    const uint32_t avx2 = 1u << 5, avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31, vnni = 1u << 11;
    const uint32_t avx_vnni = 1u << 4;
    const uint32_t ymm_states = 0x06, zmm_states = 0xE6;
    uint32_t a, b, c, d, a1, b1, c1, d1, isa = RLT_ISA_SCALAR;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return isa;
    if ((c & (FMA | OSXSAVE | AVX | F16C)) != (FMA | OSXSAVE | AVX | F16C)) return isa;
    uint32_t states = saved_states();
    if ((states & ymm_states) != ymm_states || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return isa;
    if (!(b & avx2)) return isa;
    isa |= RLT_ISA_AVX2;
    if (__get_cpuid_count(7, 1, &a1, &b1, &c1, &d1) && (a1 & avx_vnni)) isa |= RLT_ISA_AVXVNNI;
    if ((states & zmm_states) == zmm_states && (b & avx512) == avx512 && (c & vnni)) isa |= RLT_ISA_AVX512VNNI;
    return isa;
}
#else
/* Elsewhere the build target decides: the library holds no kernels beyond it. */
static uint32_t detect(void) {
    uint32_t isa = RLT_ISA_SCALAR;
#if defined(__ARM_NEON)
    isa |= RLT_ISA_NEON;
#endif
#if defined(__ARM_FEATURE_DOTPROD) && defined(__ARM_NEON)
    isa |= RLT_ISA_DOTPROD;
#endif
#if defined(__wasm_simd128__)
    isa |= RLT_ISA_WASM;
#endif
    return isa;
}
#endif

static uint32_t built(void) {
    uint32_t isa = RLT_ISA_SCALAR;
#if defined(RLT_BUILD_AVX2)
    isa |= RLT_ISA_AVX2;
#endif
#if defined(RLT_BUILD_AVXVNNI)
    isa |= RLT_ISA_AVXVNNI;
#endif
#if defined(RLT_BUILD_AVX512VNNI)
    isa |= RLT_ISA_AVX512VNNI;
#endif
#if defined(RLT_BUILD_NEON)
    isa |= RLT_ISA_NEON;
#endif
#if defined(RLT_BUILD_DOTPROD)
    isa |= RLT_ISA_DOTPROD;
#endif
#if defined(RLT_BUILD_WASM)
    isa |= RLT_ISA_WASM;
#endif
    return isa;
}

/* RILLET_ISA names the best set that may be used; each includes the ones before it. Unknown names limit nothing. */
static uint32_t allowed(void) {
    const char *name = getenv("RILLET_ISA");
    if (name == NULL) return UINT32_MAX;
    if (strcmp(name, "scalar") == 0) return RLT_ISA_SCALAR;
    if (strcmp(name, "avx2") == 0) return RLT_ISA_SCALAR | RLT_ISA_AVX2;
    if (strcmp(name, "avxvnni") == 0) return RLT_ISA_SCALAR | RLT_ISA_AVX2 | RLT_ISA_AVXVNNI;
    if (strcmp(name, "neon") == 0) return RLT_ISA_SCALAR | RLT_ISA_NEON;
    return UINT32_MAX;
}

uint32_t rlt_cpu_isa(void) {
    static uint32_t isa; /* whoever writes it writes the same value */
    if (isa == 0) isa = detect() & built() & allowed();
    return isa;
}
