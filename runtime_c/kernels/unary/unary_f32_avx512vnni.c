/* Elementwise float kernels on one operand with AVX-512. */
#include "../../simd/f32_avx512.h"
#include "../../simd/f32.h"
#include "unary_f32_kernel.h"

RLT_UNARY_F32_ALL(avx512vnni)
