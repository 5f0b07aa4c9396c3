/* Gradients of float pools with AVX-512. */
#include "../../simd/f32_avx512.h"
#include "../../simd/f32.h"
#include "pool_2d_gradient_f32_kernel.h"

rlt_status rlt_max_pool_2d_gradient_f32_avx512vnni(const rlt_run *run, const void *params) {
    return run_pieces(1, run, params);
}

rlt_status rlt_average_pool_2d_gradient_f32_avx512vnni(const rlt_run *run, const void *params) {
    return run_pieces(0, run, params);
}
