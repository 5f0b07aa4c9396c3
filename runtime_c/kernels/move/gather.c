#include <string.h>

#include "move.h"

rlt_status rlt_gather(const rlt_run *run, const void *params) {
    const rlt_gather_params *p = params;
    const uint8_t *input = rlt_in(run, p->input);
    const void *indices = rlt_in(run, p->indices);
    uint8_t *output = rlt_out(run, p->output);
    uint32_t block, last;
    rlt_share_of(run, p->batches * p->outer, &block, &last);
    for (; block < last; block++) {
        const size_t first = (size_t)(block / p->outer) * p->count;
        for (uint32_t i = 0; i < p->count; i++) {
            const size_t at = first + i;
            const int64_t index = p->wide ? ((const int64_t *)indices)[at] : ((const int32_t *)indices)[at];
            if (index < 0 || index >= p->axis) return RLT_ERROR_INDEX;
            memcpy(output + ((size_t)block * p->count + i) * p->run,
                   input + ((size_t)block * p->axis + (size_t)index) * p->run, p->run);
        }
    }
    return RLT_OK;
}
