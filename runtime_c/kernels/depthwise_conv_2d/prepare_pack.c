/* Packing of int8 DEPTHWISE_CONV_2D (packed.h). Host only. */
#include "../common/prepare_channels.h"
#include "prepare_pack.h"

enum { BAND_BYTES = 98304, MOST_FLAT_BLOCKS = 16, FLAT_GAIN = 5, SEGMENT = 32, MOST_WORD_BYTES = 1 << 24 };

static int32_t weight_at(const rlt_depthwise_packed_params *k, const rlt_depthwise_tensors *t, int32_t y, int32_t x,
                         int32_t channel) {
    const rlt_window *w = &k->window;
    const size_t at = ((size_t)y * (size_t)w->kernel_w + (size_t)x) * (size_t)w->out_c + (size_t)channel;
    return (int8_t)t->weights->data[at] - rlt_zero_point(t->weights, 0);
}

static int32_t block_bytes(const rlt_depthwise_form *form) { return RLT_DEPTHWISE_QUARTERS * form->lanes; }

/* Cuts a row of output into units: of as many pixels as fill whole blocks, where that is cheaper than parts of them. */
static void cut(rlt_depthwise_packed_params *k, int32_t block) {
    const rlt_window *w = &k->window;
    int32_t pixels = 1;
    while (pixels < block && pixels * w->out_c % block) pixels *= 2;
    if (w->stride_w == 1 && pixels > w->out_w) pixels = w->out_w; /* nothing comes again */
    const int32_t blocks = (w->out_c + block - 1) / block, part = blocks * block - w->out_c;
    const int by_two = w->stride_w == 2 && w->dilation_w == 1 && block % w->out_c == 0 && w->out_c % 4 == 0;
    const int fits = w->out_w > 1 && (pixels * w->out_c + block - 1) / block <= MOST_FLAT_BLOCKS;
    const int pays = fits && part * FLAT_GAIN > blocks * block;
    k->flat = pays && (w->stride_w == 1 || by_two) ? w->stride_w : 0;
    k->natural = k->flat || part;
    const int32_t row = w->out_w * w->out_c;
    k->unit = k->flat ? pixels * w->out_c : w->out_c;
    k->units = (row + k->unit - 1) / k->unit;
    k->last_unit = row - (k->units - 1) * k->unit;
    k->blocks = (k->unit + block - 1) / block;
    const int32_t lanes = block / 16, fours = w->out_c / 4; /* of 128 bits; of a column */
    for (int32_t i = 0; k->flat == 2 && i < 4 * lanes; i++) {
        const int32_t at = i % 4 * lanes + i / 4;
        k->even[i] = at / fours * fours * 2 + at % fours;
    }
}

/* Output rows at a time, and what their words take. */
static void plan_words(rlt_depthwise_packed_params *k, const rlt_depthwise_form *form) {
    const rlt_window *w = &k->window;
    const int32_t block = block_bytes(form), slot = block * form->group * form->weight_bytes;
    k->rows = w->stride_h == 1 && w->dilation_h == 1 && w->out_h > 1 ? 2 : 1;
    k->groups = (w->kernel_h + k->rows - 1 + form->group - 1) / form->group;
    const int32_t most = k->flat ? (SEGMENT * block + k->unit - 1) / k->unit : SEGMENT;
    k->segment = k->units < most ? k->units : most;
    const int64_t reach = (int64_t)(w->kernel_w - 1) * w->dilation_w;
    int64_t slots = (int64_t)(k->segment - 1) * w->stride_w + reach + 1;
    if (k->flat) slots = ((int64_t)k->segment * k->unit + reach / k->flat * w->out_c + block - 1) / block * k->flat;
    const int64_t bytes = slots * k->groups * slot;
    k->word_bytes = bytes < MOST_WORD_BYTES ? (int32_t)bytes : 0;
}

static size_t weights_bytes(const rlt_depthwise_packed_params *k, const rlt_depthwise_form *form) {
    const size_t vectors = (size_t)(k->groups * k->pieces * k->rows) * (size_t)k->window.kernel_w;
    return vectors * (size_t)k->blocks * (size_t)(block_bytes(form) * form->group * form->weight_bytes);
}

static size_t channels_bytes(const rlt_depthwise_packed_params *k, const rlt_depthwise_form *form) {
    return (size_t)(k->blocks * block_bytes(form)) * CHANNEL_CONSTANTS * sizeof(int32_t);
}

