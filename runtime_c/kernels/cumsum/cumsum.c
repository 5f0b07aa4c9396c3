#include "cumsum.h"

/* Integer sums wrap: they are added as `sum_type`, unsigned. */
#define KERNEL(name, type, sum_type) \
    rlt_status rlt_##name(const rlt_run *run, const void *params) { \
        const rlt_cumsum_params *p = params; \
        const type *input = rlt_in(run, p->input); \
        type *output = rlt_out(run, p->output); \
        uint32_t i, last; \
        rlt_share_of(run, p->outer * p->inner, &i, &last); \
        for (; i < last; i++) { \
            const size_t first = (size_t)(i / p->inner) * p->axis * p->inner + i % p->inner; \
            sum_type sum = 0; \
            for (uint32_t k = 0; k < p->axis; k++) { \
                const size_t at = first + (size_t)(p->reverse ? p->axis - 1 - k : k) * p->inner; \
                const sum_type before = sum; \
                sum += (sum_type)input[at]; \
                output[at] = (type)(p->exclusive ? before : sum); \
            } \
        } \
        return RLT_OK; \
    }

KERNEL(cumsum_f32, float, float)
KERNEL(cumsum_s32, int32_t, uint32_t)
KERNEL(cumsum_s64, int64_t, uint64_t)
