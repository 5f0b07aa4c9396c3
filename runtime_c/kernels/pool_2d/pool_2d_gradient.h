/* Parameters of the pools' gradients. `window` is that of the pool. A task takes some vectors of channels of some images: no
 * two write the same values. */
#ifndef RLT_POOL_2D_GRADIENT_H
#define RLT_POOL_2D_GRADIENT_H

#include "pool_2d.h"

typedef struct {
    rlt_ref x, y; /* the pool's input and output; average pools: not used */
    rlt_ref dy, dx;
    rlt_window window;
} rlt_pool_2d_gradient_params;

enum { RLT_POOL_2D_GRADIENT_REFS = 4, RLT_POOL_2D_GRADIENT_CHANNELS = 16 };

/* One piece of the work: an image and its channels [first, first + count). */
typedef struct {
    const float *x, *y, *dy;
    float *dx;
    size_t count;
} rlt_pool_gradient_piece;

static inline uint32_t rlt_pool_gradient_pieces(const rlt_window *w) {
    const int32_t size = RLT_POOL_2D_GRADIENT_CHANNELS;
    return (uint32_t)w->batches * (uint32_t)((w->in_c + size - 1) / size);
}

static inline rlt_pool_gradient_piece rlt_pool_gradient_piece_of(const rlt_run *run, const rlt_pool_2d_gradient_params *p,
                                                                 uint32_t number) {
    const rlt_window *w = &p->window;
    const uint32_t vectors = rlt_pool_gradient_pieces(w) / (uint32_t)w->batches;
    const size_t channels = (size_t)w->in_c, first = (size_t)(number % vectors) * RLT_POOL_2D_GRADIENT_CHANNELS;
    const size_t image = number / vectors, left = channels - first;
    const size_t in = image * (size_t)w->in_h * (size_t)w->in_w * channels + first;
    const size_t out = image * (size_t)w->out_h * (size_t)w->out_w * channels + first;
    const float *x = rlt_in_or_null(run, p->x), *y = rlt_in_or_null(run, p->y);
    return (rlt_pool_gradient_piece){
        .x = x ? x + in : NULL, .y = y ? y + out : NULL, .dy = (const float *)rlt_in(run, p->dy) + out,
        .dx = (float *)rlt_out(run, p->dx) + in,
        .count = left < RLT_POOL_2D_GRADIENT_CHANNELS ? left : RLT_POOL_2D_GRADIENT_CHANNELS,
    };
}

#endif
