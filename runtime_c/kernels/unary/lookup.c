#include "unary.h"

rlt_status rlt_lookup(const rlt_run *run, const void *params) {
    const rlt_lookup_params *p = params;
    const uint8_t *input = rlt_in(run, p->input), *table = rlt_in(run, p->table);
    uint8_t *output = rlt_out(run, p->output);
    uint32_t i, last;
    rlt_share_of(run, p->count, &i, &last);
    for (; i < last; i++) output[i] = table[input[i]];
    return RLT_OK;
}
