/* int8 CONV_2D in its packed form with AVX-512 VNNI. */
#include "packed_avx512.h"

#include "packed_finish.h"
#define ROWS(X) SINGLE_ROWS(X) PAIRED_ROWS(X)
#define TALL_TILES
#include "packed_tiles.h"
#include "packed_colours.h"
#include "packed_pixel.h"

rlt_status rlt_conv_2d_s8_avx512vnni(const rlt_run *run, const void *params) {
    const rlt_conv_2d_packed_params *p = params;
    if (p->colours) return run_colours(run, p), RLT_OK;
    if (!p->pixel) return run_packed(run, p);
    run_pixel(run, p);
    return RLT_OK;
}
