/* Packing of int8 DEPTHWISE_CONV_2D (packed.h). Host only. */
#include "../common/prepare_channels.h"
#include "prepare_pack.h"

enum { BAND_BYTES = 98304, WORD_BYTES = 32768, MOST_WORD_BYTES = 1 << 24 };
enum { WIDEST_FLAT = 256, NARROW = 48 };

/* Pixels that fill whole vectors. */
static int32_t filling(int32_t channels, int32_t lanes) {
    int32_t pixels = 1;
    while (pixels * channels % lanes) pixels *= 2;
    return pixels;
}

/* Cuts a row of output into units. */
static void cut(rlt_depthwise_packed_params *k, const rlt_depthwise_form *form) {
    const rlt_window *w = &k->window;
    const int32_t c = w->out_c, block = RLT_DEPTHWISE_BLOCK * form->lanes;
    const int32_t pixels = c <= WIDEST_FLAT ? filling(c, form->lanes) : 1;
    /* Parts of vectors cost less than words that lie across lines of the cache, and units that must come again. */
    const int narrow = w->stride_w == 1 && c < NARROW && w->out_w >= form->sums / 2 * pixels;
    k->flat = c <= WIDEST_FLAT && (pixels == 1 ? c == block || c % block : narrow);
    const int32_t row = w->out_w * c;
    k->unit = k->flat ? pixels * c : c;
    k->units = (row + k->unit - 1) / k->unit;
    k->last_unit = row - (k->units - 1) * k->unit;
    k->vectors = (k->unit + form->lanes - 1) / form->lanes;
    k->chunk = k->flat || k->vectors < RLT_DEPTHWISE_BLOCK ? k->vectors : RLT_DEPTHWISE_BLOCK;
}

/* Output rows and units at a time, and what their words take. */
static void plan_words(rlt_depthwise_packed_params *k, const rlt_depthwise_form *form) {
    const rlt_window *w = &k->window;
    const int32_t byte = form->group * form->weight_bytes, vector = form->lanes * byte;
    k->rows = w->stride_h == 1 && w->dilation_h == 1 && w->out_h > 1 ? 2 : 1;
    k->groups = (w->kernel_h + k->rows - 1 + form->group - 1) / form->group;
    const int64_t reach = (int64_t)(w->kernel_w - 1) * w->dilation_w;
    const int64_t pixel = (int64_t)(k->flat ? w->out_c * byte : k->chunk * vector);
    const int64_t pixels = k->flat ? k->unit / w->out_c : 1, step = pixels * w->stride_w * pixel;
    const int64_t least = (reach + 1) * pixel, all = (least + (k->units - 1) * step) * k->groups;
    const int32_t columns = form->sums / k->rows;
    const int64_t fitting = (WORD_BYTES / k->groups - least) / step / columns * columns;
    const int64_t steps = WORD_BYTES / all, most = (w->out_h + k->rows - 1) / k->rows;
    k->segment = all <= WORD_BYTES || fitting >= k->units ? k->units
                 : fitting > 2 * columns                  ? (int32_t)fitting
                                                        : 2 * columns;
    if (k->segment > k->units) k->segment = k->units;
    k->steps = k->segment < k->units || steps < 1 ? 1 : steps < most ? (int32_t)steps : (int32_t)most;
    const int64_t group = (least + (k->segment - 1) * step + pixel * pixels + 63) & ~(int64_t)63;
    const int64_t slack = form->sums * step + RLT_DEPTHWISE_BLOCK * vector;
    const int64_t bytes = group * k->groups * k->steps + ((slack + 63) & ~(int64_t)63);
    k->group_bytes = (int32_t)group;
    k->word_bytes = bytes < MOST_WORD_BYTES ? (int32_t)bytes : 0;
}

static size_t weights_bytes(const rlt_depthwise_packed_params *k, const rlt_depthwise_form *form) {
    const size_t sets = (size_t)(k->groups * k->pieces * k->rows) * (size_t)k->window.kernel_w;
    return sets * (size_t)k->vectors * (size_t)(form->lanes * form->group * form->weight_bytes);
}

static int32_t constants(const rlt_depthwise_form *form) { return form->lanes * CHANNEL_CONSTANTS; }

static size_t channels_bytes(const rlt_depthwise_packed_params *k, const rlt_depthwise_form *form) {
    return (size_t)k->vectors * (size_t)constants(form) * sizeof(int32_t);
}

