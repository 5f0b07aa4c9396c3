/* Float CONV_2D with AVX2: 12 sums leave registers for a pixel and weights. */
#include "../../simd/f32_avx2.h"
#include "../../simd/f32.h"
#include "packed_f32_tile.h"

RLT_CONV_F32_ROW(1, 12)
RLT_CONV_F32_ROW(2, 6)
RLT_CONV_F32_ROW(3, 4)
RLT_CONV_F32_ROW(4, 3)

#include "packed_f32_kernel.h"

rlt_status rlt_conv_2d_f32_avx2(const rlt_run *run, const void *params) {
    return run_packed(run, params);
}
