/* Copying input rows to scratch for the packed int8 convolutions; compiled for each instruction set that uses it. */
#ifndef RLT_CONV_2D_PACKED_BAND_H
#define RLT_CONV_2D_PACKED_BAND_H

#include <string.h>

#include "packed.h"

static inline void rlt_conv_copy_unsigned(uint8_t *restrict to, const int8_t *restrict from, int32_t count) {
    for (int32_t i = 0; i < count; i++) to[i] = (uint8_t)from[i] ^ 0x80u;
}

/* Rows of one image that output rows [first, last) read, padded, each byte + 128. `width`: output pixels per row. */
static inline void rlt_conv_load_band(const rlt_conv_2d_packed_params *p, const int8_t *image, int32_t first,
                                      int32_t last, int32_t width, uint8_t *scratch) {
    const rlt_window *w = &p->window;
    const int32_t rows = (last - 1 - first) * w->stride_h + (w->kernel_h - 1) * w->dilation_h + 1;
    const int32_t columns = (width - 1) * w->stride_w + (w->kernel_w - 1) * w->dilation_w + 1;
    const int32_t inside = w->in_w < columns - w->pad_left ? w->in_w : columns - w->pad_left;
    for (int32_t r = 0; r < rows; r++, scratch += p->row_bytes) {
        const int32_t y = first * w->stride_h - w->pad_top + r;
        if (y < 0 || y >= w->in_h || inside <= 0) {
            memset(scratch, p->fill, (size_t)columns * (size_t)w->in_c);
            continue;
        }
        const int32_t left = w->pad_left * w->in_c, middle = inside * w->in_c;
        memset(scratch, p->fill, (size_t)left);
        rlt_conv_copy_unsigned(scratch + left, image + (size_t)y * (size_t)w->in_w * (size_t)w->in_c, middle);
        memset(scratch + left + middle, p->fill, (size_t)(columns * w->in_c - left - middle));
    }
}

/* Where run `run` of the window starts, relative to the window's first byte in scratch. */
static inline size_t rlt_conv_run_offset(const rlt_conv_2d_packed_params *p, int32_t run) {
    const rlt_window *w = &p->window;
    if (w->dilation_w == 1) return (size_t)run * (size_t)w->dilation_h * (size_t)p->row_bytes;
    const int32_t ky = run / w->kernel_w, kx = run % w->kernel_w;
    return (size_t)ky * (size_t)w->dilation_h * (size_t)p->row_bytes + (size_t)kx * (size_t)w->dilation_w * (size_t)w->in_c;
}

/* Sum of the window's bytes in scratch. */
static inline int32_t rlt_conv_window_sum(const rlt_conv_2d_packed_params *p, const uint8_t *window) {
    uint32_t sum = 0;
    for (int32_t run = 0; run < p->run_count; run++) {
        const uint8_t *from = window + rlt_conv_run_offset(p, run);
        for (int32_t i = 0; i < p->run_bytes; i++) sum += from[i];
    }
    return (int32_t)sum;
}

#endif
