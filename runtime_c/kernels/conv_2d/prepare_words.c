/* Packing of int8 CONV_2D and FULLY_CONNECTED for cores without SIMD (words.h). Host only. */
#include "../common/prepare_channels.h"
#include "../common/prepare_finish.h"
#include "prepare_columns.h"
#include "prepare_words.h"

static rlt_status all_fit(rlt_prepare_state *p, const rlt_conv_tensors *t, int32_t depth, int32_t channels, int exact,
                          int *fit) {
    *fit = 1;
    for (int32_t c = 0; c < channels && *fit; c++) {
        rlt_finish_exact f;
        int64_t largest;
        RLT_TRY(rlt_conv_2d_finish(p, t, depth, c, exact, &f, &largest, fit));
    }
    return RLT_OK;
}

static rlt_status pack(rlt_prepare_state *p, const rlt_conv_tensors *t, int exact, rlt_conv_2d_words_params *k) {
    const uint32_t count = t->weights->elements;
    uint8_t *weights = rlt_add_constant(p, (size_t)count + RLT_CONV_2D_WORDS_STEP, &k->weights);
    if (!weights) return RLT_ERROR_MEMORY;
    for (uint32_t i = 0; i < count; i++) weights[i] = (uint8_t)(t->weights->data[i] + RLT_WEIGHT_OFFSET);
    for (uint32_t i = 0; i < RLT_CONV_2D_WORDS_STEP; i++) weights[count + i] = RLT_WEIGHT_OFFSET;
    const size_t each = exact ? sizeof(rlt_finish_exact) : sizeof(rlt_finish);
    uint8_t *to = rlt_add_constant(p, (size_t)k->window.out_c * each, &k->channels);
    if (!to) return RLT_ERROR_MEMORY;
    for (int32_t c = 0; c < k->window.out_c; c++, to += each) {
        rlt_finish_exact f = {0};
        int64_t largest;
        int fits;
        RLT_TRY(rlt_conv_2d_finish(p, t, k->depth, c, exact, &f, &largest, &fits));
        if (exact) rlt_finish_widen(&f, largest);
        memcpy(to, &f, each);
    }
    return RLT_OK;
}

rlt_status rlt_conv_2d_words(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t, const rlt_window *w,
                             int32_t activation, int exact, int *done) {
    *done = 0;
    if (!rlt_has(p, RLT_ISA_MCU) || rlt_zero_point(t->weights, 0) || t->weights->elements >= 1u << 24) return RLT_OK;
    rlt_conv_2d_words_params plan = {.window = *w, .depth = w->in_c * w->kernel_h * w->kernel_w};
    if ((size_t)t->weights->elements + (size_t)w->out_c * sizeof(rlt_finish_exact) > rlt_constant_room(p) / 2) return RLT_OK;
    int fit;
    RLT_TRY(all_fit(p, t, plan.depth, w->out_c, exact, &fit));
    if (!fit || plan.depth < 1) return RLT_OK;
    *done = 1;
    RLT_TRY(rlt_range_s8(p, t->output, activation, &plan.low, &plan.high));
    const uint32_t kernel = exact ? RLT_KERNEL_fully_connected_s8_mcu : RLT_KERNEL_conv_2d_s8_mcu;
    rlt_conv_2d_words_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_CONV_2D_WORDS_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    *k = plan;
    k->input = rlt_ref_of(p, t->input);
    k->output = rlt_ref_of(p, t->output);
    k->input_zero_point = rlt_zero_point(t->input, 0);
    k->output_zero_point = rlt_zero_point(t->output, 0);
    const int32_t pixels = w->batches * w->out_h * w->out_w;
    const size_t columns = exact || pixels < RLT_CONV_2D_WORDS_PIXELS ? 1 : RLT_CONV_2D_WORDS_PIXELS;
    const size_t rounded = ((size_t)plan.depth + RLT_CONV_2D_WORDS_STEP - 1) & ~(size_t)(RLT_CONV_2D_WORDS_STEP - 1);
    const size_t words = columns == 1 ? rounded : columns * (size_t)plan.depth;
    k->scratch = rlt_add_scratch(p, op, (words > rounded ? words : rounded) * sizeof(int32_t));
    if (!exact) rlt_makes_rows(p, t->output, (uint32_t)w->batches * (uint32_t)w->out_h);
    if (!exact) rlt_may_stream(p, t->output, t->input, w, rlt_is_pointwise(w) ? 0 : 1);
    return pack(p, t, exact, k);
}
