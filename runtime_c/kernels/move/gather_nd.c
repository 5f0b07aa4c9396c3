#include <string.h>

#include "move.h"

rlt_status rlt_gather_nd(const rlt_run *run, const void *params) {
    const rlt_gather_nd_params *p = params;
    const uint8_t *input = rlt_in(run, p->input);
    const void *indices = rlt_in(run, p->indices);
    uint8_t *output = rlt_out(run, p->output);
    uint32_t i, last;
    rlt_share_of(run, p->count, &i, &last);
    for (; i < last; i++) {
        size_t row = 0;
        for (uint32_t d = 0; d < p->depth; d++) {
            const size_t at = (size_t)i * p->depth + d;
            const int64_t index = p->wide ? ((const int64_t *)indices)[at] : ((const int32_t *)indices)[at];
            if (index < 0 || index >= p->dims[d]) return RLT_ERROR_INDEX;
            row = row * p->dims[d] + (size_t)index;
        }
        memcpy(output + (size_t)i * p->run, input + row * p->run, p->run);
    }
    return RLT_OK;
}
