#include <string.h>

#include "move.h"

/* Source index of output index `i`, mirrored at both ends. */
static uint32_t mirrored(uint32_t i, uint32_t before, uint32_t size, uint32_t skip) {
    if (i < before) return before - i - 1 + skip;
    i -= before;
    return i < size ? i : 2 * size - i - 1 - skip;
}

rlt_status rlt_mirror_pad(const rlt_run *run, const void *params) {
    const rlt_mirror_pad_params *p = params;
    const uint8_t *input = rlt_in(run, p->input);
    uint8_t *output = rlt_out(run, p->output);
    uint32_t count = 1, i, last;
    for (uint32_t d = 0; d < p->rank; d++) count *= p->output_dims[d];
    rlt_share_of(run, count, &i, &last);
    for (; i < last; i++) {
        uint32_t rest = i, from = 0, stride = 1;
        for (uint32_t d = p->rank; d-- > 0; rest /= p->output_dims[d]) {
            from += mirrored(rest % p->output_dims[d], p->before[d], p->input_dims[d], p->skip) * stride;
            stride *= p->input_dims[d];
        }
        memcpy(output + (size_t)i * p->bytes, input + (size_t)from * p->bytes, p->bytes);
    }
    return RLT_OK;
}
