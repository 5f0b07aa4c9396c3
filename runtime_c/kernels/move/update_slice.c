#include <string.h>

#include "move.h"

/* The start along dimension `i`, moved to where the block fits. */
static uint32_t start_of(const rlt_update_slice_params *p, const void *start, uint32_t i) {
    const int64_t limit = (int64_t)p->dims[i] - p->update_dims[i];
    int64_t at;
    if (p->wide) memcpy(&at, (const uint8_t *)start + 8 * (size_t)i, 8);
    else at = ((const int32_t *)start)[i];
    return (uint32_t)(at < 0 ? 0 : at > limit ? limit : at);
}

rlt_status rlt_update_slice(const rlt_run *run, const void *params) {
    const rlt_update_slice_params *p = params;
    const uint8_t *input = rlt_in(run, p->input), *update = rlt_in(run, p->update);
    const void *start = rlt_in(run, p->start);
    uint8_t *output = rlt_out(run, p->output);
    uint32_t inner = p->rank - 1, stride = p->bytes, line = p->bytes, rows = 1;
    if (input != output) memcpy(output, input, (size_t)p->count * p->bytes);
    /* Inner dimensions that the block fills are one line with the innermost that it does not. */
    for (; inner > 0 && p->update_dims[inner] == p->dims[inner]; inner--) line *= p->dims[inner];
    stride = line * p->dims[inner];
    output += (size_t)start_of(p, start, inner) * line;
    line *= p->update_dims[inner];
    for (uint32_t i = 0; i < inner; i++) rows *= p->update_dims[i];
    for (uint32_t row = 0; line != 0 && row < rows; row++, update += line) {
        uint32_t rest = row;
        size_t at = 0, step = stride;
        for (uint32_t i = inner; i-- > 0; step *= p->dims[i], rest /= p->update_dims[i]) {
            at += (start_of(p, start, i) + rest % p->update_dims[i]) * step;
        }
        memcpy(output + at, update, line);
    }
    return RLT_OK;
}
