/* int8 pools on vectors of channels. The including file has included simd/s8_<set>.h. */
#ifndef RLT_POOL_2D_S8_PIXELS_H
#define RLT_POOL_2D_S8_PIXELS_H

typedef int8_t element;
#include "pool_2d_walk.h"

static void average_pixel(const rlt_pool_2d_s8_params *p, const int8_t *image, rlt_pool_box box, int8_t *output) {
    const rlt_window *w = &p->window;
    int32_t rows = box.y1 - box.y0, width = box.x1 - box.x0;
    const int32_t count = rows * width;
    const v_range range = v_set_range(0, p->low, p->high);
    if (width == w->in_w) width = count, rows = 1; /* which lie side by side */
    for (int32_t c = 0; c < w->out_c; c += QUARTERS * LANES) {
        vi sum[QUARTERS];
        const int8_t *row = first_tap(w, image, box, c);
        const int32_t rest = w->out_c - c < QUARTERS * LANES ? w->out_c - c : QUARTERS * LANES;
#pragma GCC unroll 4
        for (int i = 0; i < QUARTERS; i++) sum[i] = vi_set(0);
        for (int32_t y = 0; y < rows; y++, row += w->in_w * w->in_c) v_add_rows(sum, row, (size_t)w->in_c, width, rest);
        v_in_order(sum);
#pragma GCC unroll 4
        for (int i = 0; i < QUARTERS; i++) sum[i] = vi_mean(sum[i], count);
        v_store_bytes(output + c, v_to_bytes(sum, QUARTERS, &range), rest);
    }
}

static void max_pixel(const rlt_pool_2d_s8_params *p, const int8_t *image, rlt_pool_box box, int8_t *output) {
    const rlt_window *w = &p->window;
    const v_bytes low = v_set_bytes(p->low), high = v_set_bytes(p->high);
    for (int32_t c = 0; c < w->out_c; c += QUARTERS * LANES) {
        const int32_t rest = w->out_c - c;
        const int8_t *row = first_tap(w, image, box, c);
        v_bytes largest = low;
        for (int32_t y = box.y0; y < box.y1; y++, row += w->in_w * w->in_c) {
            const int8_t *from = row;
            for (int32_t x = box.x0; x < box.x1; x++, from += w->in_c) {
                largest = v_max_bytes(largest, v_load_bytes(from, rest));
            }
        }
        v_store_bytes(output + c, v_min_bytes(largest, high), rest);
    }
}

#endif