int rlt_depthwise_plan(const rlt_prepare_state *p, rlt_depthwise_packed_params *k, const rlt_depthwise_tensors *t,
                       const rlt_depthwise_form *form) {
    rlt_window *w = &k->window;
    if (!t->weights->data || t->weights->type != RLT_INT8 || w->out_w < 1 || w->out_h < 1 || w->batches < 1) return 0;
    if (!rlt_may_use(p, "packed")) return 0;
    rlt_column_to_row(w);
    cut(k, block_bytes(form));
    k->band.wide = 1;
    k->band.fill = rlt_zero_point(t->input, 0) + 128;
    if (k->flat || k->band.repeat != 1 || w->out_c % block_bytes(form)) {
        if (!rlt_band_plan(&k->band, w, BAND_BYTES)) return 0;
    } else {
        k->band.rows = w->out_h;
    }
    plan_words(k, form);
    int32_t largest = 0;
    for (uint32_t i = 0; i < t->weights->elements; i++) {
        const int32_t weight = (int8_t)t->weights->data[i] - rlt_zero_point(t->weights, 0);
        if (weight > largest || -weight > largest) largest = weight < 0 ? -weight : weight;
    }
    k->pieces = form->weight_bytes > 1 || largest < 128 ? 1 : largest < 255 ? 2 : 3;
    return k->word_bytes && weights_bytes(k, form) + channels_bytes(k, form) < rlt_constant_room(p) / 2;
}

/* Part `piece` of a weight: each takes what fits a signed byte and leaves the rest. */
static int32_t piece_of(const rlt_depthwise_packed_params *k, int32_t weight, int32_t piece) {
    if (k->pieces == 1) return weight;
    for (; piece > 0; piece--) weight -= rlt_clamp(weight, -127, 127);
    return rlt_clamp(weight, -127, 127);
}

/* The byte of a unit at lane `lane` of vector `vector` of all blocks; -1 past the unit's end. */
static int32_t byte_at(const rlt_depthwise_packed_params *k, int32_t vector, int32_t lane, int32_t lanes) {
    const int32_t block = vector / RLT_DEPTHWISE_QUARTERS, quarter = vector % RLT_DEPTHWISE_QUARTERS;
    const int32_t inside = k->natural ? quarter * lanes + lane : lane / 4 * 16 + quarter * 4 + lane % 4;
    const int32_t at = block * RLT_DEPTHWISE_QUARTERS * lanes + inside;
    return at < k->unit ? at : -1;
}

static void pack_weights(const rlt_depthwise_packed_params *k, const rlt_depthwise_tensors *t,
                         const rlt_depthwise_form *form, void *packed) {
    const rlt_window *w = &k->window;
    int8_t *bytes = packed;
    int16_t *shorts = packed;
    const int32_t sets = k->groups * k->pieces * w->kernel_w * k->rows;
    for (int32_t i = 0; i < k->blocks * RLT_DEPTHWISE_QUARTERS * sets; i++) {
        const int32_t row = i % k->rows, x = i / k->rows % w->kernel_w;
        const int32_t piece = i / k->rows / w->kernel_w % k->pieces;
        const int32_t group = i / k->rows / w->kernel_w / k->pieces % k->groups;
        for (int32_t lane = 0; lane < form->lanes; lane++) {
            const int32_t at = byte_at(k, i / sets, lane, form->lanes);
            for (int32_t part = 0; part < form->group; part++) {
                const int32_t y = group * form->group + part - row; /* rows of output are one row of input apart */
                const int32_t weight = at >= 0 && y >= 0 && y < w->kernel_h ? weight_at(k, t, y, x, at % w->out_c) : 0;
                if (form->weight_bytes == 1) {
                    *bytes++ = (int8_t)piece_of(k, weight, piece);
                } else {
                    *shorts++ = (int16_t)weight;
                }
            }
        }
    }
}

/* Input values come as x + 128 and padding as zero point + 128, so the sum of products has (zero point + 128) * (sum of
 * the channel's weights) too much. */
