/* Float DEPTHWISE_CONV_2D without a channel multiplier, over the vectors of the instruction set whose header was
 * included before. Weights and image are read where they lie: both have neighbouring channels side by side. */
#ifndef RLT_DEPTHWISE_F32_KERNEL_H
#define RLT_DEPTHWISE_F32_KERNEL_H

#include "depthwise_conv_2d.h"

/* Pixels computed together: a row's first ones and its last few. */
enum { GROUP = RLT_VEC_REGISTERS == 32 ? 8 : 4, SMALL_GROUP = 4, MOST_COLUMNS = (GROUP - 1) * 2 + 5 };

/* What one row of output pixels needs. */
typedef struct {
    const rlt_depthwise_conv_2d_f32_params *p;
    const float *image, *weights, *bias;
    int32_t y, first_y, last_y; /* the window's first input row; its taps that lie in the image */
    float *output;
} dw_row;

RLT_INLINE rlt_vec dw_start(const dw_row *r, int32_t c, size_t lanes) {
    return r->bias ? rlt_vec_load_upto(r->bias + c, lanes) : rlt_vec_all(0.0f);
}

/* One vector of channels of `group` neighbouring pixels, of which `count` exist, for a window of `kernel_w` columns.
 * Each column is loaded once for all windows that it is part of. `columns` tells at which float of a row one lies,
 * negative where it is padding; `whole` means that none is and all pixels exist. `partial`: the last vector. */
RLT_INLINE void dw_vector(const dw_row *r, const int group, const int kernel_w, const int stride, const int whole,
                          const int partial, const int64_t *columns, int32_t count, int32_t c, float *output) {
    static const float zeros[RLT_LANES];
    const rlt_window *w = &r->p->window;
    const int column_count = (group - 1) * stride + kernel_w;
    const size_t channels = (size_t)w->out_c, lanes = partial ? (size_t)w->out_c % RLT_LANES : RLT_LANES;
    rlt_vec sum[GROUP];
#pragma GCC unroll 8
    for (int i = 0; i < group; i++) sum[i] = dw_start(r, c, lanes);
    for (int32_t ky = r->first_y; ky < r->last_y; ky++) {
        const float *from = r->image + (size_t)(r->y + ky * w->dilation_h) * (size_t)w->in_w * channels + c;
        const float *weights = r->weights + (size_t)ky * (size_t)kernel_w * channels + c;
        rlt_vec x[MOST_COLUMNS];
#pragma GCC unroll 19
        for (int i = 0; i < column_count; i++) {
            const float *at = columns[i] < 0 ? zeros : from + columns[i];
            if (whole) at = from + columns[0] + (size_t)i * channels;
            x[i] = partial ? rlt_vec_load_first(at, lanes) : rlt_vec_load(at);
            if (whole && !partial) __asm__("" : "+v"(x[i])); /* keep it: loads are what limits this */
        }
#pragma GCC unroll 5
        for (int kx = 0; kx < kernel_w; kx++) {
            const float *at = weights + (size_t)kx * channels;
            const rlt_vec weight = partial ? rlt_vec_load_first(at, lanes) : rlt_vec_load(at);
#pragma GCC unroll 8
            for (int i = 0; i < group; i++) sum[i] = rlt_vec_fma(x[i * stride + kx], weight, sum[i]);
        }
    }
    const rlt_vec low = rlt_vec_all(r->p->low), high = rlt_vec_all(r->p->high);
#pragma GCC unroll 8
    for (int i = 0; i < group; i++) {
        const rlt_vec y = rlt_vec_clamp(sum[i], low, high);
        float *to = output + (size_t)i * channels + c;
        if (!whole && i >= count) continue;
        if (partial) rlt_vec_store_first(to, y, lanes);
        else rlt_vec_store(to, y);
    }
}

/* A group of pixels at input column `first`: all channels. */
RLT_INLINE void dw_group(const dw_row *r, const int group, const int kernel_w, const int stride, const int whole,
                         int32_t first, int32_t count, float *output) {
    const rlt_window *w = &r->p->window;
    int64_t columns[MOST_COLUMNS] = {(int64_t)first * w->out_c};
    for (int i = 0; !whole && i < (group - 1) * stride + kernel_w; i++) {
        columns[i] = first + i < 0 || first + i >= w->in_w ? -1 : (int64_t)(first + i) * w->out_c;
    }
    int32_t c = 0;
    for (; c + RLT_LANES <= w->out_c; c += RLT_LANES) {
        dw_vector(r, group, kernel_w, stride, whole, 0, columns, count, c, output);
    }
    if (c < w->out_c) dw_vector(r, group, kernel_w, stride, whole, 1, columns, count, c, output);
}

