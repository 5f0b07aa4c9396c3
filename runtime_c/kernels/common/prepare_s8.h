/* The choice of an instruction set for int8 kernels that need no packing. Host only. */
#ifndef RLT_PREPARE_S8_H
#define RLT_PREPARE_S8_H

#include "../../core/prepare.h"

/* The form of kernel `name` for the widest vectors that may be used. */
#define RLT_S8_KERNEL(p, name) \
    (rlt_has(p, RLT_ISA_AVX512VNNI) ? RLT_KERNEL_##name##_avx512vnni \
     : rlt_has(p, RLT_ISA_AVX2)     ? RLT_KERNEL_##name##_avx2 \
                                    : RLT_KERNEL_##name)

/* The same where vectors of AVX-512 gain nothing over AVX2's: memory is the limit, or one element at a time. */
#define RLT_AVX2_KERNEL(p, name) (rlt_has(p, RLT_ISA_AVX2) ? RLT_KERNEL_##name##_avx2 : RLT_KERNEL_##name)

/* The form for a microcontroller's core. */
#define RLT_CORE_KERNEL(p, name) \
    (rlt_has(p, RLT_ISA_MVE)   ? RLT_KERNEL_##name##_mve \
     : rlt_has(p, RLT_ISA_DSP) ? RLT_KERNEL_##name##_dsp \
                               : RLT_KERNEL_##name)

/* Lookup of bytes: only AVX-512 is faster than a scalar load for each. */
static inline uint32_t rlt_lookup_kernel(const rlt_prepare_state *p) {
    return rlt_has(p, RLT_ISA_AVX512VNNI) ? RLT_KERNEL_lookup_avx512vnni : RLT_KERNEL_lookup;
}

#endif