/* Pieces that the weights of vector `vector` need. */
static int32_t pieces_of(const rlt_depthwise_packed_params *k, const rlt_depthwise_tensors *t,
                         const rlt_depthwise_form *form, int32_t vector) {
    const rlt_window *w = &k->window;
    const int32_t zero = rlt_zero_point(t->weights, 0);
    int32_t least = 0, most = 0;
    if (form->weight_bytes > 1 || zero == 0) return 1;
    for (int32_t at = vector * form->lanes; at < (vector + 1) * form->lanes && at < k->unit; at++) {
        const int32_t channel = at % w->out_c;
        for (int32_t tap = 0; tap < w->kernel_h * w->kernel_w; tap++) {
            const int32_t weight = rlt_depthwise_value(w, t, zero, tap, channel);
            least = weight < least ? weight : least;
            most = weight > most ? weight : most;
        }
    }
    return least < -256 || most > 254 ? 3 : least < -128 || most > 127 ? 2 : 1;
}

int rlt_depthwise_plan(const rlt_prepare_state *p, rlt_depthwise_packed_params *k, const rlt_depthwise_tensors *t,
                       const rlt_depthwise_form *form) {
    rlt_window *w = &k->window;
    if (!t->weights->data || t->weights->type != RLT_INT8 || w->out_w < 1 || w->out_h < 1 || w->batches < 1) return 0;
    if (!rlt_may_use(p, "packed")) return 0;
    rlt_column_to_row(w);
    cut(k, form);
    k->band.wide = 1;
    k->band.fill = rlt_zero_point(t->input, 0) + 128;
    k->output_zero_point = rlt_zero_point(t->output, 0);
    if (k->band.repeat != 1) {
        if (!rlt_band_plan(&k->band, w, BAND_BYTES)) return 0;
    } else {
        k->band.rows = w->out_h;
    }
    plan_words(k, form);
    k->pieces = 1;
    for (int32_t v = 0; v < k->vectors; v++) {
        const int32_t pieces = pieces_of(k, t, form, v);
        if (pieces > k->pieces) k->pieces = pieces;
    }
    return k->word_bytes && weights_bytes(k, form) + channels_bytes(k, form) < rlt_constant_room(p) / 2;
}

/* Part `piece` of a weight: each takes what fits a signed byte and leaves the rest. */
static int32_t piece_of(int32_t weight, int32_t piece) {
    for (; piece > 0; piece--) weight -= rlt_clamp(weight, -128, 127);
    return rlt_clamp(weight, -128, 127);
}

static void pack_weights(const rlt_depthwise_packed_params *k, const rlt_depthwise_tensors *t,
                         const rlt_depthwise_form *form, void *packed) {
    const rlt_window *w = &k->window;
    const int32_t zero = rlt_zero_point(t->weights, 0);
    int8_t *bytes = packed;
    int16_t *shorts = packed;
    const int32_t sets = k->pieces * k->groups * w->kernel_w * k->rows;
    for (int32_t i = 0; i < k->vectors * sets; i++) {
        const int32_t row = i % k->rows, x = i / k->rows % w->kernel_w;
        const int32_t group = i / k->rows / w->kernel_w % k->groups;
        const int32_t piece = i / k->rows / w->kernel_w / k->groups % k->pieces;
        const int32_t first = i / sets * form->lanes;
        int32_t channel = first % w->out_c;
        for (int32_t lane = 0; lane < form->lanes; lane++, channel = channel + 1 < w->out_c ? channel + 1 : 0) {
            for (int32_t part = 0; part < form->group; part++) {
                const int32_t y = group * form->group + part - row; /* rows of output are one row of input apart */
                const int inside = first + lane < k->unit && y >= 0 && y < w->kernel_h;
                const int32_t weight = inside ? rlt_depthwise_value(w, t, zero, y * w->kernel_w + x, channel) : 0;
                if (form->weight_bytes == 1) {
                    *bytes++ = (int8_t)(k->pieces == 1 ? weight : piece_of(weight, piece));
                } else {
                    *shorts++ = (int16_t)weight;
                }
            }
        }
    }
}

/* Input values come as x + 128 and padding as zero point + 128, so the sum of products has (zero point + 128) * (sum of
 * the channel's weights) too much. */
