/* The end of a FULLY_CONNECTED sum, rounded once (finish.h); for kernels that have high_word() and saturated(). */
#ifndef RLT_FULLY_CONNECTED_FINISH_EXACT_H
#define RLT_FULLY_CONNECTED_FINISH_EXACT_H

#include "../common/finish.h"

/* Where the short form cannot tell: one value in thousands. */
static __attribute__((noinline)) int32_t exactly(int32_t sum, const rlt_finish_exact *f, int32_t zero_point) {
    const int32_t whole = rlt_requantize_exact(rlt_add_wrapping(sum, f->finish.bias2 >> (f->left + 1)), &f->exact);
    return rlt_saturate(whole, zero_point, INT8_MIN, INT8_MAX);
}

RLT_INLINE int8_t finished_exact(int32_t sum, const rlt_finish_exact *f, int32_t zero_point) {
    const int32_t high = high_word(sum * (1 << f->left), f->finish) + f->finish.offset;
    const uint32_t rest = (uint32_t)high & ((1u << f->finish.shift) - 1);
    return (int8_t)saturated(rest > 4 ? high >> f->finish.shift : exactly(sum, f, zero_point));
}

#endif
