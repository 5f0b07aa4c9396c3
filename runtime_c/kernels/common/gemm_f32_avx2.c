/* Float matrix products with AVX2: 12 sums leave registers for a row of b and a value of a. */
#include "../../simd/f32_avx2.h"
#include "../../simd/f32.h"
#include "gemm_f32_kernel.h"

GEMM_TILES(4)
GEMM_TILES(2)
GEMM_TILES(1)

void rlt_gemm_f32_avx2(const rlt_gemm_f32 *g) {
    static const gemm_tile_fn tiles[][GEMM_VECTORS] = {GEMM_TILE_NAMES(4), GEMM_TILE_NAMES(2), GEMM_TILE_NAMES(1)};
    gemm_run(g, tiles, 4);
}
