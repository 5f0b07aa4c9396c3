/* Result equals LiteRT's integer Softmax (tflite/kernels/internal/reference/softmax.h). */
#include "../common/reciprocal.h"
#include "softmax.h"

static void put(void *y, int wide, uint32_t i, int32_t value) {
    if (wide) ((int16_t *)y)[i] = (int16_t)value;
    else ((int8_t *)y)[i] = (int8_t)value;
}

/* From this sum on every result is at most 1/512 and rounds to nothing; LiteRT stops with an error there. */
#define TOO_LARGE (UINT32_C(1) << 28)
enum { AT_ONCE = 512 }; /* that many exponentials, each at most 2^19, do not overflow beyond it */

/* `wide`: the result is int16 with scale 2^-16, else int8 with 2^-8. */
static void softmax_row(const int32_t *exponentials, const int8_t *x, void *y, int wide, uint32_t depth) {
    const int32_t bits = wide ? 16 : 8, low = wide ? INT16_MIN : INT8_MIN;
    int32_t largest = INT8_MIN;
    for (uint32_t i = 0; i < depth; i++) largest = x[i] > largest ? x[i] : largest;
    uint32_t sum = 0; /* 19 fraction bits */
    for (uint32_t i = 0; i < depth && sum < TOO_LARGE;) {
        const uint32_t end = depth - i < AT_ONCE ? depth : i + AT_ONCE;
        /* rlt_divide_pot() of what is not negative. */
        for (; i < end; i++) sum += ((uint32_t)exponentials[largest - x[i]] + (1 << 11)) >> 12;
    }
    if (sum >= TOO_LARGE) {
        for (uint32_t i = 0; i < depth; i++) put(y, wide, i, low);
        return;
    }
    const int32_t headroom = __builtin_clz(sum);
    const int32_t scale = rlt_reciprocal_of_one_plus((int32_t)((sum << headroom) - (UINT32_C(1) << 31)));
    /* Shift and half of rlt_divide_pot() of what is not negative. Above 31, in rows of over 512 nearly equal values, each
     * share rounds to 0; LiteRT's result is undefined. */
    const int32_t shift = 12 - headroom + 31 - bits;
    const uint32_t half = shift > 31 ? 0 : UINT32_C(1) << (shift - 1);
    for (uint32_t i = 0; i < depth; i++) {
        const uint32_t share = (uint32_t)rlt_high_mul(scale, exponentials[largest - x[i]]);
        const int32_t value = shift > 31 ? 0 : (int32_t)((share + half) >> shift);
        put(y, wide, i, value + low < -1 - low ? value + low : -1 - low);
    }
}

rlt_status rlt_softmax_s8(const rlt_run *run, const void *params) {
    const rlt_softmax_s8_params *p = params;
    const int8_t *input = rlt_in(run, p->input);
    const int32_t *exponentials = rlt_in(run, p->exponentials);
    uint8_t *output = rlt_out(run, p->output);
    const size_t row_bytes = (size_t)p->depth << p->wide;
    uint32_t row, last;
    rlt_share_of(run, p->rows, &row, &last);
    for (; row < last; row++) {
        softmax_row(exponentials, input + (size_t)row * p->depth, output + row * row_bytes, (int)p->wide,
                    p->depth);
    }
    return RLT_OK;
}
