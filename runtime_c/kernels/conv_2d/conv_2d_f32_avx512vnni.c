/* Float CONV_2D with AVX-512. */
#include "../../simd/f32_avx512.h"
#include "../../simd/f32.h"
#include "packed_f32_tile.h"

/* Blocks of one vector have two lanes per channel (rlt_conv_f32_taps()). */
#define TAPS 1
RLT_CONV_F32_ROW(row_2, 2, 8)
RLT_CONV_F32_ROW(row_3, 3, 6)
RLT_CONV_F32_ROW(row_4, 4, 6)
#undef TAPS

#define TAPS 2
RLT_CONV_F32_ROW(pairs_1, 1, 8)
RLT_CONV_F32_ROW(pairs_2, 2, 8)
RLT_CONV_F32_ROW(pairs_3, 3, 6)
#undef TAPS

rlt_conv_f32_row rlt_conv_f32_row_avx512vnni(int32_t taps, int32_t vectors) {
    static const rlt_conv_f32_row rows[2][4] = {{NULL, row_2, row_3, row_4}, {pairs_1, pairs_2, pairs_3, NULL}};
    return rows[taps - 1][vectors - 1];
}

#define ROW_FOR rlt_conv_f32_row_avx512vnni
#include "packed_f32_kernel.h"

rlt_status rlt_conv_2d_f32_avx512vnni(const rlt_run *run, const void *params) {
    return run_packed(run, params);
}

rlt_status rlt_conv_2d_phases_f32_avx512vnni(const rlt_run *run, const void *params) {
    return run_phases(run, params);
}