static rlt_status pack_channel(rlt_prepare_state *p, rlt_depthwise_packed_params *k, const rlt_depthwise_tensors *t,
                               int32_t c, int32_t lanes, int32_t lane, int32_t *to) {
    const rlt_window *w = &k->window;
    uint32_t sum = 0;
    int64_t largest = 0;
    for (int32_t tap = 0; tap < w->kernel_h * w->kernel_w; tap++) {
        const int32_t weight = weight_at(k, t, tap / w->kernel_w, tap % w->kernel_w, c);
        sum += (uint32_t)weight;
        largest += 255 * (weight < 0 ? -weight : weight);
    }
    const int32_t bias =
        (int32_t)((t->bias ? (uint32_t)rlt_const_i32(t->bias, (uint32_t)c) : 0u) - (uint32_t)k->band.fill * sum);
    int32_t multiplier, shift;
    RLT_TRY(rlt_channel_multiplier(p, t->input, t->weights, t->output, (uint32_t)c, &multiplier, &shift));
    to[CHANNEL_BIAS * lanes + lane] = bias;
    to[CHANNEL_MULTIPLIER * lanes + lane] = multiplier;
    to[CHANNEL_LEFT * lanes + lane] = shift > 0 ? shift : 0;
    to[CHANNEL_RIGHT * lanes + lane] = shift < 0 ? -shift : 0;
    largest += bias < 0 ? -(int64_t)bias : bias;
    if (largest >= RLT_DEPTHWISE_OFFSET || shift >= 0) k->small = 0;
    return RLT_OK;
}

/* What is different where all sums are small. */
static void make_small(int32_t *to, int32_t lanes) {
    for (int32_t lane = 0; lane < lanes; lane++) {
        int32_t *bias = &to[CHANNEL_BIAS * lanes + lane], *multiplier = &to[CHANNEL_MULTIPLIER * lanes + lane];
        const int32_t right = to[CHANNEL_RIGHT * lanes + lane];
        const uint64_t twice = 2 * (uint64_t)*multiplier, half = right > 0 ? UINT64_C(1) << (31 + right) : 0;
        const uint64_t nudge = (UINT64_C(1) << 31) + half - twice * RLT_DEPTHWISE_OFFSET;
        *bias += RLT_DEPTHWISE_OFFSET;
        *multiplier = (int32_t)(uint32_t)twice;
        if (lane > 0) to[CHANNEL_ODD * lanes + lane - 1] = *multiplier;
        memcpy(to + (lane % 2 ? CHANNEL_NUDGE_ODD : CHANNEL_NUDGE_EVEN) * lanes + (lane & ~1), &nudge, sizeof nudge);
    }
}

static rlt_status pack_channels(rlt_prepare_state *p, rlt_depthwise_packed_params *k, const rlt_depthwise_tensors *t,
                                const rlt_depthwise_form *form, int32_t *to) {
    const int32_t lanes = form->lanes;
    memset(to, 0, channels_bytes(k, form));
    k->small = 1;
    const int32_t vectors = k->blocks * RLT_DEPTHWISE_QUARTERS, step = CHANNEL_CONSTANTS * lanes;
    for (int32_t vector = 0; vector < vectors; vector++) {
        for (int32_t lane = 0; lane < lanes; lane++) {
            const int32_t at = byte_at(k, vector, lane, lanes);
            if (at >= 0) RLT_TRY(pack_channel(p, k, t, at % k->window.out_c, lanes, lane, to + vector * step));
        }
    }
    for (int32_t vector = 0; k->small && vector < vectors; vector++) make_small(to + vector * step, lanes);
    return RLT_OK;
}

rlt_status rlt_depthwise_pack(rlt_prepare_state *p, const rlt_op *op, rlt_depthwise_packed_params *k,
                              const rlt_depthwise_tensors *t, const rlt_depthwise_form *form, uint32_t tasks) {
    RLT_TRY(rlt_need_channels(p, t->input, t->weights, t->bias, t->output, (uint32_t)k->window.out_c));
    k->input = rlt_ref_of(p, t->input);
    k->output = rlt_ref_of(p, t->output);
    k->output_zero_point = rlt_zero_point(t->output, 0);
    k->scratch = rlt_add_scratch(p, op, ((size_t)k->band.bytes + (size_t)k->word_bytes) * tasks);
    void *weights = rlt_add_constant(p, weights_bytes(k, form), &k->weights);
    if (!weights) return RLT_ERROR_MEMORY;
    pack_weights(k, t, form, weights);
    int32_t *channels = rlt_add_constant(p, channels_bytes(k, form), &k->channels);
    if (!channels) return RLT_ERROR_MEMORY;
    return pack_channels(p, k, t, form, channels);
}
