/* int8 ADD, SUB and MUL with AVX-512. */
#include "../../simd/s8_avx512.h"
#include "binary_s8_sum_avx512.h"

rlt_status rlt_add_s8_avx512vnni(const rlt_run *run, const void *params) { return run_rows(run, params, usual_add_row); }
rlt_status rlt_sub_s8_avx512vnni(const rlt_run *run, const void *params) { return run_rows(run, params, sub_row); }
rlt_status rlt_mul_s8_avx512vnni(const rlt_run *run, const void *params) { return run_rows(run, params, mul_row); }
