/* int8 MEAN and SUM with AVX-512. */
#include "../../simd/s8_avx512.h"
#include "../../simd/s8_sums_avx512.h"
#include "sum_s8_rows.h"

rlt_status rlt_sum_s8_avx512vnni(const rlt_run *run, const void *params) { return run_sums(run, params); }
