/* The walk of kernels that take one output pixel after the other: a task's share of the rows of all images. */
#ifndef RLT_CONV_2D_PIXELS_H
#define RLT_CONV_2D_PIXELS_H

#include "../../core/kernel.h"
#include "../common/window.h"

typedef struct {
    int32_t before; /* output pixels before this share */
    int32_t left;   /* of the share */
    int32_t y, x;   /* of the next one */
    int32_t image;  /* input elements before its image */
} rlt_pixels;

static inline rlt_pixels rlt_share_of_pixels(const rlt_run *run, const rlt_window *w) {
    uint32_t from, last;
    rlt_share_of(run, (uint32_t)w->batches * (uint32_t)w->out_h, &from, &last);
    const int32_t images = w->batches == 1 ? 0 : (int32_t)from / w->out_h;
    return (rlt_pixels){(int32_t)from * w->out_w, (int32_t)(last - from) * w->out_w, (int32_t)from - images * w->out_h, 0,
                        images * w->in_h * w->in_w * w->in_c};
}

/* Goes on to the next pixel, which may be the next image's first. */
static inline void rlt_next_pixel(rlt_pixels *at, const rlt_window *w) {
    if (++at->x < w->out_w) return;
    at->x = 0;
    if (++at->y < w->out_h) return;
    at->y = 0;
    at->image += w->in_h * w->in_w * w->in_c;
}

#endif
