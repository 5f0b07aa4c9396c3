/* The choice of an instruction set for float kernels. Host only. */
#ifndef RLT_PREPARE_F32_H
#define RLT_PREPARE_F32_H

#include "../../core/prepare.h"

/* A kernel in each of its forms. */
typedef struct {
    uint32_t scalar, avx2, avx512vnni;
} rlt_f32_kernels;
#define RLT_F32_KERNELS(name) {RLT_KERNEL_##name, RLT_KERNEL_##name##_avx2, RLT_KERNEL_##name##_avx512vnni}

/* Floats in the widest vectors of the instruction sets that may be chosen; 1: none. */
static inline int32_t rlt_f32_lanes(const rlt_prepare_state *p) {
    return rlt_has(p, RLT_ISA_AVX512VNNI) ? 16 : rlt_has(p, RLT_ISA_AVX2) ? 8 : 1;
}

/* The form for vectors of `lanes`. */
static inline uint32_t rlt_f32_kernel(const rlt_f32_kernels *k, int32_t lanes) {
    return lanes == 16 ? k->avx512vnni : lanes == 8 ? k->avx2 : k->scalar;
}

#endif
