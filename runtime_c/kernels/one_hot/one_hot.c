#include <string.h>

#include "one_hot.h"

rlt_status rlt_one_hot(const rlt_run *run, const void *params) {
    const rlt_one_hot_params *p = params;
    const void *indices = rlt_in(run, p->indices), *on = rlt_in(run, p->on), *off = rlt_in(run, p->off);
    uint8_t *output = rlt_out(run, p->output);
    uint32_t row, last;
    rlt_share_of(run, p->outer * p->depth, &row, &last);
    for (; row < last; row++) {
        const size_t first = (size_t)(row / p->depth) * p->inner;
        const int64_t d = row % p->depth;
        uint8_t *to = output + (size_t)row * p->inner * p->bytes;
        for (uint32_t i = 0; i < p->inner; i++, to += p->bytes) {
            const size_t at = first + i;
            const int64_t index = p->wide ? ((const int64_t *)indices)[at] : ((const int32_t *)indices)[at];
            memcpy(to, index == d ? on : off, p->bytes);
        }
    }
    return RLT_OK;
}
