/* int8 MEAN and SUM over outer dimensions, on vectors of neighbouring outputs. The including file has included
 * simd/s8_<set>.h. */
#ifndef RLT_SUM_S8_ROWS_H
#define RLT_SUM_S8_ROWS_H

#include "reduce.h"

enum { STEP = QUARTERS * LANES };

/* `count` outputs, at most STEP, whose inputs lie side by side from `base`. */
static void sum_step(const rlt_reduce_s8_params *p, const int8_t *base, int8_t *output, int32_t count) {
    const rlt_reduce_shape *s = &p->shape;
    const uint32_t inner = s->reduced - 1, length = s->reduced_dims[inner], stride = s->reduced_stride[inner];
    const v_range range = v_set_range(p->output_zero_point, INT8_MIN, INT8_MAX);
    const vi offset = vi_set((int32_t)((uint32_t)p->input_zero_point * s->count)), multiplier = vi_set(p->multiplier);
    const vi left = vi_set(p->shift > 0 ? p->shift : 0), right = vi_set(p->shift < 0 ? -p->shift : 0);
    vi sum[QUARTERS];
#pragma GCC unroll 4
    for (int i = 0; i < QUARTERS; i++) sum[i] = vi_set(0);
    for (uint32_t row = 0; row < s->count / length; row++) {
        const int8_t *from = base + rlt_grid_offset(row, inner, s->reduced_dims, s->reduced_stride);
        v_add_rows(sum, from, stride, (int32_t)length, count);
    }
    v_in_order(sum);
#pragma GCC unroll 4
    for (int i = 0; i < QUARTERS; i++) sum[i] = vi_requantize(vi_sub(sum[i], offset), multiplier, left, right);
    v_store_bytes(output, v_to_bytes(sum, QUARTERS, &range), count);
}

static rlt_status run_sums(const rlt_run *run, const rlt_reduce_s8_params *p) {
    const rlt_reduce_shape *s = &p->shape;
    const int8_t *input = rlt_in(run, p->input);
    int8_t *output = rlt_out(run, p->output);
    const uint32_t row = s->kept_dims[s->kept - 1];
    uint32_t i, last;
    rlt_share_of(run, s->outputs, &i, &last);
    while (i < last) {
        uint32_t count = row - i % row;
        if (count > last - i) count = last - i;
        if (count > STEP) count = STEP;
        sum_step(p, input + rlt_grid_offset(i, s->kept, s->kept_dims, s->kept_stride), output + i, (int32_t)count);
        i += count;
    }
    return RLT_OK;
}

#endif
