/* Weights and constants of int16 kernels in the forms of conv_2d/columns.h and conv_2d/vectors.h. */
#include "prepare_dense_16.h"

#include <string.h>

#include "../conv_2d/columns.h"
#include "../conv_2d/vectors.h"
#include "prepare_finish_16.h"

enum { TAPS = RLT_CONV_2D_VECTOR / (int)sizeof(int16_t), LANES = 4, LARGEST_ROW = 1 << 20, MOST_WEIGHTS = 1 << 28 };

typedef struct {
    rlt_prepare_state *p;
    const rlt_window_16 *w;
    int32_t filter; /* weights of a channel */
} layer;

/* As a window over rows of `run` values, `runs` of them. */
static void runs_of(const rlt_window *w, int32_t *run, int32_t *runs) {
    const int rows = w->dilation_w == 1;
    *run = w->in_c * (rows ? w->kernel_w : 1);
    *runs = w->kernel_h * (rows ? 1 : w->kernel_w);
}

/* 0 beyond the last channel or weight, and where the bias alone decides. */
static int32_t weight_of(const layer *l, int32_t c, int32_t i, int fits) {
    return fits < 0 || c >= l->w->window->out_c || i >= l->filter ? 0 : rlt_weight_16(l->w, c, i);
}

static rlt_status finish_of(const layer *l, int32_t c, rlt_finish_16_exact *f, int *fits) {
    memset(f, 0, sizeof *f);
    *fits = 0;
    return c < l->w->window->out_c ? rlt_finish_16_for(l->p, l->w, c, f, fits) : RLT_OK;
}

/* For each two channels, for each two values of a run: their four weights, A0, B0, A1, B1. */
static rlt_status pack_columns(const layer *l, const rlt_conv_2d_columns_params *k, int8_t *to) {
    const int32_t run = k->run_bytes / (int32_t)sizeof(int16_t);
    for (int32_t c = 0; c < k->window.out_c; c += 2) {
        int8_t *const end = to + 4 * (size_t)k->pairs;
        rlt_finish_16_exact f;
        int fits[2];
        RLT_TRY(finish_of(l, c, &f, &fits[0]));
        RLT_TRY(finish_of(l, c + 1, &f, &fits[1]));
        for (int32_t first = 0; first < l->filter; first += run) {
            for (int32_t i = 0; i < run + run % 2; i++) {
                for (int32_t b = 0; b < 2; b++) {
                    *to++ = (int8_t)(i < run ? weight_of(l, c + b, first + i, fits[b]) : 0);
                }
            }
        }
        memset(to, 0, (size_t)(end - to));
        to = end;
    }
    return RLT_OK;
}

static rlt_status add_columns(rlt_prepare_state *p, const rlt_op *op, const layer *l, int *done) {
    const rlt_window_16 *w = l->w;
    const int32_t out_c = w->window->out_c;
    rlt_conv_2d_columns_params plan = {.window = *w->window};
    int32_t run;
    runs_of(w->window, &run, &plan.runs);
    plan.run_bytes = run * (int32_t)sizeof(int16_t);
    plan.pairs = ((run + 1) / 2 * plan.runs + 1) & ~1;
    const size_t weights_bytes = (size_t)((out_c + 1) / 2) * (size_t)plan.pairs * sizeof(uint32_t);
    const size_t each = w->exact ? sizeof(rlt_finish_16_exact) : sizeof(rlt_finish_16);
    if (weights_bytes + (size_t)out_c * each > rlt_constant_room(p) / 2) return RLT_OK;
    *done = 1;
    RLT_TRY(rlt_range_s8(p, w->output, w->activation, &plan.low, &plan.high));
    const uint32_t kernel = w->exact ? RLT_KERNEL_fully_connected_s16_dsp : RLT_KERNEL_conv_2d_s16_dsp;
    rlt_conv_2d_columns_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_CONV_2D_COLUMNS_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    *k = plan;
    k->input = rlt_ref_of(p, w->input);
    k->output = rlt_ref_of(p, w->output);
    const size_t columns = w->exact ? 1 : RLT_CONV_2D_COLUMN_PIXELS;
    k->scratch = rlt_add_scratch(p, op, columns * (size_t)plan.pairs * sizeof(uint32_t));
    int8_t *weights = rlt_add_constant(p, weights_bytes, &k->weights);
    if (!weights) return RLT_ERROR_MEMORY;
    RLT_TRY(pack_columns(l, k, weights));
    uint8_t *to = rlt_add_constant(p, (size_t)out_c * each, &k->channels);
    if (!to) return RLT_ERROR_MEMORY;
    for (int32_t c = 0; c < out_c; c++, to += each) {
        rlt_finish_16_exact f;
        int fits;
        RLT_TRY(finish_of(l, c, &f, &fits));
        memcpy(to, &f, each); /* rlt_finish_16 is its start */
    }
    return RLT_OK;
}

static int8_t *put_vector(const layer *l, int32_t c, int32_t step, int fits, int8_t *to) {
    for (int32_t i = 0; i < TAPS; i++) *to++ = (int8_t)weight_of(l, c, step * TAPS + i, fits);
    return to;
}

