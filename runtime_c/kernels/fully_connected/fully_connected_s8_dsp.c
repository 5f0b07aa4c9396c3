/* int8 FULLY_CONNECTED with the DSP extension: conv_2d/columns.h, each row of the input a pixel. */
#include "../conv_2d/columns_dsp.h"
#include "finish_exact.h"

rlt_status rlt_fully_connected_s8_dsp(const rlt_run *run, const void *params) {
    const rlt_conv_2d_columns_params *p = params;
    const int8_t *input = rlt_in(run, p->input);
    const rlt_finish_exact *channels = rlt_in(run, p->channels);
    uint32_t *column = rlt_out(run, p->scratch);
    int8_t *output = rlt_out(run, p->output);
    const int32_t units = p->window.out_c, pairs = p->pairs;
    for (int32_t i = 0; i < p->window.out_w; i++, input += p->run_bytes, output += units) {
        const uint32_t *weights = rlt_in(run, p->weights);
        column[pairs - 1] = 0;
        widen(column, 1, input, p->run_bytes);
        for (int32_t c = 0; c < units; c += 4, weights += 2 * (size_t)pairs) {
            int32_t sum[4];
            multiply_one(column, weights, pairs, c + 2 < units, sum);
            for (int32_t k = 0; k < 4 && c + k < units; k++) {
                output[c + k] = finished_exact(sum[k], &channels[c + k], p->output_zero_point);
            }
        }
        cut(output, (size_t)units, p->low, p->high);
    }
    return RLT_OK;
}
