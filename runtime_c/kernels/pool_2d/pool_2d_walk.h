/* The walk of integer pools over output pixels. The including file has defined `element`, the type of values. */
#ifndef RLT_POOL_2D_WALK_H
#define RLT_POOL_2D_WALK_H

#include "pool_2d.h"

/* All channels of one output pixel from the taps in `box`. */
typedef void (*pixel_function)(const rlt_pool_2d_s8_params *p, const element *image, rlt_pool_box box, element *output);

RLT_INLINE const element *first_tap(const rlt_window *w, const element *image, rlt_pool_box box, int32_t c) {
    return image + ((size_t)box.y0 * w->in_w + box.x0) * w->in_c + c;
}

RLT_INLINE rlt_status run_pixels(const rlt_run *run, const rlt_pool_2d_s8_params *p, pixel_function pixel) {
    const rlt_window *w = &p->window;
    const element *input = rlt_in(run, p->input);
    element *output = rlt_out(run, p->output);
    for (rlt_pixels at = rlt_share_of_pixels(run, w); at.left; rlt_next_pixel(&at, w)) {
        pixel(p, input + at.image, rlt_pool_taps(w, at.y, at.x), output + at.number * w->out_c);
    }
    return RLT_OK;
}

/* sum / count, halves away from zero. */
RLT_INLINE int32_t mean_of(int32_t sum, int32_t count) {
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

#endif
