#include <string.h>

#include "move.h"

rlt_status rlt_fill(const rlt_run *run, const void *params) {
    const rlt_fill_params *p = params;
    const uint8_t *value = rlt_in(run, p->value);
    uint8_t *output = rlt_out(run, p->output);
    uint32_t i, last;
    rlt_share_of(run, p->count, &i, &last);
    if (p->bytes == 1) {
        memset(output + i, value[0], last - i);
        return RLT_OK;
    }
    for (; i < last; i++) memcpy(output + (size_t)i * p->bytes, value, p->bytes);
    return RLT_OK;
}
