/* Float CONV_2D by Winograd's minimal filtering with AVX2. */
#include "../../simd/f32_avx2.h"
#include "../../simd/f32.h"

#define ROW_FOR rlt_conv_f32_row_avx2
#include "winograd_f32_kernel.h"

rlt_status rlt_conv_2d_winograd_f32_avx2(const rlt_run *run, const void *params) {
    return run_winograd(run, params);
}
