/* int8 SVDF with Helium. */
#include "../common/dot_rows_mve.h"
#include "svdf_s8_kernel.h"

rlt_status rlt_svdf_s8_mve(const rlt_run *run, const void *params) { return run_svdf(run, params); }
