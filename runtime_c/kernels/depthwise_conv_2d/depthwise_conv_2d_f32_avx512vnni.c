/* Float DEPTHWISE_CONV_2D with AVX-512. */
#include "../../simd/f32_avx512.h"
#include "../../simd/f32.h"
#include "depthwise_f32_kernel.h"

rlt_status rlt_depthwise_conv_2d_f32_avx512vnni(const rlt_run *run, const void *params) {
    return dw_run(run, params);
}
