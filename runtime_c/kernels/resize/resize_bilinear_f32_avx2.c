/* Float RESIZE_BILINEAR with AVX2. */
#include "../../simd/f32_avx2.h"
#include "../../simd/f32.h"
#include "resize_bilinear_f32_kernel.h"

rlt_status rlt_resize_bilinear_f32_avx2(const rlt_run *run, const void *params) {
    return run_resize(run, params);
}
