/* QUANTIZE between integer types with AVX-512. */
#include "../../simd/s8_avx512.h"
#include "requantize_kernel.h"

rlt_status rlt_requantize_values_avx512vnni(const rlt_run *run, const void *params) {
    return requantize_run(run, params);
}
