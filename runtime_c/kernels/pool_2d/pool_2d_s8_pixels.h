/* int8 pools on vectors of channels. The including file has included simd/s8_<set>.h. */
#ifndef RLT_POOL_2D_S8_PIXELS_H
#define RLT_POOL_2D_S8_PIXELS_H

#include "pool_2d.h"

/* All channels of one output pixel from the taps in `box`. */
typedef void (*pixel_function)(const rlt_pool_2d_s8_params *p, const int8_t *image, rlt_pool_box box, int8_t *output);

static void average_pixel(const rlt_pool_2d_s8_params *p, const int8_t *image, rlt_pool_box box, int8_t *output) {
    const rlt_window *w = &p->window;
    const int32_t count = (box.y1 - box.y0) * (box.x1 - box.x0);
    const v_range range = v_set_range(0, p->low, p->high);
    for (int32_t c = 0; c < w->out_c; c += QUARTERS * LANES) {
        vi sum[QUARTERS];
        const int32_t rest = w->out_c - c < QUARTERS * LANES ? w->out_c - c : QUARTERS * LANES;
#pragma GCC unroll 4
        for (int i = 0; i < QUARTERS; i++) sum[i] = vi_set(0);
        for (int32_t y = box.y0; y < box.y1; y++) {
            const int8_t *from = image + ((size_t)y * (size_t)w->in_w + (size_t)box.x0) * (size_t)w->in_c + c;
            for (int32_t x = box.x0; x < box.x1; x++, from += w->in_c) {
#pragma GCC unroll 4
                for (int i = 0; i < QUARTERS; i++) {
                    if (rest > i * LANES) sum[i] = vi_add(sum[i], vi_load_s8_first(from + i * LANES, rest - i * LANES));
                }
            }
        }
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
        v_bytes largest = low;
        for (int32_t y = box.y0; y < box.y1; y++) {
            const int8_t *from = image + ((size_t)y * (size_t)w->in_w + (size_t)box.x0) * (size_t)w->in_c + c;
            for (int32_t x = box.x0; x < box.x1; x++, from += w->in_c) {
                largest = v_max_bytes(largest, v_load_bytes(from, rest));
            }
        }
        v_store_bytes(output + c, v_min_bytes(largest, high), rest);
    }
}

static rlt_status run_pixels(const rlt_run *run, const rlt_pool_2d_s8_params *p, pixel_function pixel) {
    const rlt_window *w = &p->window;
    const int8_t *input = rlt_in(run, p->input);
    int8_t *output = rlt_out(run, p->output);
    uint32_t row, last;
    rlt_share_of(run, (uint32_t)(w->batches * w->out_h), &row, &last);
    for (; row < last; row++) {
        const int32_t batch = (int32_t)row / w->out_h, y = (int32_t)row % w->out_h;
        const int8_t *image = input + (size_t)batch * (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
        for (int32_t x = 0; x < w->out_w; x++) {
            pixel(p, image, rlt_pool_taps(w, y, x), output + ((size_t)row * (size_t)w->out_w + (size_t)x) * (size_t)w->out_c);
        }
    }
    return RLT_OK;
}

#endif
