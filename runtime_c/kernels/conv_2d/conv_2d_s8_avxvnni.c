/* int8 CONV_2D in its packed form with AVX-VNNI. */
#include "packed_avxvnni.h"

#include "packed_finish.h"
#include "packed_tiles.h"

rlt_status rlt_conv_2d_s8_avxvnni(const rlt_run *run, const void *params) { return run_packed(run, params); }
