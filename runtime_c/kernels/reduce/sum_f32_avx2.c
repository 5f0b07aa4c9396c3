/* Float MEAN and SUM over outer dimensions with AVX2. */
#include "../../simd/f32_avx2.h"
#include "../../simd/f32.h"
#include "sum_f32_kernel.h"

rlt_status rlt_mean_f32_avx2(const rlt_run *run, const void *params) { return run_sums(run, params, 1); }
rlt_status rlt_sum_f32_avx2(const rlt_run *run, const void *params) { return run_sums(run, params, 0); }
