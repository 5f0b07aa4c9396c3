/* QUANTIZE of floats over the vectors of the instruction set whose headers were included before; rounds as
 * quantize_f32.c does. */
#ifndef RLT_QUANTIZE_F32_KERNEL_H
#define RLT_QUANTIZE_F32_KERNEL_H

#include "typed_lanes.h"

/* The steps as whole numbers, within a million; 0 for what is not a number, which becomes the second operand here. */
RLT_INLINE vi whole_steps(rlt_vec steps) {
    const rlt_vec none = rlt_vec_all(0.0f), most = rlt_vec_all(1e6f), least = rlt_vec_all(-1e6f);
    const rlt_vec above = rlt_vec_min(rlt_vec_max(steps, none), most);
    const rlt_vec below = rlt_vec_max(rlt_vec_min(steps, none), least);
    return rlt_vec_to_whole(rlt_vec_round_away(rlt_vec_add(above, below)));
}

RLT_INLINE void quantize_values(const rlt_quantize_params *p, const float *x, size_t count, float scale,
                                int32_t zero_point, uint8_t *y) {
    const rlt_vec divisor = rlt_vec_all(scale);
    const vi zero = vi_set(zero_point), low = vi_set(p->low), high = vi_set(p->high);
    for (size_t i = 0; i < count; i += LANES) {
        const rlt_vec steps = rlt_vec_div(rlt_vec_load_upto(x + i, count - i), divisor);
        const vi value = vi_min(vi_max(vi_add(whole_steps(steps), zero), low), high);
        store_lanes_upto(y + i * bytes_of(p->type), p->type, value, count - i);
    }
}

RLT_INLINE rlt_status quantize_run(const rlt_run *run, const rlt_quantize_params *p) {
    const float *input = rlt_in(run, p->input), *scales = rlt_in(run, p->scales);
    const int32_t *zero_points = (const int32_t *)(const void *)(scales + p->channels);
    uint8_t *output = rlt_out(run, p->output);
    uint32_t i, last;
    rlt_share_of(run, p->outer * p->channels * p->inner, &i, &last);
    while (i < last) {
        const uint32_t block = i / p->inner, c = block % p->channels, left = p->inner - i % p->inner;
        const uint32_t count = left < last - i ? left : last - i;
        quantize_values(p, input + i, count, scales[c], zero_points[c], output + i * bytes_of(p->type));
        i += count;
    }
    return RLT_OK;
}

#endif
