/* Layer normalization with AVX2. */
#include "../../simd/f32_avx2.h"
#include "../../simd/f32.h"
#include "layer_normalization_f32_kernel.h"

rlt_status rlt_layer_normalization_f32_avx2(const rlt_run *run, const void *params) {
    return normalize_run(run, params);
}

rlt_status rlt_layer_normalization_gradient_f32_avx2(const rlt_run *run, const void *params) {
    return gradient_run(run, params);
}
