/* int8 SVDF with the DSP extension. */
#include "../common/dot_rows_dsp.h"
#include "svdf_s8_kernel.h"

rlt_status rlt_svdf_s8_dsp(const rlt_run *run, const void *params) { return run_svdf(run, params); }
