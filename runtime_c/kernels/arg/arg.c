#include "arg.h"

#define KERNEL(name, type) \
    rlt_status rlt_##name(const rlt_run *run, const void *params) { \
        const rlt_arg_params *p = params; \
        const type *input = rlt_in(run, p->input); \
        void *output = rlt_out(run, p->output); \
        uint32_t i, last; \
        rlt_share_of(run, p->outer * p->inner, &i, &last); \
        for (; i < last; i++) { \
            const type *x = input + (size_t)(i / p->inner) * p->axis * p->inner + i % p->inner; \
            type best = x[0]; \
            uint32_t at = 0; \
            for (uint32_t k = 1; k < p->axis; k++) { \
                const type value = x[(size_t)k * p->inner]; \
                if (p->smallest ? value < best : value > best) { \
                    best = value; \
                    at = k; \
                } \
            } \
            if (p->wide) ((int64_t *)output)[i] = at; \
            else ((int32_t *)output)[i] = (int32_t)at; \
        } \
        return RLT_OK; \
    }

KERNEL(arg_f32, float)
KERNEL(arg_s8, int8_t)
KERNEL(arg_u8, uint8_t)
KERNEL(arg_s32, int32_t)
