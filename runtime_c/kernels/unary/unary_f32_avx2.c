/* Elementwise float kernels on one operand with AVX2. */
#include "../../simd/f32_avx2.h"
#include "../../simd/f32.h"
#include "unary_f32_kernel.h"

RLT_UNARY_F32_ALL(avx2)
