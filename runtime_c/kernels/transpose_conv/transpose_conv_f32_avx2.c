/* Float TRANSPOSE_CONV with AVX2. */
#include "../../simd/f32_avx2.h"
#include "../../simd/f32.h"
#include "transpose_conv_f32_kernel.h"

rlt_status rlt_transpose_conv_f32_avx2(const rlt_run *run, const void *params) {
    return run_transposed(run, params);
}
