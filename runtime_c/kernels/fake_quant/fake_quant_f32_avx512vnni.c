/* Fake quantization with AVX-512. */
#include "../../simd/f32_avx512.h"
#include "../../simd/f32.h"
#include "fake_quant_f32_kernel.h"

rlt_status rlt_fake_quant_f32_avx512vnni(const rlt_run *run, const void *params) {
    return fake_quant_run(run, params, 0);
}

rlt_status rlt_fake_quant_gradient_f32_avx512vnni(const rlt_run *run, const void *params) {
    return fake_quant_run(run, params, 1);
}
