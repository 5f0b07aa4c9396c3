/* Bands of float CONV_2D's packed form (packed_f32.h). */
#ifndef RLT_CONV_2D_PACKED_F32_BAND_H
#define RLT_CONV_2D_PACKED_F32_BAND_H

#include <string.h>

#include "packed_f32.h"

/* Where a tap of a dilated window starts, relative to the window's first float. Not in every tile. */
static __attribute__((noinline)) size_t rlt_conv_f32_tap_offset(const rlt_conv_2d_packed_f32_params *p, int32_t tap) {
    const rlt_window *w = &p->window;
    const int32_t ky = tap / w->kernel_w, kx = tap % w->kernel_w;
    return (size_t)ky * (size_t)w->dilation_h * (size_t)p->row_floats +
           (size_t)kx * (size_t)w->dilation_w * (size_t)w->in_c;
}

/* Where run `run` of a window starts. */
static inline __attribute__((always_inline)) size_t rlt_conv_f32_run_offset(const rlt_conv_2d_packed_f32_params *p, int32_t run) {
    if (p->window.dilation_w != 1) return rlt_conv_f32_tap_offset(p, run);
    return (size_t)run * (size_t)p->window.dilation_h * (size_t)p->row_floats;
}

/* The rows that output rows [first, last) of an image read, padding written out. */
static inline void rlt_conv_f32_load_band(const rlt_conv_2d_packed_f32_params *p, const float *image,
                                          int32_t first, int32_t last, float *scratch) {
    const rlt_window *w = &p->window;
    const int32_t rows = (last - 1 - first) * w->stride_h + (w->kernel_h - 1) * w->dilation_h + 1;
    const size_t image_row = (size_t)w->in_w * (size_t)w->in_c, row = (size_t)p->row_floats;
    const size_t left = (size_t)w->pad_left * (size_t)w->in_c;
    const size_t middle = left > row ? 0 : image_row < row - left ? image_row : row - left;
    for (int32_t r = 0; r < rows; r++, scratch += row) {
        const int32_t y = first * w->stride_h - w->pad_top + r;
        if (y < 0 || y >= w->in_h || !middle) {
            memset(scratch, 0, row * sizeof(float));
            continue;
        }
        memset(scratch, 0, left * sizeof(float));
        memcpy(scratch + left, image + (size_t)y * image_row, middle * sizeof(float));
        memset(scratch + left + middle, 0, (row - left - middle) * sizeof(float));
    }
}

#endif
