/* Gradient of a float filter with AVX-512. */
#include "filter_gradient_f32_kernel.h"

rlt_status rlt_conv_2d_filter_gradient_f32_avx512vnni(const rlt_run *run, const void *params) {
    return filter_gradient_run(run, params, rlt_gemm_f32_avx512vnni);
}
