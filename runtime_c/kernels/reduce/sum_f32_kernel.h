/* Float MEAN and SUM over outer dimensions, on vectors of neighbouring outputs; each output is summed in the order of
 * reduce.c. Over the vectors of the instruction set whose header was included before. */
#ifndef RLT_SUM_F32_KERNEL_H
#define RLT_SUM_F32_KERNEL_H

#include "reduce.h"

enum { MOST_VECTORS = 4, STEP = MOST_VECTORS * RLT_LANES };

/* `count` outputs, at most STEP, whose inputs lie side by side from `base`. */
static void sum_step(const rlt_reduce_shape *s, int mean, const float *base, float *output, size_t count) {
    const uint32_t inner = s->reduced - 1, length = s->reduced_dims[inner], stride = s->reduced_stride[inner];
    rlt_vec sum[MOST_VECTORS];
#pragma GCC unroll 4
    for (size_t v = 0; v < MOST_VECTORS; v++) sum[v] = rlt_vec_all(0.0f);
    for (uint32_t row = 0; row < s->count / length; row++) {
        const float *from = base + rlt_grid_offset(row, inner, s->reduced_dims, s->reduced_stride);
        for (uint32_t k = 0; k < length; k++, from += stride) {
#pragma GCC unroll 4
            for (size_t v = 0; v < MOST_VECTORS; v++) {
                const size_t at = v * RLT_LANES;
                if (count > at) sum[v] = rlt_vec_add(sum[v], rlt_vec_load_upto(from + at, count - at));
            }
        }
    }
    const rlt_vec divisor = rlt_vec_all(mean ? (float)s->count : 1.0f);
#pragma GCC unroll 4
    for (size_t v = 0; v < MOST_VECTORS; v++) {
        const size_t at = v * RLT_LANES;
        if (count > at) rlt_vec_store_upto(output + at, rlt_vec_div(sum[v], divisor), count - at);
    }
}

static rlt_status run_sums(const rlt_run *run, const rlt_reduce_params *p, int mean) {
    const rlt_reduce_shape *s = &p->shape;
    const float *input = rlt_in(run, p->input);
    float *output = rlt_out(run, p->output);
    const uint32_t row = s->kept_dims[s->kept - 1];
    uint32_t i, last;
    rlt_share_of(run, s->outputs, &i, &last);
    while (i < last) {
        uint32_t count = row - i % row;
        if (count > last - i) count = last - i;
        if (count > STEP) count = STEP;
        sum_step(s, mean, input + rlt_grid_offset(i, s->kept, s->kept_dims, s->kept_stride), output + i, count);
        i += count;
    }
    return RLT_OK;
}

#endif
