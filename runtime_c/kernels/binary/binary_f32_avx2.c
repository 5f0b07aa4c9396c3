/* Elementwise float kernels on two operands with AVX2. */
#include "../../simd/f32_avx2.h"
#include "../../simd/f32.h"
#include "binary_f32_kernel.h"

RLT_BINARY_F32_ALL(avx2)
