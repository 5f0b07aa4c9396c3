/* Widths of float vectors. Host only. */
#ifndef RLT_PREPARE_F32_H
#define RLT_PREPARE_F32_H

#include "prepare_s8.h"

/* Floats in a vector of the kernel that RLT_S8_KERNEL() chooses; 1: it is the scalar one. */
static inline int32_t rlt_f32_lanes(const rlt_prepare_state *p) {
    return rlt_has(p, RLT_ISA_AVX512VNNI) ? 16 : rlt_has(p, RLT_ISA_AVX2) ? 8 : 1;
}

#endif
