/* CONV_2D of int8 weights and values quantized while running, in its packed form with AVX2. */
#include "packed_avx2.h"
#include "../../simd/f32_avx2.h"
#include "../../simd/f32.h"

#include "packed_finish_float.h"
#define ROWS(X) X(1, 0, FEW_TILES) X(2, 0, FEW_TILES)
#include "packed_tiles.h"

rlt_status rlt_conv_2d_hybrid_avx2(const rlt_run *run, const void *params) { return run_packed(run, params); }
