/* int8 AVERAGE_POOL_2D and MAX_POOL_2D with AVX2. */
#include "../../simd/s8_avx2.h"
#include "../../simd/s8_sums_avx2.h"
#include "pool_2d_s8_pixels.h"

rlt_status rlt_average_pool_2d_s8_avx2(const rlt_run *run, const void *params) {
    return run_pixels(run, params, average_pixel);
}
rlt_status rlt_max_pool_2d_s8_avx2(const rlt_run *run, const void *params) { return run_pixels(run, params, max_pixel); }
