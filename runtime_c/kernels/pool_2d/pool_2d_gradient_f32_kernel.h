/* Gradients of float pools over the vectors of the instruction set whose header was included before. */
#ifndef RLT_POOL_2D_GRADIENT_F32_KERNEL_H
#define RLT_POOL_2D_GRADIENT_F32_KERNEL_H

#include "pool_2d_gradient.h"

/* What one pixel of dy gives to those of its window. */
RLT_INLINE void add_pixel(const int is_max, const rlt_window *w, const rlt_pool_box *box, const float *input,
                          rlt_vec most, rlt_vec left, float *dx, size_t count) {
    const rlt_vec zero = rlt_vec_all(0.0f);
    for (int32_t y = box->y0; y < box->y1; y++) {
        for (int32_t x = box->x0; x < box->x1; x++) {
            const size_t at = ((size_t)y * (size_t)w->in_w + (size_t)x) * (size_t)w->in_c;
            rlt_vec part = left;
            if (is_max) { /* the first that is not less takes it all */
                const rlt_vec value = rlt_vec_load_first(input + at, count);
                part = rlt_vec_where_less(value, most, zero, left);
                left = rlt_vec_where_less(value, most, left, zero);
            }
            rlt_vec_store_upto(dx + at, rlt_vec_add(rlt_vec_load_first(dx + at, count), part), count);
        }
    }
}

RLT_INLINE rlt_status run_pieces(const int is_max, const rlt_run *run, const rlt_pool_2d_gradient_params *p) {
    const rlt_window *w = &p->window;
    const size_t channels = (size_t)w->in_c;
    uint32_t piece, last;
    rlt_share_of(run, rlt_pool_gradient_pieces(w), &piece, &last);
    for (; piece < last; piece++) {
        const rlt_pool_gradient_piece k = rlt_pool_gradient_piece_of(run, p, piece);
        for (size_t c = 0; c < k.count; c += RLT_LANES) {
            const size_t count = k.count - c < RLT_LANES ? k.count - c : RLT_LANES;
            const size_t pixels = (size_t)w->in_h * (size_t)w->in_w;
            for (size_t i = 0; i < pixels; i++) rlt_vec_store_upto(k.dx + c + i * channels, rlt_vec_all(0.0f), count);
            for (int32_t i = 0; i < w->out_h * w->out_w; i++) {
                const rlt_pool_box box = rlt_pool_taps(w, i / w->out_w, i % w->out_w);
                const size_t at = (size_t)i * channels + c;
                rlt_vec left = rlt_vec_load_first(k.dy + at, count), most = left;
                if (is_max) most = rlt_vec_load_first(k.y + at, count);
                else left = rlt_vec_mul(left, rlt_vec_all(1.0f / (float)((box.y1 - box.y0) * (box.x1 - box.x0))));
                add_pixel(is_max, w, &box, is_max ? k.x + c : NULL, most, left, k.dx + c, count);
            }
        }
    }
    return RLT_OK;
}

#endif
