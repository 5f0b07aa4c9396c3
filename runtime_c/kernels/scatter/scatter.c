#include <string.h>

#include "scatter.h"

/* The row of update i; -1 to drop it, -2 where it lies outside. */
static int64_t row_of(const rlt_scatter_params *p, const int32_t *indices, uint32_t i) {
    const int32_t *at = indices + (size_t)i * p->depth;
    int64_t row = 0;
    for (uint32_t d = 0; d < p->depth; d++) {
        if (at[d] < 0 && p->skips_negative) return -1;
        if (at[d] < 0 || (uint32_t)at[d] >= p->dims[d]) return -2;
        row = row * p->dims[d] + at[d];
    }
    return row;
}

/* Integers wrap: they are added as `sum_type`, unsigned. */
#define KERNEL(name, type, sum_type) \
    rlt_status rlt_##name(const rlt_run *run, const void *params) { \
        const rlt_scatter_params *p = params; \
        const int32_t *indices = rlt_in(run, p->indices); \
        const type *updates = rlt_in(run, p->updates); \
        type *output = rlt_out(run, p->output); \
        memset(output, 0, (size_t)p->rows * p->run * sizeof *output); \
        for (uint32_t i = 0; i < p->count; i++) { \
            const int64_t row = row_of(p, indices, i); \
            if (row == -2) return RLT_ERROR_INDEX; \
            if (row < 0) continue; \
            const type *from = updates + (size_t)i * p->run; \
            type *to = output + (size_t)row * p->run; \
            for (uint32_t k = 0; k < p->run; k++) to[k] = (type)((sum_type)to[k] + (sum_type)from[k]); \
        } \
        return RLT_OK; \
    }

KERNEL(scatter_f32, float, float)
KERNEL(scatter_s8, int8_t, uint8_t)
KERNEL(scatter_s32, int32_t, uint32_t)
KERNEL(scatter_s64, int64_t, uint64_t)
