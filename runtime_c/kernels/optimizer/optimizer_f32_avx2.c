/* Optimizers with AVX2. */
#include "../../simd/f32_avx2.h"
#include "../../simd/f32.h"
#include "optimizer_f32_kernel.h"

RLT_OPTIMIZER_F32_ALL(avx2)
