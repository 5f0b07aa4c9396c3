/* QUANTIZE of floats with AVX-512. */
#include "../../simd/f32_avx512.h"
#include "../../simd/f32.h"
#include "../../simd/s8_avx512.h"
#include "quantize_f32_kernel.h"

rlt_status rlt_quantize_f32_avx512vnni(const rlt_run *run, const void *params) { return quantize_run(run, params); }
