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
enum { LONG_ROW = 128 }; /* most of whose results are 0 */

/* From exponentials to results: rlt_divide_pot() of what is not negative, by 2^shift. */
typedef struct {
    int32_t scale, shift;
    uint32_t half;
} share;

static int32_t share_of(const share *s, int32_t exponential) {
    return (int32_t)(((uint32_t)rlt_high_mul(s->scale, exponential) + s->half) >> s->shift);
}

/* The least exponential whose result is not 0; results grow with exponentials. */
static int32_t least_that_counts(const share *s) {
    int32_t below = 0;
    for (int32_t bit = 1 << 30; bit > 0; bit >>= 1) {
        if (share_of(s, below + bit) == 0) below += bit;
    }
    return below + (below < INT32_MAX);
}

/* `wide`: the result is int16 with scale 2^-16, else int8 with 2^-8. */
static void softmax_row(const int32_t *exponentials, const int8_t *x, void *y, int wide, uint32_t depth) {
    const int32_t bits = wide ? 16 : 8, low = wide ? INT16_MIN : INT8_MIN;
    uint8_t above = 0; /* -128: compilers vectorize the largest of unsigned bytes */
    for (uint32_t i = 0; i < depth; i++) {
        const uint8_t distance = (uint8_t)x[i] ^ 0x80;
        above = distance > above ? distance : above;
    }
    const int32_t largest = above + INT8_MIN;
    uint32_t sum = 0; /* 19 fraction bits */
    for (uint32_t i = 0; i < depth && sum < TOO_LARGE;) {
        const uint32_t end = depth - i < AT_ONCE ? depth : i + AT_ONCE;
        /* rlt_divide_pot() of what is not negative. */
        for (; i < end; i++) sum += ((uint32_t)exponentials[largest - x[i]] + (1 << 11)) >> 12;
    }
    const int32_t headroom = __builtin_clz(sum);
    const int32_t scale = rlt_reciprocal_of_one_plus((int32_t)((sum << headroom) - (UINT32_C(1) << 31)));
    /* Above 31, in rows of over 512 nearly equal values, each share rounds to 0; LiteRT's result is undefined. */
    const int32_t shift = 12 - headroom + 31 - bits;
    if (sum >= TOO_LARGE || shift > 31) {
        for (uint32_t i = 0; i < depth; i++) put(y, wide, i, low);
        return;
    }
    const share s = {scale, shift, UINT32_C(1) << (shift - 1)};
    const int32_t least = depth < LONG_ROW ? 0 : least_that_counts(&s);
    for (uint32_t i = 0; i < depth; i++) {
        const int32_t exponential = exponentials[largest - x[i]];
        const int32_t value = exponential < least ? low : low + share_of(&s, exponential);
        put(y, wide, i, value < -1 - low ? value : -1 - low);
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
