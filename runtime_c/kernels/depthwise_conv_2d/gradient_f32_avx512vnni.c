/* Gradients of float DEPTHWISE_CONV_2D with AVX-512. */
#include "../../simd/f32_avx512.h"
#include "../../simd/f32.h"
#include "gradient_f32_kernel.h"

rlt_status rlt_depthwise_input_gradient_f32_avx512vnni(const rlt_run *run, const void *params) {
    return input_gradient_run(run, params);
}

rlt_status rlt_depthwise_filter_gradient_f32_avx512vnni(const rlt_run *run, const void *params) {
    return filter_gradient_run(run, params);
}
