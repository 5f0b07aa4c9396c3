/* int8 ADD for cores without SIMD, for operands that do not stand still. The result equals that of binary_s8.c. */
#include "../common/mcu.h"
#include "binary_s8_sum.h"

rlt_status rlt_add_s8_mcu(const rlt_run *run, const void *params) {
    const rlt_binary_s8_params *p = params;
    rlt_broadcast_rows(run, &p->shape, p, rlt_in(run, p->a), rlt_in(run, p->b), rlt_out(run, p->output), 1, 1, add_row);
    return RLT_OK;
}
