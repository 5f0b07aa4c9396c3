/* Float CONV_2D with AVX-512. */
#include "../../simd/f32_avx512.h"
#include "../../simd/f32.h"
#include "packed_f32_tile.h"

RLT_CONV_F32_ROW(1, 12)
RLT_CONV_F32_ROW(2, 12)
RLT_CONV_F32_ROW(3, 8)
RLT_CONV_F32_ROW(4, 6)

#include "packed_f32_kernel.h"

rlt_status rlt_conv_2d_f32_avx512vnni(const rlt_run *run, const void *params) {
    return run_packed(run, params);
}
