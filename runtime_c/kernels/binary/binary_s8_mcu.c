/* int8 ADD for cores without SIMD, for operands that do not stand still. The result equals that of binary_s8.c. */
#include "../common/mcu.h"
#include "binary_s8_sum.h"

rlt_status rlt_add_s8_mcu(const rlt_run *run, const void *params) {
    return rlt_binary_rows(run, params, 1, add_row);
}
