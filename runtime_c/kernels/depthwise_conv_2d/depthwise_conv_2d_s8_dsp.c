/* int8 DEPTHWISE_CONV_2D with the DSP extension: planes.h. */
#include "../common/dsp.h"
#include "planes.h"

typedef int8_t element;
typedef rlt_finish finish;

/* `count` pixels of four channels, `in_c` apart, to planes that lie `plane` elements apart. */
static void spread_four(int16_t *to, size_t plane, const int8_t *from, size_t in_c, int32_t count) {
    for (; count > 1; count -= 2, from += 2 * in_c, to += 2) {
        const uint32_t left = load_word(from), right = load_word(from + in_c);
        const uint32_t left_even = even_bytes(left), left_odd = odd_bytes(left);
        const uint32_t right_even = even_bytes(right), right_odd = odd_bytes(right);
        store_word(to, lower_halves(left_even, right_even));
        store_word(to + plane, lower_halves(left_odd, right_odd));
        store_word(to + 2 * plane, upper_halves(left_even, right_even));
        store_word(to + 3 * plane, upper_halves(left_odd, right_odd));
    }
    for (size_t k = 0; count > 0 && k < RLT_DEPTHWISE_PLANES; k++) to[k * plane] = from[k];
}

RLT_INLINE int8_t value_of(int32_t sum, finish f) { return finished(sum, f); }

#include "planes_dsp.h"

rlt_status rlt_depthwise_conv_2d_s8_dsp(const rlt_run *run, const void *params) {
    const rlt_depthwise_planes_params *p = params;
    const rlt_window *w = &p->window;
    multiply_planes(run, p);
    cut(rlt_out(run, p->output), (size_t)w->batches * (size_t)w->out_h * (size_t)w->out_w * (size_t)w->out_c, p->low,
        p->high);
    return RLT_OK;
}
