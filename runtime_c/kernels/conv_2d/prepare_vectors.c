/* Packing of int8 CONV_2D and FULLY_CONNECTED for Helium (vectors.h). Host only. */
#include "prepare_vectors.h"

#include "../common/prepare_finish.h"
#include "prepare_columns.h"

enum { VECTOR = RLT_CONV_2D_VECTOR, LANES = 4 };

typedef struct {
    const rlt_conv_tensors *t;
    int32_t filter, out_c, steps;
} layer;

static void put_vector(const layer *l, int32_t channel, int32_t step, int8_t *to) {
    const int32_t from = step * VECTOR, rest = l->filter - from, count = rest < VECTOR ? rest : VECTOR;
    memset(to, 0, VECTOR);
    if (channel >= l->out_c) return;
    for (int32_t i = 0; i < count; i++) to[i] = (int8_t)rlt_conv_weight(l->t, l->filter, channel, from + i);
}

/* Channels c to c + 3 for three pixels: forth and back. */
static void pack_pairs(const layer *l, int32_t c, int8_t *to) {
    for (int32_t step = 0; step < l->steps; step++, to += 2 * VECTOR) {
        put_vector(l, c, step, to);
        put_vector(l, c + 2, step, to + VECTOR);
    }
    for (int32_t step = l->steps - 1; step >= 0; step--, to += 2 * VECTOR) {
        put_vector(l, c + 1, step, to);
        put_vector(l, c + 3, step, to + VECTOR);
    }
}

static void pack_units(const layer *l, int32_t c, int8_t *to) {
    for (int32_t step = 0; step < l->steps; step++) {
        for (int32_t k = 0; k < LANES; k++, to += VECTOR) put_vector(l, c + k, step, to);
    }
}

static rlt_status finishes(rlt_prepare_state *p, const layer *l, int exact, rlt_finish_four *fours,
                           rlt_exact_factor *factors, int *fit) {
    *fit = 1;
    for (int32_t c = 0; c < l->out_c && *fit; c++) {
        rlt_finish_exact f;
        int64_t largest;
        RLT_TRY(rlt_conv_2d_finish(p, l->t, l->filter, c, exact, &f, &largest, fit));
        if (!fours) continue;
        rlt_finish_put(&fours[c / LANES], c % LANES, &f.finish);
        if (exact) factors[c] = f.exact;
    }
    return RLT_OK;
}

rlt_status rlt_conv_2d_vectors(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t, const rlt_window *w,
                               int32_t activation, int exact, int *done) {
    *done = 0;
    if (!rlt_has(p, RLT_ISA_MVE) || rlt_zero_point(t->weights, 0) || (int64_t)w->in_c * w->kernel_w >= 1 << 20 ||
        t->weights->elements >= 1u << 28 || !t->output->elements) {
        return RLT_OK;
    }
    const int32_t filter = w->in_c * w->kernel_h * w->kernel_w;
    const layer l = {t, filter, w->out_c, (filter + VECTOR - 1) / VECTOR};
    const size_t fours = (size_t)((l.out_c + LANES - 1) / LANES);
    const size_t weights_bytes = fours * LANES * VECTOR * (size_t)l.steps;
    const size_t channels_bytes =
        fours * sizeof(rlt_finish_four) + (exact ? (size_t)l.out_c * sizeof(rlt_exact_factor) : 0);
    if (weights_bytes + channels_bytes > rlt_constant_room(p) / 2) return RLT_OK;
    int fit;
    RLT_TRY(finishes(p, &l, exact, NULL, NULL, &fit));
    if (!fit) return RLT_OK;
    *done = 1;
    const uint32_t kernel = exact ? RLT_KERNEL_fully_connected_s8_mve : RLT_KERNEL_conv_2d_s8_mve;
    rlt_conv_2d_vectors_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_CONV_2D_VECTORS_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    RLT_TRY(rlt_range_s8(p, t->output, activation, &k->low, &k->high));
    const int rows = w->dilation_w == 1;
    k->window = *w;
    k->pixel_bytes = w->in_c;
    k->run_bytes = w->in_c * (rows ? w->kernel_w : 1);
    k->runs = w->kernel_h * (rows ? 1 : w->kernel_w);
    k->steps = l.steps;
    k->last_y = w->in_h - ((w->kernel_h - 1) * w->dilation_h + 1);
    k->last_x = w->in_w - ((w->kernel_w - 1) * w->dilation_w + 1);
    k->direct = w->kernel_h == 1 && w->kernel_w == 1 && !w->pad_top && !w->pad_left;
    k->input = rlt_ref_of(p, t->input);
    k->output = rlt_ref_of(p, t->output);
    k->input_zero_point = rlt_zero_point(t->input, 0);
    k->output_zero_point = rlt_zero_point(t->output, 0);
    /* Whole vectors of the image itself never reach beyond it. */
    const int columns = exact ? 0 : !k->direct || filter % VECTOR;
    const size_t column_bytes = (size_t)l.steps * VECTOR;
    k->scratch = rlt_add_scratch(p, op, columns ? RLT_CONV_2D_VECTOR_PIXELS * column_bytes : 1);
    int8_t *weights = rlt_add_constant(p, weights_bytes, &k->weights);
    if (!weights) return RLT_ERROR_MEMORY;
    for (int32_t c = 0; c < l.out_c; c += LANES, weights += LANES * column_bytes) {
        (exact ? pack_units : pack_pairs)(&l, c, weights);
    }
    rlt_finish_four *channels = rlt_add_constant(p, channels_bytes, &k->channels);
    if (!channels) return RLT_ERROR_MEMORY;
    memset(channels, 0, channels_bytes);
    if (!exact) rlt_makes_rows(p, t->output, (uint32_t)w->batches * (uint32_t)w->out_h);
    if (!exact) rlt_may_stream(p, t->output, t->input, w, rlt_is_pointwise(w) ? RLT_CONV_2D_VECTOR_PIXELS : 1);
    return finishes(p, &l, exact, channels, (rlt_exact_factor *)(void *)(channels + fours), &fit);
}
