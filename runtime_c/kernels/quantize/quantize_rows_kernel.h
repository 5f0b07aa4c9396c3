/* Quantization of rows while the model runs, over the vectors of the instruction set whose header was included before;
 * each step rounds as in quantize_rows.c. */
#ifndef RLT_QUANTIZE_ROWS_KERNEL_H
#define RLT_QUANTIZE_ROWS_KERNEL_H

#include "quantize_rows.h"

/* y = x * steps + zero_point, at least `least`. */
static void quantize_row(const float *x, size_t size, float steps, float zero_point, float least, int8_t *y) {
    const rlt_vec factor = rlt_vec_all(steps), offset = rlt_vec_all(zero_point);
    const rlt_vec low = rlt_vec_all(least), high = rlt_vec_all(127.0f);
    for (size_t i = 0; i < size; i += RLT_LANES) {
        const size_t count = size - i < RLT_LANES ? size - i : RLT_LANES;
        const rlt_vec value = rlt_vec_add(offset, rlt_vec_mul(rlt_vec_load_upto(x + i, count), factor));
        rlt_vec_store_s8(y + i, rlt_vec_min(rlt_vec_max(rlt_vec_round_away(value), low), high), count);
    }
}

/* The smallest and the largest value, 0 among them. */
static void range_of(const float *x, size_t size, float *low, float *high) {
    rlt_vec least = rlt_vec_all(0.0f), most = least;
    for (size_t i = 0; i < size; i += RLT_LANES) {
        const rlt_vec value = rlt_vec_load_upto(x + i, size - i);
        least = rlt_vec_min(value, least);
        most = rlt_vec_max(value, most);
    }
    *high = rlt_vec_largest(most);
    *low = -rlt_vec_largest(rlt_vec_sub(rlt_vec_all(0.0f), least));
}

static rlt_row_scale quantize_by_range(const rlt_quantize_rows_params *p, const float *x, int8_t *y) {
    float low, high;
    range_of(x, p->size, &low, &high);
    rlt_row_scale row = {1.0f, 0};
    if (!p->asymmetric) {
        const float range = -low > high ? -low : high;
        if (range != 0.0f) row.scale = range / 127.0f;
        quantize_row(x, p->size, range == 0.0f ? 0.0f : 127.0f / range, 0.0f, -127.0f, y);
        return row;
    }
    if (low != high) {
        const double scale = ((double)high - (double)low) / 255.0;
        row.scale = (float)scale;
        row.zero_point = rlt_row_zero_point((double)low, (double)high, scale);
    }
    quantize_row(x, p->size, low != high ? 1.0f / row.scale : 0.0f, (float)row.zero_point, -128.0f, y);
    return row;
}

static rlt_status quantize_rows(const rlt_run *run, const rlt_quantize_rows_params *p) {
    const float *input = rlt_in(run, p->input);
    int8_t *output = rlt_out(run, p->output);
    rlt_row_scale *scales = rlt_out(run, p->scales);
    uint32_t row, last;
    rlt_share_of(run, p->rows, &row, &last);
    for (; row < last; row++) {
        scales[row] = quantize_by_range(p, input + (size_t)row * p->size, output + (size_t)row * p->size);
    }
    return RLT_OK;
}

#endif
