#include "pool_2d_gradient.h"

static void clear(const rlt_window *w, const rlt_pool_gradient_piece *k) {
    float *to = k->dx;
    for (int32_t i = 0; i < w->in_h * w->in_w; i++, to += w->in_c)
        for (size_t c = 0; c < k->count; c++) to[c] = 0.0f;
}

static void add_average(const rlt_window *w, const rlt_pool_gradient_piece *k, const rlt_pool_box *box, size_t at) {
    const float share = 1.0f / (float)((box->y1 - box->y0) * (box->x1 - box->x0));
    for (int32_t y = box->y0; y < box->y1; y++) {
        for (int32_t x = box->x0; x < box->x1; x++) {
            float *to = k->dx + ((size_t)y * w->in_w + x) * w->in_c;
            for (size_t c = 0; c < k->count; c++) to[c] += k->dy[at + c] * share;
        }
    }
}

/* The first of equal maxima takes it all. */
static void add_max(const rlt_window *w, const rlt_pool_gradient_piece *k, const rlt_pool_box *box, size_t at) {
    for (size_t c = 0; c < k->count; c++) {
        int done = 0;
        for (int32_t y = box->y0; y < box->y1; y++) {
            for (int32_t x = box->x0; x < box->x1; x++) {
                const size_t from = ((size_t)y * w->in_w + x) * w->in_c + c;
                if (done || k->x[from] != k->y[at + c]) continue;
                k->dx[from] += k->dy[at + c];
                done = 1;
            }
        }
    }
}

typedef void (*add_pixel_fn)(const rlt_window *w, const rlt_pool_gradient_piece *k, const rlt_pool_box *box, size_t at);

static rlt_status run_pieces(const rlt_run *run, const rlt_pool_2d_gradient_params *p, add_pixel_fn add) {
    const rlt_window *w = &p->window;
    uint32_t piece, last;
    rlt_share_of(run, rlt_pool_gradient_pieces(w), &piece, &last);
    for (; piece < last; piece++) {
        const rlt_pool_gradient_piece k = rlt_pool_gradient_piece_of(run, p, piece);
        clear(w, &k);
        for (int32_t i = 0; i < w->out_h * w->out_w; i++) {
            const rlt_pool_box box = rlt_pool_taps(w, i / w->out_w, i % w->out_w);
            add(w, &k, &box, (size_t)i * w->in_c);
        }
    }
    return RLT_OK;
}

rlt_status rlt_average_pool_2d_gradient_f32(const rlt_run *run, const void *params) {
    return run_pieces(run, params, add_average);
}

rlt_status rlt_max_pool_2d_gradient_f32(const rlt_run *run, const void *params) {
    return run_pieces(run, params, add_max);
}
