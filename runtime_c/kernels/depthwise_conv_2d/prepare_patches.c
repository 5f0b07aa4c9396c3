/* Packing of int8 DEPTHWISE_CONV_2D for Helium (patches.h). Host only. */
#include "prepare_patches.h"

#include "../common/prepare_channels.h"
#include "../common/prepare_finish.h"
#include "prepare_planes.h"

enum { TOP_BYTE = 24, SIDE = 4 };

/* An image one pixel wide is a row. 0: it is neither. */
static int as_line(rlt_window *w) {
    if (w->in_w == 1 && w->kernel_w == 1 && w->out_w == 1) rlt_depthwise_transpose(w);
    return w->in_h == 1 && w->kernel_h == 1 && w->out_h == 1 && w->stride_w == 1;
}

/* Form and size of the rearranged part. 0: none fits. */
static int plan_patches(rlt_depthwise_patches_params *k) {
    rlt_window *w = &k->window;
    rlt_window line = *w;
    const int32_t at_once = w->out_w * w->out_h < SIDE ? w->out_w * w->out_h : SIDE;
    if (as_line(&line) && line.kernel_w + at_once - 1 <= RLT_PATCH_BYTES) {
        *w = line;
        k->form = RLT_PATCH_LINE;
        k->columns = (w->out_w + 3) / 4 + 3;
        return 1;
    }
    if (w->kernel_h < SIDE && w->kernel_w < SIDE && w->stride_h == 1 && w->stride_w == 1 && w->out_h > 1) {
        k->form = RLT_PATCH_SQUARE;
        k->columns = (w->out_w + 1) / 2 * 2 + 2;
        return 1;
    }
    k->form = RLT_PATCH_STRIDED;
    k->columns = ((w->out_w + 3) / 4 * 4 - 1) * 2 + SIDE;
    return w->kernel_h <= SIDE && w->kernel_w <= SIDE && w->stride_w == 2;
}

/* The window as output `number` of a patch sees it. */
static void put_weights(const rlt_depthwise_patches_params *k, const rlt_depthwise_tensors *t, int32_t c,
                        int32_t number, int8_t to[RLT_PATCH_BYTES]) {
    const rlt_window *w = &k->window;
    memset(to, 0, RLT_PATCH_BYTES);
    for (int32_t y = 0; y < w->kernel_h; y++) {
        for (int32_t x = 0; x < w->kernel_w; x++) {
            const int32_t across = (x + number / 2) * SIDE + y + number % 2;
            const int32_t at = k->form == RLT_PATCH_LINE ? x + number : across;
            if (at < RLT_PATCH_BYTES) to[at] = (int8_t)rlt_depthwise_weight(w, t, y, x, c);
        }
    }
}

rlt_status rlt_depthwise_patches(rlt_prepare_state *p, const rlt_op *op, const rlt_depthwise_tensors *t,
                                 const rlt_window *window, int32_t multiplier, int32_t activation, int *done) {
    rlt_depthwise_patches_params plan = {.window = *window};
    rlt_window *w = &plan.window;
    *done = 0;
    if (!rlt_has(p, RLT_ISA_MVE) || w->dilation_h != 1 || w->dilation_w != 1 || multiplier != 1 ||
        !t->output->elements || rlt_zero_point(t->weights, 0) || (int64_t)w->out_w * w->out_h > INT16_MAX ||
        !plan_patches(&plan)) {
        return RLT_OK;
    }
    const int32_t outputs = plan.form == RLT_PATCH_STRIDED ? 1 : 4;
    const size_t each = sizeof(rlt_patch_channel) + (size_t)outputs * RLT_PATCH_BYTES;
    if ((size_t)w->out_c * each > rlt_constant_room(p) / 2) return RLT_OK;
    rlt_finish f;
    for (int32_t c = 0; c < w->out_c; c++) {
        int fits;
        RLT_TRY(rlt_depthwise_finish(p, w, t, c, &f, &fits));
        if (!fits) return RLT_OK;
    }
    *done = 1;
    RLT_TRY(rlt_range_s8(p, t->output, activation, &plan.low, &plan.high));
    rlt_depthwise_patches_params *k =
        rlt_add_step(p, op, RLT_KERNEL_depthwise_conv_2d_s8_mve, sizeof *k, RLT_DEPTHWISE_PATCHES_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    *k = plan;
    k->input = rlt_ref_of(p, t->input);
    k->output = rlt_ref_of(p, t->output);
    k->input_zero_point = rlt_zero_point(t->input, 0);
    k->scratch = rlt_add_scratch(p, op, RLT_PATCH_BYTES + (size_t)k->columns * RLT_PATCH_COLUMN);
    uint8_t *to = rlt_add_constant(p, (size_t)w->out_c * each, &k->channels);
    if (!to) return RLT_ERROR_MEMORY;
    for (int32_t c = 0; c < w->out_c; c++) {
        int fits;
        RLT_TRY(rlt_depthwise_finish(p, w, t, c, &f, &fits));
        const rlt_patch_channel channel = {f.bias2 / 2, f.multiplier, f.offset, TOP_BYTE - f.shift};
        memcpy(to, &channel, sizeof channel);
        to += sizeof channel;
        for (int32_t i = 0; i < outputs; i++, to += RLT_PATCH_BYTES) put_weights(k, t, c, i, (int8_t *)to);
    }
    rlt_may_stream(p, t->output, t->input, w, k->form == RLT_PATCH_SQUARE ? 2 : 1);
    return RLT_OK;
}
