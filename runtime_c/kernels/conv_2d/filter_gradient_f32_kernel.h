/* Gradient of a float filter as products of matrices: for each run of a window, dy transposed times the windows, which are
 * read where they lie in the image or in a band of it. */
#ifndef RLT_CONV_2D_FILTER_GRADIENT_F32_KERNEL_H
#define RLT_CONV_2D_FILTER_GRADIENT_F32_KERNEL_H

#include "../common/gemm_f32.h"
#include "gradient.h"
#include "packed_f32_band.h"

static rlt_status filter_gradient_run(const rlt_run *run, const rlt_conv_2d_filter_gradient_params *p,
                                      rlt_gemm_f32_fn multiply) {
    const rlt_conv_2d_packed_f32_params *k = &p->band;
    const rlt_window *w = &k->window;
    const size_t out_c = (size_t)w->out_c, filter = (size_t)k->run_floats * (size_t)k->run_count;
    const size_t image_floats = (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
    const float *input = rlt_in(run, p->input), *dy = rlt_in(run, p->dy);
    uint32_t tile, last_tile;
    rlt_share_of(run, (uint32_t)((w->out_c + RLT_GEMM_F32_ROWS - 1) / RLT_GEMM_F32_ROWS), &tile, &last_tile);
    const size_t first = (size_t)tile * RLT_GEMM_F32_ROWS, end = (size_t)last_tile * RLT_GEMM_F32_ROWS;
    rlt_gemm_f32 g = {
        .rows = (end < out_c ? end : out_c) - first, .columns = (size_t)k->run_floats, .inner = (size_t)w->out_w,
        .a_row = 1, .a_outer = (size_t)w->out_w * out_c, .a_inner = out_c,
        .b_outer = (size_t)w->stride_h * (size_t)k->row_floats, .b_inner = (size_t)w->stride_w * (size_t)w->in_c,
        .c_row = filter,
    };
    for (int32_t row = 0, end_row = w->batches * w->out_h; row < end_row; row += (int32_t)g.outer) {
        const int32_t y = row % w->out_h, left = w->out_h - y;
        const float *windows = input + (size_t)(row / w->out_h) * image_floats;
        g.outer = (size_t)(left < k->band_rows ? left : k->band_rows);
        if (p->scratch == RLT_REF_NONE) {
            windows += (size_t)(y * w->stride_h) * (size_t)k->row_floats;
        } else {
            float *scratch = (float *)rlt_out(run, p->scratch) + (size_t)run->task * (size_t)k->band_floats;
            rlt_conv_f32_load_band(k, windows, y, y + (int32_t)g.outer, scratch);
            windows = scratch;
        }
        g.a = dy + (size_t)row * g.a_outer + first;
        for (int32_t i = 0; i < k->run_count; i++) {
            g.b = windows + rlt_conv_f32_run_offset(k, i);
            g.c = (float *)rlt_out(run, p->dw) + first * filter + (size_t)i * (size_t)k->run_floats;
            multiply(&g);
        }
        g.accumulate = 1;
    }
    return RLT_OK;
}

#endif
