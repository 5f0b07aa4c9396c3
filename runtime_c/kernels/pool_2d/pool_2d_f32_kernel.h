/* Float pools over the vectors of the instruction set whose header was included before. */
#ifndef RLT_POOL_2D_F32_KERNEL_H
#define RLT_POOL_2D_F32_KERNEL_H

#include "pool_2d.h"

/* One vector of channels of one output pixel: the sum over its box, or the largest value and at least `start`. */
RLT_INLINE rlt_vec pool_box(const int largest, const rlt_window *w, const float *image, const rlt_pool_box *box,
                            rlt_vec start, size_t lanes) {
    const size_t channels = (size_t)w->out_c;
    rlt_vec value = start;
    for (int32_t y = box->y0; y < box->y1; y++) {
        const float *from = image + ((size_t)y * (size_t)w->in_w + (size_t)box->x0) * channels;
        for (int32_t x = box->x0; x < box->x1; x++, from += channels) {
            const rlt_vec next = rlt_vec_load_upto(from, lanes);
            value = largest ? rlt_vec_max(next, value) : rlt_vec_add(value, next);
        }
    }
    return value;
}

RLT_INLINE void pool_pixel(const int largest, const rlt_pool_2d_f32_params *p, const float *image,
                           const rlt_pool_box *box, float *output) {
    const rlt_window *w = &p->window;
    const rlt_vec low = rlt_vec_all(p->low), high = rlt_vec_all(p->high);
    const rlt_vec count = rlt_vec_all((float)((box->y1 - box->y0) * (box->x1 - box->x0)));
    for (int32_t c = 0; c < w->out_c; c += RLT_LANES) {
        const size_t left = (size_t)(w->out_c - c), lanes = left < RLT_LANES ? left : RLT_LANES;
        const rlt_vec value = lanes == RLT_LANES
                                  ? pool_box(largest, w, image + c, box, largest ? low : rlt_vec_all(0.0f), RLT_LANES)
                                  : pool_box(largest, w, image + c, box, largest ? low : rlt_vec_all(0.0f), lanes);
        rlt_vec_store_upto(output + c, rlt_vec_clamp(largest ? value : rlt_vec_div(value, count), low, high), lanes);
    }
}

RLT_INLINE rlt_status pool_run(const int largest, const rlt_run *run, const rlt_pool_2d_f32_params *p) {
    const rlt_window *w = &p->window;
    const float *input = rlt_in(run, p->input);
    float *output = rlt_out(run, p->output);
    for (rlt_pixels at = rlt_share_of_pixels(run, w); at.left; rlt_next_pixel(&at, w)) {
        const rlt_pool_box box = rlt_pool_taps(w, at.y, at.x);
        pool_pixel(largest, p, input + at.image, &box, output + at.number * (size_t)w->out_c);
    }
    return RLT_OK;
}

#endif
