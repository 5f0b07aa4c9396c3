/* int8 ADD, SUB and MUL with AVX-512. */
#include "../../simd/s8_avx512.h"
#include "binary_s8_linear.h"
#include "binary_s8_rows.h"

rlt_status rlt_linear_s8_avx512vnni(const rlt_run *run, const void *params) { return linear_rows(run, params); }
rlt_status rlt_add_s8_avx512vnni(const rlt_run *run, const void *params) {
    return rlt_binary_rows(run, params, 1, add_row);
}
rlt_status rlt_sub_s8_avx512vnni(const rlt_run *run, const void *params) {
    return rlt_binary_rows(run, params, 1, sub_row);
}
rlt_status rlt_mul_s8_avx512vnni(const rlt_run *run, const void *params) {
    return rlt_binary_rows(run, params, 1, mul_row);
}