/* As vectors.h has them, with vectors of 8 weights. */
static rlt_status pack_vectors(const layer *l, int32_t c, int32_t steps, int8_t *to) {
    int fits[LANES];
    for (int32_t k = 0; k < LANES; k++) {
        rlt_finish_16_exact f;
        RLT_TRY(finish_of(l, c + k, &f, &fits[k]));
    }
    for (int32_t step = 0; step < steps; step++) {
        if (l->w->exact) {
            for (int32_t k = 0; k < LANES; k++) to = put_vector(l, c + k, step, fits[k], to);
        } else {
            to = put_vector(l, c, step, fits[0], to);
            to = put_vector(l, c + 2, step, fits[2], to);
        }
    }
    for (int32_t step = l->w->exact ? -1 : steps - 1; step >= 0; step--) {
        to = put_vector(l, c + 1, step, fits[1], to);
        to = put_vector(l, c + 3, step, fits[3], to);
    }
    return RLT_OK;
}

static rlt_status put_finishes(const layer *l, int32_t fours, uint8_t *to) {
    rlt_exact_factor *factors = (rlt_exact_factor *)(void *)(to + (size_t)fours * sizeof(rlt_finish_four));
    for (int32_t c = 0; c < fours * LANES; c++) {
        rlt_finish_16_exact f;
        int fits;
        RLT_TRY(finish_of(l, c, &f, &fits));
        if (!l->w->exact) {
            rlt_finish_16_four *four = (rlt_finish_16_four *)(void *)to + c / LANES;
            four->bias[c % LANES] = f.bias;
            four->multiplier[c % LANES] = f.multiplier;
            continue;
        }
        rlt_finish_four *four = (rlt_finish_four *)(void *)to + c / LANES;
        four->bias[c % LANES] = f.bias;
        four->multiplier[c % LANES] = f.multiplier;
        four->offset[c % LANES] = f.offset;
        four->shift[c % LANES] = -f.shift;
        if (c < l->w->window->out_c) factors[c] = f.exact;
    }
    return RLT_OK;
}

static rlt_status add_vectors(rlt_prepare_state *p, const rlt_op *op, const layer *l, int *done) {
    const rlt_window_16 *w = l->w;
    const rlt_window *window = w->window;
    const int32_t fours = (window->out_c + LANES - 1) / LANES, steps = (l->filter + TAPS - 1) / TAPS;
    const size_t weights_bytes = (size_t)fours * LANES * TAPS * (size_t)steps;
    const size_t channels_bytes =
        w->exact ? (size_t)fours * sizeof(rlt_finish_four) + (size_t)window->out_c * sizeof(rlt_exact_factor)
                 : (size_t)fours * sizeof(rlt_finish_16_four);
    if (weights_bytes + channels_bytes > rlt_constant_room(p) / 2) return RLT_OK;
    *done = 1;
    const uint32_t kernel = w->exact ? RLT_KERNEL_fully_connected_s16_mve : RLT_KERNEL_conv_2d_s16_mve;
    rlt_conv_2d_vectors_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_CONV_2D_VECTORS_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    RLT_TRY(rlt_range_s8(p, w->output, w->activation, &k->low, &k->high));
    int32_t run;
    runs_of(window, &run, &k->runs);
    k->window = *window;
    k->pixel_bytes = window->in_c * (int32_t)sizeof(int16_t);
    k->run_bytes = run * (int32_t)sizeof(int16_t);
    k->steps = steps;
    k->last_y = window->in_h - ((window->kernel_h - 1) * window->dilation_h + 1);
    k->last_x = window->in_w - ((window->kernel_w - 1) * window->dilation_w + 1);
    k->direct = window->kernel_h == 1 && window->kernel_w == 1 && !window->pad_top && !window->pad_left;
    k->input = rlt_ref_of(p, w->input);
    k->output = rlt_ref_of(p, w->output);
    const int columns = !w->exact && (!k->direct || l->filter % TAPS);
    k->scratch = rlt_add_scratch(p, op, columns ? RLT_CONV_2D_VECTOR_PIXELS * (size_t)steps * RLT_CONV_2D_VECTOR : 1);
    int8_t *weights = rlt_add_constant(p, weights_bytes, &k->weights);
    if (!weights) return RLT_ERROR_MEMORY;
    for (int32_t c = 0; c < window->out_c; c += LANES, weights += LANES * TAPS * (size_t)steps) {
        RLT_TRY(pack_vectors(l, c, steps, weights));
    }
    uint8_t *channels = rlt_add_constant(p, channels_bytes, &k->channels);
    return channels ? put_finishes(l, fours, channels) : RLT_ERROR_MEMORY;
}

rlt_status rlt_prepare_dense_16(rlt_prepare_state *p, const rlt_op *op, const rlt_window_16 *w, int *done) {
    const rlt_window *window = w->window;
    const layer l = {p, w, window->kernel_h * window->kernel_w * w->depth};
    int fit;
    *done = 0;
    if ((!rlt_has(p, RLT_ISA_DSP) && !rlt_has(p, RLT_ISA_MVE)) || w->is_transposed || w->per_group != window->out_c ||
        (int64_t)window->in_c * window->kernel_w >= LARGEST_ROW || w->weights->elements >= MOST_WEIGHTS ||
        !w->output->elements) {
        return RLT_OK;
    }
    RLT_TRY(rlt_finish_16_fits(p, w, &fit));
    if (!fit) return RLT_OK;
    return rlt_has(p, RLT_ISA_MVE) ? add_vectors(p, op, &l, done) : add_columns(p, op, &l, done);
}
