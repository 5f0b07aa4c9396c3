/* Float CONV_2D with AVX2: 12 sums leave registers for a pixel and weights. */
#include "../../simd/f32_avx2.h"
#include "../../simd/f32.h"
#include "packed_f32_tile.h"

#define TAPS 1
RLT_CONV_F32_ROW(row_1, 1, 8)
RLT_CONV_F32_ROW(row_2, 2, 6)
RLT_CONV_F32_ROW(row_3, 3, 1) /* more than two vectors: for a single pixel (rlt_conv_f32_most_vectors()) */
RLT_CONV_F32_ROW(row_4, 4, 1)

rlt_conv_f32_row rlt_conv_f32_row_avx2(int32_t taps, int32_t vectors) {
    static const rlt_conv_f32_row rows[] = {row_1, row_2, row_3, row_4};
    (void)taps;
    return rows[vectors - 1];
}

#define ROW_FOR rlt_conv_f32_row_avx2
#include "packed_f32_kernel.h"

rlt_status rlt_conv_2d_f32_avx2(const rlt_run *run, const void *params) {
    return run_packed(run, params);
}

rlt_status rlt_conv_2d_phases_f32_avx2(const rlt_run *run, const void *params) {
    return run_phases(run, params);
}