/* A row for one width and stride of the window; both constant where this is inlined. */
RLT_INLINE void dw_run_row(const dw_row *r, const int kernel_w, const int stride) {
    const rlt_window *w = &r->p->window;
    const int32_t reach = (GROUP - 1) * stride + kernel_w;
    /* At borders: narrow windows are for small images too, which are nearly all border. */
    const int edge = kernel_w > 3 ? SMALL_GROUP : GROUP;
    for (int32_t x = 0, count; x < w->out_w; x += count) {
        const int32_t first = x * stride - w->pad_left, left = w->out_w - x;
        float *output = r->output + (size_t)x * (size_t)w->out_c;
        if (left >= GROUP && first >= 0 && first + reach <= w->in_w) {
            count = GROUP;
            dw_group(r, GROUP, kernel_w, stride, 1, first, count, output);
        } else if (left > SMALL_GROUP && edge > SMALL_GROUP) {
            count = left < edge ? left : edge;
            dw_group(r, edge, kernel_w, stride, 0, first, count, output);
        } else {
            count = left < SMALL_GROUP ? left : SMALL_GROUP;
            dw_group(r, SMALL_GROUP, kernel_w, stride, 0, first, count, output);
        }
    }
}

/* Any window: one pixel at a time. */
RLT_INLINE void dw_any_vector(const dw_row *r, int32_t first_x, int32_t last_x, const float *image, int32_t c,
                              size_t lanes, float *output) {
    const rlt_window *w = &r->p->window;
    const size_t channels = (size_t)w->out_c;
    rlt_vec sum = dw_start(r, c, lanes);
    for (int32_t ky = r->first_y; ky < r->last_y; ky++) {
        const float *from = image + (size_t)(ky * w->dilation_h) * (size_t)w->in_w * channels + c;
        const float *weights = r->weights + (size_t)ky * (size_t)w->kernel_w * channels + c;
        for (int32_t kx = first_x; kx < last_x; kx++) {
            sum = rlt_vec_fma(rlt_vec_load_upto(from + (ptrdiff_t)(kx * w->dilation_w) * (ptrdiff_t)channels, lanes),
                              rlt_vec_load_upto(weights + (size_t)kx * channels, lanes), sum);
        }
    }
    rlt_vec_store_upto(output + c, rlt_vec_clamp(sum, rlt_vec_all(r->p->low), rlt_vec_all(r->p->high)), lanes);
}

static void dw_any_row(const dw_row *r) {
    const rlt_window *w = &r->p->window;
    for (int32_t x = 0; x < w->out_w; x++) {
        const int32_t x0 = x * w->stride_w - w->pad_left;
        int32_t first_x, last_x, c = 0;
        rlt_taps(x0, w->in_w, w->kernel_w, w->dilation_w, &first_x, &last_x);
        /* The window's origin, which may lie before the image. */
        const float *image = r->image + ((ptrdiff_t)r->y * w->in_w + x0) * (ptrdiff_t)w->out_c;
        float *output = r->output + (size_t)x * (size_t)w->out_c;
        for (; c + RLT_LANES <= w->out_c; c += RLT_LANES) {
            dw_any_vector(r, first_x, last_x, image, c, RLT_LANES, output);
        }
        if (c < w->out_c) dw_any_vector(r, first_x, last_x, image, c, (size_t)(w->out_c - c), output);
    }
}

static void dw_3x1_row(const dw_row *r) { dw_run_row(r, 3, 1); }
static void dw_3x2_row(const dw_row *r) { dw_run_row(r, 3, 2); }
static void dw_5x1_row(const dw_row *r) { dw_run_row(r, 5, 1); }
static void dw_5x2_row(const dw_row *r) { dw_run_row(r, 5, 2); }

static rlt_status dw_run(const rlt_run *run, const rlt_depthwise_conv_2d_f32_params *p) {
    static void (*const rows[2][2])(const dw_row *) = {{dw_3x1_row, dw_3x2_row}, {dw_5x1_row, dw_5x2_row}};
    const rlt_window *w = &p->window;
    const int known = (w->kernel_w == 3 || w->kernel_w == 5) && w->stride_w <= 2 && w->dilation_w == 1;
    void (*const row_function)(const dw_row *) = known ? rows[w->kernel_w == 5][w->stride_w - 1] : dw_any_row;
    const float *input = rlt_in(run, p->input);
    float *output = rlt_out(run, p->output);
    dw_row r = {.p = p, .weights = rlt_in(run, p->weights), .bias = rlt_in_or_null(run, p->bias)};
    uint32_t row, last;
    rlt_share_of(run, (uint32_t)w->batches * (uint32_t)w->out_h, &row, &last);
    for (; row < last; row++) {
        r.image = input + (size_t)(row / (uint32_t)w->out_h) * (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
        r.y = (int32_t)(row % (uint32_t)w->out_h) * w->stride_h - w->pad_top;
        r.output = output + (size_t)row * (size_t)w->out_w * (size_t)w->out_c;
        rlt_taps(r.y, w->in_h, w->kernel_h, w->dilation_h, &r.first_y, &r.last_y);
        row_function(&r);
    }
    return RLT_OK;
}

#endif
