/* Windows in the scratch of packed int8 convolutions. */
#ifndef RLT_CONV_2D_PACKED_RUNS_H
#define RLT_CONV_2D_PACKED_RUNS_H

#include "packed.h"

/* Where run `run` of the window starts, relative to the window's first byte in scratch. */
static inline size_t rlt_conv_run_offset(const rlt_conv_2d_packed_params *p, int32_t run) {
    const rlt_window *w = &p->window;
    if (w->dilation_w == 1) return (size_t)run * (size_t)w->dilation_h * (size_t)p->band.row_bytes;
    const int32_t ky = run / w->kernel_w, kx = run % w->kernel_w;
    return (size_t)ky * (size_t)w->dilation_h * (size_t)p->band.row_bytes + (size_t)kx * (size_t)w->dilation_w * (size_t)w->in_c;
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
