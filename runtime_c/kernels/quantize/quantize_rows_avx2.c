/* Quantization of rows while the model runs with AVX2. */
#include "../../simd/f32_avx2.h"
#include "../../simd/f32.h"
#include "quantize_rows_kernel.h"

rlt_status rlt_quantize_rows_avx2(const rlt_run *run, const void *params) { return quantize_rows(run, params); }
