/* Gradients of activations with AVX2. */
#include "../../simd/f32_avx2.h"
#include "../../simd/f32.h"
#include "activation_gradient_f32_kernel.h"

RLT_ACTIVATION_GRADIENT_F32_ALL(avx2)
