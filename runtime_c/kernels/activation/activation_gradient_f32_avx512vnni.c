/* Gradients of activations with AVX-512. */
#include "../../simd/f32_avx512.h"
#include "../../simd/f32.h"
#include "activation_gradient_f32_kernel.h"

RLT_ACTIVATION_GRADIENT_F32_ALL(avx512vnni)
