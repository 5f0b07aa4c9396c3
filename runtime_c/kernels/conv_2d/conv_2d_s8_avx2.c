/* int8 CONV_2D in its packed form with AVX2. */
#include "packed_avx2.h"

#include "packed_finish.h"
#define ROWS(X) X(1, 0, TILES_1) X(2, 0, TILES_2)
#include "packed_tiles.h"

rlt_status rlt_conv_2d_s8_avx2(const rlt_run *run, const void *params) { return run_packed(run, params); }
