/* Packing of int8 DEPTHWISE_CONV_2D (packed.h). Host only. */
#include "../common/prepare_channels.h"
#include "prepare_pack.h"

enum { BAND_BYTES = 98304 };

static int32_t weight_at(const rlt_depthwise_packed_params *k, const rlt_depthwise_tensors *t, int32_t y, int32_t x,
                         int32_t channel) {
    const rlt_window *w = &k->window;
    const size_t at = ((size_t)y * (size_t)w->kernel_w + (size_t)x) * (size_t)w->out_c + (size_t)channel;
    return (int8_t)t->weights->data[at] - rlt_zero_point(t->weights, 0);
}

/* Cuts a row of output into units, and tells where their words lie. */
static void cut(rlt_depthwise_packed_params *k, int32_t lanes) {
    const rlt_window *w = &k->window;
    if (w->stride_w == 1 && lanes % w->out_c == 0) {
        const int32_t row = w->out_w * w->out_c;
        k->unit = lanes;
        k->units = (row + lanes - 1) / lanes;
        k->last_unit = row - (k->units - 1) * lanes;
        k->tap_words = w->dilation_w * w->out_c;
        k->unit_words = k->word_step = lanes;
        k->word_vectors = k->units + ((w->kernel_w - 1) * k->tap_words + lanes - 1) / lanes;
    } else {
        k->unit = k->last_unit = k->word_step = w->out_c;
        k->units = w->out_w;
        k->tap_words = w->dilation_w * lanes;
        k->unit_words = w->stride_w * lanes;
        k->word_vectors = (w->out_w - 1) * w->stride_w + (w->kernel_w - 1) * w->dilation_w + 1;
    }
    k->vectors = (k->unit + lanes - 1) / lanes;
}

static size_t words_bytes(const rlt_depthwise_packed_params *k, const rlt_depthwise_form *form) {
    return (size_t)k->word_vectors * (size_t)k->groups * (size_t)(form->lanes * form->group * form->weight_bytes);
}

static size_t weights_bytes(const rlt_depthwise_packed_params *k, const rlt_depthwise_form *form) {
    const size_t vectors = (size_t)k->vectors * (size_t)k->groups * (size_t)k->pieces * (size_t)k->window.kernel_w;
    return vectors * (size_t)(form->lanes * form->group * form->weight_bytes);
}

int rlt_depthwise_plan(const rlt_prepare_state *p, rlt_depthwise_packed_params *k, const rlt_depthwise_tensors *t,
                       const rlt_depthwise_form *form) {
    rlt_window *w = &k->window;
    if (!t->weights->data || t->weights->type != RLT_INT8 || w->out_w < 1 || w->out_h < 1 || w->batches < 1) return 0;
    rlt_column_to_row(w);
    k->band.wide = 1;
    k->band.fill = rlt_zero_point(t->input, 0) + 128;
    if (!rlt_band_plan(&k->band, w, BAND_BYTES)) return 0;
    cut(k, form->lanes);
    int32_t largest = 0;
    for (uint32_t i = 0; i < t->weights->elements; i++) {
        const int32_t weight = (int8_t)t->weights->data[i] - rlt_zero_point(t->weights, 0);
        if (weight > largest || -weight > largest) largest = weight < 0 ? -weight : weight;
    }
    k->pieces = form->weight_bytes > 1 || largest < 128 ? 1 : largest < 255 ? 2 : 3;
    k->groups = (w->kernel_h + form->group - 1) / form->group;
    const size_t constants = weights_bytes(k, form) + (size_t)k->vectors * (size_t)form->lanes * 16;
    return words_bytes(k, form) < 1u << 24 && constants < rlt_constant_room(p) / 2;
}

/* Part `piece` of a weight: each takes what fits a signed byte and leaves the rest. */
static int32_t piece_of(const rlt_depthwise_packed_params *k, int32_t weight, int32_t piece) {
    if (k->pieces == 1) return weight;
    for (; piece > 0; piece--) weight -= rlt_clamp(weight, -127, 127);
    return rlt_clamp(weight, -127, 127);
}

