/* QUANTIZE between integer types over the vectors of the instruction set whose header was included before; rounds as
 * requantize.c does. */
#ifndef RLT_REQUANTIZE_KERNEL_H
#define RLT_REQUANTIZE_KERNEL_H

#include "typed_lanes.h"

RLT_INLINE rlt_status requantize_run(const rlt_run *run, const rlt_requantize_params *p) {
    const vi from_zero = vi_set(p->input_zero_point), to_zero = vi_set(p->output_zero_point);
    const vi multiplier = vi_set(p->multiplier), low = vi_set(p->low), high = vi_set(p->high);
    const vi left = vi_set(p->shift > 0 ? p->shift : 0), right = vi_set(p->shift > 0 ? 0 : -p->shift);
    const uint8_t *input = rlt_in(run, p->input);
    uint8_t *output = rlt_out(run, p->output);
    uint32_t first, last;
    rlt_share_of(run, p->count, &first, &last);
    for (size_t i = first; i < last; i += LANES) {
        const vi x = load_lanes_upto(input + i * bytes_of(p->input_type), p->input_type, last - i);
        const vi scaled = vi_requantize(vi_sub(x, from_zero), multiplier, left, right);
        const vi y = vi_min(vi_max(vi_add(scaled, to_zero), low), high);
        store_lanes_upto(output + i * bytes_of(p->output_type), p->output_type, y, last - i);
    }
    return RLT_OK;
}

#endif
