#include <string.h>

#include "compare.h"

rlt_status rlt_select(const rlt_run *run, const void *params) {
    const rlt_select_params *p = params;
    const uint8_t *condition = rlt_in(run, p->condition), *a = rlt_in(run, p->a), *b = rlt_in(run, p->b);
    uint8_t *output = rlt_out(run, p->output);
    uint32_t i, last;
    rlt_share_of(run, p->count, &i, &last);
    for (; i < last; i++) {
        size_t at_condition = 0, at_a = 0, at_b = 0;
        uint32_t rest = i;
        for (uint32_t d = p->rank; d-- > 0; rest /= p->dims[d]) {
            const uint32_t index = rest % p->dims[d];
            at_condition += (size_t)index * p->stride_condition[d];
            at_a += (size_t)index * p->stride_a[d];
            at_b += (size_t)index * p->stride_b[d];
        }
        memcpy(output + (size_t)i * p->bytes, condition[at_condition] ? a + at_a * p->bytes : b + at_b * p->bytes,
               p->bytes);
    }
    return RLT_OK;
}