static void pack_weights(const rlt_depthwise_packed_params *k, const rlt_depthwise_tensors *t,
                         const rlt_depthwise_form *form, void *packed) {
    const rlt_window *w = &k->window;
    int8_t *bytes = packed;
    int16_t *shorts = packed;
    for (int32_t vector = 0; vector < k->vectors; vector++) {
        for (int32_t set = 0; set < k->groups * k->pieces * w->kernel_w; set++) {
            const int32_t x = set % w->kernel_w, piece = set / w->kernel_w % k->pieces;
            const int32_t first_y = set / w->kernel_w / k->pieces * form->group;
            for (int32_t i = 0; i < form->lanes * form->group; i++) {
                const int32_t at = vector * form->lanes + i / form->group, y = first_y + i % form->group;
                const int32_t weight = at < k->unit && y < w->kernel_h ? weight_at(k, t, y, x, at % w->out_c) : 0;
                if (form->weight_bytes == 1) {
                    *bytes++ = (int8_t)piece_of(k, weight, piece);
                } else {
                    *shorts++ = (int16_t)weight;
                }
            }
        }
    }
}

/* The band holds x + 128 and in padding zero point + 128, so the sum of products has (zero point + 128) * (sum of the
 * channel's weights) too much. */
static rlt_status pack_channels(rlt_prepare_state *p, rlt_depthwise_packed_params *k, const rlt_depthwise_tensors *t,
                                int32_t lanes, int32_t *to) {
    const rlt_window *w = &k->window;
    const int32_t padded = k->vectors * lanes;
    k->small = 1;
    memset(to, 0, (size_t)padded * 4 * sizeof *to);
    for (int32_t i = 0; i < k->unit; i++) {
        const int32_t c = i % w->out_c;
        uint32_t sum = 0;
        int64_t largest = 0;
        for (int32_t tap = 0; tap < w->kernel_h * w->kernel_w; tap++) {
            const int32_t weight = weight_at(k, t, tap / w->kernel_w, tap % w->kernel_w, c);
            sum += (uint32_t)weight;
            largest += 255 * (weight < 0 ? -weight : weight);
        }
        to[i] = (int32_t)((t->bias ? (uint32_t)rlt_const_i32(t->bias, (uint32_t)c) : 0u) - (uint32_t)k->band.fill * sum);
        int32_t shift;
        RLT_TRY(rlt_channel_multiplier(p, t->input, t->weights, t->output, (uint32_t)c, &to[padded + i], &shift));
        to[2 * padded + i] = shift > 0 ? shift : 0;
        to[3 * padded + i] = shift < 0 ? -shift : 0;
        largest += to[i] < 0 ? -(int64_t)to[i] : to[i];
        if (largest >= 1 << 30 || shift >= 0) k->small = 0;
    }
    return RLT_OK;
}

rlt_status rlt_depthwise_pack(rlt_prepare_state *p, const rlt_op *op, rlt_depthwise_packed_params *k,
                              const rlt_depthwise_tensors *t, const rlt_depthwise_form *form, uint32_t tasks) {
    RLT_TRY(rlt_need_channels(p, t->input, t->weights, t->bias, t->output, (uint32_t)k->window.out_c));
    k->input = rlt_ref_of(p, t->input);
    k->output = rlt_ref_of(p, t->output);
    k->output_zero_point = rlt_zero_point(t->output, 0);
    k->scratch = rlt_add_scratch(p, op, ((size_t)k->band.bytes + words_bytes(k, form)) * tasks);
    void *weights = rlt_add_constant(p, weights_bytes(k, form), &k->weights);
    if (!weights) return RLT_ERROR_MEMORY;
    pack_weights(k, t, form, weights);
    int32_t *channels = rlt_add_constant(p, (size_t)k->vectors * (size_t)form->lanes * 4 * sizeof(int32_t), &k->channels);
    if (!channels) return RLT_ERROR_MEMORY;
    return pack_channels(p, k, t, form->lanes, channels);
}
