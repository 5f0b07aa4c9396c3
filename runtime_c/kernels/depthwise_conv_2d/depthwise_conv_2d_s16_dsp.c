/* DEPTHWISE_CONV_2D of int16 activations and int8 weights with the DSP extension: planes.h, window_16/finish_16.h. */
#include "../common/dsp.h"
#include "../window_16/finish_16.h"
#include "planes.h"

typedef int16_t element;
typedef rlt_finish_16_long finish;

/* `count` pixels of four channels, `in_c` apart, to planes that lie `plane` elements apart. */
static void spread_four(int16_t *to, size_t plane, const int16_t *from, size_t in_c, int32_t count) {
    for (; count > 1; count -= 2, from += 2 * in_c, to += 2) {
        const uint32_t left = load_word(from), left_rest = load_word(from + 2);
        const uint32_t right = load_word(from + in_c), right_rest = load_word(from + in_c + 2);
        store_word(to, lower_halves(left, right));
        store_word(to + plane, upper_halves(left, right));
        store_word(to + 2 * plane, lower_halves(left_rest, right_rest));
        store_word(to + 3 * plane, upper_halves(left_rest, right_rest));
    }
    for (size_t k = 0; count > 0 && k < RLT_DEPTHWISE_PLANES; k++) to[k * plane] = from[k];
}

RLT_INLINE int16_t value_of(int32_t sum, finish f) {
    int32_t high;
    __asm__("smmul %0, %1, %2" : "=r"(high) : "r"(sum + f.bias), "r"(f.multiplier));
    return (int16_t)__ssat((high + f.offset) >> f.shift, 16);
}

#include "planes_dsp.h"

rlt_status rlt_depthwise_conv_2d_s16_dsp(const rlt_run *run, const void *params) {
    const rlt_depthwise_planes_params *p = params;
    const rlt_window *w = &p->window;
    multiply_planes(run, p);
    cut_halves(rlt_out(run, p->output), (size_t)w->batches * (size_t)w->out_h * (size_t)w->out_w * (size_t)w->out_c,
               p->low, p->high);
    return RLT_OK;
}