rlt_status rlt_depthwise_channel_of(rlt_prepare_state *p, const rlt_depthwise_packed_params *k,
                                    const rlt_depthwise_tensors *t, const rlt_depthwise_form *form, int32_t c,
                                    rlt_depthwise_channel *to, int *fast) {
    const rlt_window *w = &k->window;
    const int32_t zero = rlt_zero_point(t->weights, 0);
    uint32_t sum = 0;
    int64_t apart = 0;
    for (int32_t tap = 0; tap < w->kernel_h * w->kernel_w; tap++) {
        const int32_t weight = rlt_depthwise_value(w, t, zero, tap, c);
        sum += (uint32_t)weight;
        apart += 255 * (weight < 0 ? -weight : weight);
    }
    const int32_t own = t->bias ? rlt_const_i32(t->bias, (uint32_t)c) : 0;
    to->bias = (int32_t)((uint32_t)own - (uint32_t)k->band.fill * sum);
    RLT_TRY(rlt_channel_multiplier(p, t->input, t->weights, t->output, (uint32_t)c, &to->multiplier, &to->shift));
    const int32_t low = k->low - k->output_zero_point, high = k->high - k->output_zero_point;
    to->fast_bias = to->bias;
    *fast = rlt_float_scale_sums(to->multiplier, to->shift, low, high, own - apart, own + apart, form->first,
                                 &to->fast_bias, &to->scale);
    return RLT_OK;
}

/* At lane `lane` of the vector whose constants `to` are. */
static void put_channel(const rlt_depthwise_form *form, const rlt_depthwise_channel *c, int32_t lane, int32_t *to) {
    const int32_t lanes = form->lanes;
    int32_t *scale = to + CHANNEL_SCALE * lanes + lane;
    to[CHANNEL_BIAS * lanes + lane] = to[CHANNEL_KIND * lanes + KIND_FAST] ? c->fast_bias : c->bias;
    if (!to[CHANNEL_KIND * lanes + KIND_FAST]) {
        scale[ANY_MULTIPLIER * lanes] = c->multiplier;
        scale[ANY_LEFT * lanes] = c->shift > 0 ? c->shift : 0;
        scale[ANY_RIGHT * lanes] = c->shift < 0 ? -c->shift : 0;
    } else {
        memcpy(scale + FLOAT_HIGH * lanes, &c->scale.high, sizeof(float));
        memcpy(scale + FLOAT_LOW * lanes, &c->scale.low, sizeof(float));
        memcpy(scale + FLOAT_OFFSET * lanes, &c->scale.offset, sizeof(float));
    }
}

static rlt_status pack_channels(rlt_prepare_state *p, const rlt_depthwise_packed_params *k,
                                const rlt_depthwise_tensors *t, const rlt_depthwise_form *form, int32_t *to) {
    const int32_t lanes = form->lanes, out_c = k->window.out_c, step = constants(form);
    memset(to, 0, channels_bytes(k, form));
    for (int32_t v = 0; v < k->vectors; v++) {
        int32_t *kind = to + v * step + CHANNEL_KIND * lanes;
        kind[KIND_PIECES] = pieces_of(k, t, form, v);
        kind[KIND_FAST] = 1;
    }
    int all = 1;
    for (int32_t c = 0; c < out_c; c++) {
        rlt_depthwise_channel from;
        int fast;
        RLT_TRY(rlt_depthwise_channel_of(p, k, t, form, c, &from, &fast));
        all = all && fast;
        for (int32_t at = c; at < k->unit; at += out_c) {
            if (fast) put_channel(form, &from, at % lanes, to + at / lanes * step);
            else to[at / lanes * step + CHANNEL_KIND * lanes + KIND_FAST] = 0;
        }
    }
    for (int32_t at = 0; !all && at < k->unit; at++) { /* vectors with channels that are not */
        rlt_depthwise_channel from;
        int fast;
        int32_t *vector = to + at / lanes * step;
        if (vector[CHANNEL_KIND * lanes + KIND_FAST]) continue;
        RLT_TRY(rlt_depthwise_channel_of(p, k, t, form, at % out_c, &from, &fast));
        put_channel(form, &from, at % lanes, vector);
    }
    return RLT_OK;
}

rlt_status rlt_depthwise_pack(rlt_prepare_state *p, const rlt_op *op, rlt_depthwise_packed_params *k,
                              const rlt_depthwise_tensors *t, const rlt_depthwise_form *form, uint32_t tasks) {
    RLT_TRY(rlt_need_channels(p, t->input, t->weights, t->bias, t->output, (uint32_t)k->window.out_c));
    k->input = rlt_ref_of(p, t->input);
    k->output = rlt_ref_of(p, t->output);
    k->scratch = rlt_add_scratch(p, op, ((size_t)k->band.bytes + (size_t)k->word_bytes) * tasks);
    void *weights = rlt_add_constant(p, weights_bytes(k, form), &k->weights);
    if (!weights) return RLT_ERROR_MEMORY;
    pack_weights(k, t, form, weights);
    int32_t *channels = rlt_add_constant(p, channels_bytes(k, form), &k->channels);
    if (!channels) return RLT_ERROR_MEMORY;
    return pack_channels(p, k, t, form, channels);
}
