/* Float AVERAGE_POOL_2D and MAX_POOL_2D with AVX2. */
#include "../../simd/f32_avx2.h"
#include "../../simd/f32.h"
#include "pool_2d_f32_kernel.h"

rlt_status rlt_average_pool_2d_f32_avx2(const rlt_run *run, const void *params) {
    return pool_run(0, run, params);
}
rlt_status rlt_max_pool_2d_f32_avx2(const rlt_run *run, const void *params) {
    return pool_run(1, run, params);
}
