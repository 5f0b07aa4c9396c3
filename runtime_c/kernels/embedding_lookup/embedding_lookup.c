#include "embedding_lookup.h"

static int32_t value_at(const rlt_embedding_params *p, const int8_t *table, size_t at) {
    if (!p->is_packed) return table[at];
    const int32_t nibble = (table[at / 2] >> (at % 2 * 4)) & 15;
    return nibble < 8 ? nibble : nibble - 16;
}

rlt_status rlt_embedding_lookup(const rlt_run *run, const void *params) {
    const rlt_embedding_params *p = params;
    const int32_t *ids = rlt_in(run, p->ids);
    const int8_t *table = rlt_in(run, p->table);
    const float *scales = rlt_in(run, p->scales);
    float *output = rlt_out(run, p->output);
    uint32_t i, last;
    rlt_share_of(run, p->count, &i, &last);
    for (; i < last; i++) {
        if (ids[i] < 0 || (uint32_t)ids[i] >= p->rows) return RLT_ERROR_INDEX;
        const float scale = scales[p->scale_count == 1 ? 0 : ids[i]];
        const size_t first = (size_t)ids[i] * p->run;
        for (uint32_t k = 0; k < p->run; k++)
            output[(size_t)i * p->run + k] = (float)value_at(p, table, first + k) * scale;
    }
    return RLT_OK;
}
