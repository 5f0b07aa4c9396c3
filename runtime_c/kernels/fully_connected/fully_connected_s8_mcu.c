/* int8 FULLY_CONNECTED for cores without SIMD: conv_2d/words.h, each row of the input a pixel. */
#include "../conv_2d/column_mcu.h"
#include "../conv_2d/words_mcu.h"
#include "finish_exact.h"

/* One row of the input, as a column. */
static void row(const rlt_conv_2d_words_params *p, const int32_t *column, const int32_t *end, int32_t start,
                const uint8_t *weights, const rlt_finish_exact *channels, int8_t *output) {
    const int32_t depth = p->depth, zero_point = p->output_zero_point;
    for (int32_t left = p->window.out_c; left > 0; left -= 2, weights += 2 * (size_t)depth) {
        const two_sums sums = multiply_one(column, end, weights, left > 1 ? weights + depth : weights, start);
        *output++ = finished_exact(sums.a, channels++, zero_point);
        if (left > 1) *output++ = finished_exact(sums.b, channels++, zero_point);
    }
}

rlt_status rlt_fully_connected_s8_mcu(const rlt_run *run, const void *params) {
    const rlt_conv_2d_words_params *p = params;
    const int8_t *input = rlt_in(run, p->input);
    int32_t *column = rlt_out(run, p->scratch);
    int8_t *const output = rlt_out(run, p->output);
    const int32_t units = p->window.out_c, depth = p->depth, *const end = round_up(column, depth);
    for (int32_t i = 0; i < p->window.out_w; i++, input += depth) {
        const int32_t start = -RLT_WEIGHT_OFFSET * widen(column, 1, input, depth, 0);
        row(p, column, end, start, rlt_in(run, p->weights), rlt_in(run, p->channels), output + i * units);
    }
    rlt_cut(output, (size_t)(p->window.out_w * units), p->low, p->high);
    return RLT_OK;
}
