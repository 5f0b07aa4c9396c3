/* Float CONV_2D in its packed form (packed_f32.h), with ROW_FOR() of the including file. */
#ifndef RLT_CONV_2D_PACKED_F32_KERNEL_H
#define RLT_CONV_2D_PACKED_F32_KERNEL_H

#include "gradient.h"
#include "packed_f32_band.h"
#include "packed_f32_row.h"

/* What one task does. */
typedef struct {
    const rlt_conv_2d_packed_f32_params *p;
    const float *weights, *bias;
    float *output;
    uint32_t first_row, last_row, first_block, last_block;
} conv_share;

/* Output rows [row, last) of the batch, of one image, whose windows start at `windows`. */
static void run_rows(const conv_share *s, int32_t row, int32_t last, const float *windows) {
    const rlt_conv_2d_packed_f32_params *p = s->p;
    const rlt_window *w = &p->window;
    const int32_t total = w->batches * w->out_h;
    const int32_t width = RLT_LANES / p->taps; /* channels of a vector */
    const int32_t steps = p->run_count * rlt_conv_f32_run_steps(p);
    for (int32_t i = (int32_t)s->first_block; i < (int32_t)s->last_block; i++) {
        const int32_t start = rlt_conv_f32_block_start(p, i);
        const int32_t stop = rlt_conv_f32_block_start(p, i + 1);
        const int32_t first = start * width, end = stop * width < w->out_c ? stop * width : w->out_c;
        const rlt_conv_f32_row row_function = ROW_FOR(p->taps, stop - start);
        const rlt_conv_f32_block b = {
            .p = p,
            .weights = s->weights + (size_t)(first * p->taps) * (size_t)steps,
            .bias = s->bias + start * RLT_LANES,
            .pixel_floats = (size_t)w->stride_w * (size_t)w->in_c,
            .channels = (size_t)(end - first),
            .step_floats = (size_t)((end - first) * p->taps),
        };
        for (int32_t r = row; r < last; r++) {
            row_function(&b, windows + (size_t)(r - row) * (size_t)w->stride_h * (size_t)p->row_floats,
                                   r == total - 1 ? p->last_w : w->out_w,
                                   s->output + rlt_conv_f32_output_at(p, r) + first);
        }
    }
}

static rlt_status run_packed(const rlt_run *run, const rlt_conv_2d_packed_f32_params *p) {
    const rlt_window *w = &p->window;
    const float *input = rlt_in(run, p->input);
    conv_share s = {p, rlt_in(run, p->weights), rlt_in(run, p->bias), rlt_out(run, p->output),
                    0, (uint32_t)(w->batches * w->out_h), 0, (uint32_t)rlt_conv_f32_blocks(p)};
    if (p->split_blocks) rlt_share_of(run, s.last_block, &s.first_block, &s.last_block);
    else rlt_share_of(run, s.last_row, &s.first_row, &s.last_row);
    for (int32_t row = (int32_t)s.first_row, end = (int32_t)s.last_row; row < end;) {
        const int32_t y = row % w->out_h, left = w->out_h - y < end - row ? w->out_h - y : end - row;
        const int32_t count = left < p->band_rows ? left : p->band_rows;
        const float *image = input + (size_t)(row / w->out_h) * (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
        if (p->scratch == RLT_REF_NONE) {
            run_rows(&s, row, row + count, image + (size_t)(y * w->stride_h) * (size_t)p->row_floats);
        } else {
            float *scratch = (float *)rlt_out(run, p->scratch) + (size_t)run->task * (size_t)p->band_floats;
            rlt_conv_f32_load_band(p, image, y, y + count, scratch);
            run_rows(&s, row, row + count, scratch);
        }
        row += count;
    }
    return RLT_OK;
}

/* The parts of a gradient (gradient.h), each a convolution. */
static rlt_status run_phases(const rlt_run *run, const rlt_conv_2d_phases_f32_params *p) {
    for (int32_t i = 0; i < p->count; i++) {
        rlt_conv_2d_packed_f32_params part = p->phases[i].conv;
        part.input = p->dy;
        part.output = p->dx;
        part.weights = p->packed + p->phases[i].packed_at;
        part.bias = p->bias;
        if (part.scratch != RLT_REF_NONE) part.scratch = p->scratch;
        run_packed(run, &part);
    }
    return RLT_OK;
}

#endif
