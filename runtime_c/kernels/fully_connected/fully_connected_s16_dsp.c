/* FULLY_CONNECTED of int16 activations and int8 weights with the DSP extension: conv_2d/columns.h, each row of the input a
 * pixel; window_16/finish_16.h. */
#include "../conv_2d/columns_s16_dsp.h"
#include "../window_16/finish_16.h"

static __attribute__((noinline)) int32_t exactly(int32_t sum, const rlt_finish_16_exact *f) {
    return rlt_requantize_exact(sum, &f->exact);
}

RLT_INLINE int16_t finished_exact(int32_t sum, const rlt_finish_16_exact *f) {
    int32_t high;
    __asm__("smmulr %0, %1, %2" : "=r"(high) : "r"(sum), "r"(f->multiplier));
    high += f->offset;
    const uint32_t rest = (uint32_t)high & ((1u << f->shift) - 1);
    return (int16_t)__ssat(rest > 4 ? high >> f->shift : exactly(sum, f), 16);
}

rlt_status rlt_fully_connected_s16_dsp(const rlt_run *run, const void *params) {
    const rlt_conv_2d_columns_params *p = params;
    const int16_t *input = rlt_in(run, p->input);
    const rlt_finish_16_exact *channels = rlt_in(run, p->channels);
    uint32_t *column = rlt_out(run, p->scratch);
    int16_t *output = rlt_out(run, p->output);
    const int32_t units = p->window.out_c, pairs = p->pairs, depth = p->window.in_c;
    for (int32_t i = 0; i < p->window.out_w; i++, input += depth, output += units) {
        const uint32_t *weights = rlt_in(run, p->weights), *from = (const void *)input;
        if (depth % 4) { /* ends in zeros, and rows may start at odd places */
            column[pairs - 1] = 0;
            copy_pairs(column, 1, input, depth);
            from = column;
        }
        for (int32_t c = 0; c < units; c += 4, weights += 2 * (size_t)pairs) {
            int32_t sum[4];
            for (int32_t k = 0; k < 4; k++) sum[k] = c + k < units ? channels[c + k].bias : 0;
            multiply_one(from, weights, pairs, c + 2 < units, sum);
            for (int32_t k = 0; k < 4 && c + k < units; k++) output[c + k] = finished_exact(sum[k], &channels[c + k]);
        }
        cut_halves(output, (size_t)units, p->low, p->high);
    }
    return RLT_OK;
}
