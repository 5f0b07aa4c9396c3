/* int8 SVDF. */
#include "../common/dot_rows.h"
#include "svdf_s8_kernel.h"

rlt_status rlt_svdf_s8(const rlt_run *run, const void *params) { return run_svdf(run, params); }
