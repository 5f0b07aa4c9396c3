/* QUANTIZE between integer types with AVX2. */
#include "../../simd/s8_avx2.h"
#include "requantize_kernel.h"

rlt_status rlt_requantize_values_avx2(const rlt_run *run, const void *params) { return requantize_run(run, params); }
