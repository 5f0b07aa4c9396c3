#include "top_k.h"

static uint32_t index_at(const rlt_top_k_params *p, const void *indices, size_t at) {
    return p->is_short ? (uint32_t)((const int16_t *)indices)[at] : (uint32_t)((const int32_t *)indices)[at];
}

static void set_index(const rlt_top_k_params *p, void *indices, size_t at, uint32_t index) {
    if (p->is_short) ((int16_t *)indices)[at] = (int16_t)index;
    else ((int32_t *)indices)[at] = (int32_t)index;
}

/* Each value is inserted among the best so far; one that is not better than the last of k costs one comparison. */
#define KERNEL(name, type) \
    rlt_status rlt_##name(const rlt_run *run, const void *params) { \
        const rlt_top_k_params *p = params; \
        const type *input = rlt_in(run, p->input); \
        type *values = rlt_out(run, p->values); \
        void *indices = rlt_out(run, p->indices); \
        uint32_t row, last; \
        rlt_share_of(run, p->rows, &row, &last); \
        for (; row < last; row++) { \
            const type *x = input + (size_t)row * p->count; \
            const size_t first = (size_t)row * p->k; \
            for (uint32_t i = 0, held = 0; i < p->count; i++) { \
                uint32_t at = held; \
                if (held < p->k) held++; \
                else if (x[i] > values[first + held - 1]) at = held - 1; \
                else continue; \
                for (; at > 0 && x[i] > values[first + at - 1]; at--) { \
                    values[first + at] = values[first + at - 1]; \
                    set_index(p, indices, first + at, index_at(p, indices, first + at - 1)); \
                } \
                values[first + at] = x[i]; \
                set_index(p, indices, first + at, i); \
            } \
        } \
        return RLT_OK; \
    }

KERNEL(top_k_f32, float)
KERNEL(top_k_s8, int8_t)
KERNEL(top_k_s16, int16_t)
KERNEL(top_k_s32, int32_t)
KERNEL(top_k_s64, int64_t)
