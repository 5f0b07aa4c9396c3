#include <string.h>

#include "move.h"

/* Doubles what has been written until all is. */
static void repeat(uint8_t *output, size_t written, size_t bytes) {
    while (written < bytes) {
        const size_t next = bytes - written < written ? bytes - written : written;
        memcpy(output + written, output, next);
        written += next;
    }
}

rlt_status rlt_fill(const rlt_run *run, const void *params) {
    const rlt_fill_params *p = params;
    const uint8_t *value = rlt_in(run, p->value);
    uint8_t *output = rlt_out(run, p->output);
    uint32_t first, last;
    rlt_share_of(run, p->count, &first, &last);
    if (first == last) return RLT_OK;
    output += (size_t)first * p->bytes;
    memcpy(output, value, p->bytes);
    repeat(output, p->bytes, (size_t)(last - first) * p->bytes);
    return RLT_OK;
}
