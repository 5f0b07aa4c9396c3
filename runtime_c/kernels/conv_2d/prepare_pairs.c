/* Packing of int8 CONV_2D for Armv7-M (pairs.h). Host only. */
#include "../common/prepare_channels.h"
#include "prepare_columns.h"
#include "prepare_pairs.h"

/* Fewer output pixels would waste half of what is computed at a time. */
enum { LEAST_PIXELS = 3 };

static rlt_status finishes(rlt_prepare_state *p, const rlt_conv_tensors *t, int32_t depth, int32_t channels,
                           rlt_finish *to, int *fit) {
    *fit = 1;
    for (int32_t c = 0; c < channels && *fit; c++) {
        rlt_finish_exact f;
        int64_t largest;
        RLT_TRY(rlt_conv_2d_finish(p, t, depth, c, 0, &f, &largest, fit));
        *fit = *fit && largest < 1 << (RLT_CONV_2D_PAIRS_SHIFT - 1);
        if (to) *to++ = f.finish;
    }
    return RLT_OK;
}

static void pack_weights(const int8_t *weights, int32_t depth, int32_t channels, int8_t *to) {
    for (int32_t c = 0; c < channels; c += 2, weights += 2 * (size_t)depth) {
        for (int32_t i = 0; i < depth; i++) {
            *to++ = weights[i];
            *to++ = (int8_t)(c + 1 < channels ? weights[depth + i] : 0);
        }
    }
}

rlt_status rlt_conv_2d_pairs(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t, const rlt_window *w,
                             int32_t activation, int exact, int *done) {
    const int32_t depth = w->in_c * w->kernel_h * w->kernel_w;
    const size_t weights_bytes = ((size_t)w->out_c + 1) / 2 * 2 * (size_t)depth;
    *done = 0;
    if (exact || !rlt_has(p, RLT_ISA_V7M) || rlt_zero_point(t->weights, 0) || t->weights->elements >= 1u << 24 ||
        (int64_t)w->batches * w->out_h * w->out_w < LEAST_PIXELS || depth < 1 ||
        weights_bytes + (size_t)w->out_c * sizeof(rlt_finish) > rlt_constant_room(p) / 2) {
        return RLT_OK;
    }
    int fit;
    RLT_TRY(finishes(p, t, depth, w->out_c, NULL, &fit));
    if (!fit) return RLT_OK;
    *done = 1;
    rlt_conv_2d_pairs_params *k =
        rlt_add_step(p, op, RLT_KERNEL_conv_2d_s8_v7m, sizeof *k, RLT_CONV_2D_PAIRS_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    RLT_TRY(rlt_range_s8(p, t->output, activation, &k->low, &k->high));
    k->input = rlt_ref_of(p, t->input);
    k->output = rlt_ref_of(p, t->output);
    k->window = *w;
    k->depth = depth;
    k->input_zero_point = rlt_zero_point(t->input, 0);
    k->scratch = rlt_add_scratch(p, op, 2 * (size_t)depth * sizeof(int32_t));
    rlt_makes_rows(p, t->output, (uint32_t)w->batches * (uint32_t)w->out_h);
    rlt_may_stream(p, t->output, t->input, w, rlt_is_pointwise(w) ? 0 : 1);
    int8_t *weights = rlt_add_constant(p, weights_bytes, &k->weights);
    if (!weights) return RLT_ERROR_MEMORY;
    pack_weights((const int8_t *)t->weights->data, depth, w->out_c, weights);
    rlt_finish *channels = rlt_add_constant(p, (size_t)w->out_c * sizeof *channels, &k->channels);
    if (!channels) return RLT_ERROR_MEMORY;
    return finishes(p, t, depth, w->out_c, channels, &fit);
}
