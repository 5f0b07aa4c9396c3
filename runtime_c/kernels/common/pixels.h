/* The walk of kernels that take one output pixel after the other: a task's share of the rows of all images. */
#ifndef RLT_PIXELS_H
#define RLT_PIXELS_H

#include "../../core/kernel.h"
#include "window.h"

typedef struct {
    uint32_t left;       /* output pixels of the share that are still to come */
    int32_t batch, y, x; /* of the next one */
    size_t number;       /* its, over all images */
    size_t image;        /* input elements before its image */
} rlt_pixels;

static inline rlt_pixels rlt_share_of_pixels(const rlt_run *run, const rlt_window *w) {
    uint32_t from, last;
    rlt_share_of(run, (uint32_t)w->batches * (uint32_t)w->out_h, &from, &last);
    const int32_t batch = w->batches == 1 ? 0 : (int32_t)from / w->out_h;
    return (rlt_pixels){(last - from) * (uint32_t)w->out_w, batch, (int32_t)from - batch * w->out_h, 0,
                        (size_t)from * w->out_w, (size_t)batch * w->in_h * w->in_w * w->in_c};
}

/* Goes on to the next pixel, which may be the next image's first. */
static inline void rlt_next_pixel(rlt_pixels *at, const rlt_window *w) {
    at->left--;
    at->number++;
    if (++at->x < w->out_w) return;
    at->x = 0;
    if (++at->y < w->out_h) return;
    at->y = 0;
    at->batch++;
    at->image += (size_t)w->in_h * w->in_w * w->in_c;
}

#endif
