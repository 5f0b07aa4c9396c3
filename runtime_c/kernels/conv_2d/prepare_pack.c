/* Packing of int8 CONV_2D (packed.h). Host only. */
#include <string.h>

#include "../common/prepare_channels.h"
#include "prepare_pack.h"

enum { WIDEST_ROW = 1024, BAND_BYTES = 16384 };

static size_t weights_bytes(const rlt_conv_2d_packed_params *k) {
    return (size_t)k->vectors * RLT_CONV_LANES * 4 * (size_t)k->run_count * (size_t)k->run_words;
}

/* A 1x1 window that touches every pixel sees no rows: all pixels become rows of WIDEST_ROW. */
static void flatten(rlt_window *w, int32_t *last_w) {
    *last_w = w->out_w;
    if (w->kernel_h != 1 || w->kernel_w != 1 || w->stride_h != 1 || w->stride_w != 1 || w->pad_top || w->pad_left ||
        w->in_h != w->out_h || w->in_w != w->out_w) {
        return;
    }
    const int64_t pixels = (int64_t)w->batches * w->out_h * w->out_w;
    if (pixels > INT32_MAX) return;
    const int32_t rows = (int32_t)((pixels + WIDEST_ROW - 1) / WIDEST_ROW);
    const int32_t width = (int32_t)((pixels + rows - 1) / rows);
    w->batches = 1;
    w->in_h = w->out_h = rows;
    w->in_w = w->out_w = width;
    *last_w = (int32_t)(pixels - (int64_t)(rows - 1) * width);
}

static int32_t weight_at(const rlt_conv_2d_packed_params *k, const rlt_tensor *weights, int32_t channel, int32_t byte) {
    const int32_t filter = k->run_bytes * k->run_count;
    return (int8_t)weights->data[(size_t)channel * filter + byte];
}

static void pack_weights(const rlt_conv_2d_packed_params *k, const rlt_tensor *weights, int8_t *to) {
    const int32_t blocks = rlt_conv_block_count(k->vectors);
    for (int32_t block = 0; block < blocks; block++) {
        const int32_t first = rlt_conv_block_start(k->vectors, block), last = rlt_conv_block_start(k->vectors, block + 1);
        for (int32_t run = 0; run < k->run_count; run++) {
            for (int32_t word = 0; word < k->run_words; word++) {
                for (int32_t channel = first * RLT_CONV_LANES; channel < last * RLT_CONV_LANES; channel++) {
                    for (int32_t i = word * 4; i < word * 4 + 4; i++) {
                        const int inside = channel < k->window.out_c && i < k->run_bytes;
                        *to++ = inside ? (int8_t)weight_at(k, weights, channel, run * k->run_bytes + i) : 0;
                    }
                }
            }
        }
    }
}

/* Scratch holds x + 128 and, in padding, zero point + 128. So sum(w * scratch) = sum(w * (x - zp)) + (zp + 128) *
 * sum(w), and a weights zero point subtracts wzp * (sum(scratch) - taps * (zp + 128)). */
static rlt_status pack_channels(rlt_prepare_state *p, rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t) {
    const size_t padded = (size_t)k->vectors * RLT_CONV_LANES;
    const int32_t filter = k->run_bytes * k->run_count;
    k->small = !k->weights_zero_point;
    int32_t *to = rlt_add_constant(p, padded * 4 * sizeof(int32_t), &k->channels);
    if (!to) return RLT_ERROR_MEMORY;
    memset(to, 0, padded * 4 * sizeof(int32_t));
    for (int32_t c = 0; c < k->window.out_c; c++) {
        uint32_t sum = 0;
        int64_t largest = 0;
        for (int32_t i = 0; i < filter; i++) {
            const int32_t weight = weight_at(k, t->weights, c, i);
            sum += (uint32_t)(weight - k->weights_zero_point);
            largest += 255 * (weight < 0 ? -weight : weight);
        }
        to[c] = (int32_t)((t->bias ? (uint32_t)rlt_const_i32(t->bias, (uint32_t)c) : 0u) - (uint32_t)k->band.fill * sum);
        int32_t shift;
        RLT_TRY(rlt_channel_multiplier(p, t->input, t->weights, t->output, (uint32_t)c, &to[padded + (size_t)c], &shift));
        to[2 * padded + (size_t)c] = shift > 0 ? shift : 0;
        to[3 * padded + (size_t)c] = shift < 0 ? -shift : 0;
        largest += to[c] < 0 ? -(int64_t)to[c] : to[c];
        if (largest >= 1 << 30 || shift >= 0) k->small = 0;
    }
    return RLT_OK;
}

int rlt_conv_2d_can_pack(const rlt_prepare_state *p, const rlt_window *window, int32_t groups, const rlt_tensor *weights) {
    if (groups != 1 || !weights->data) return 0;
    const size_t taps = (size_t)window->kernel_w, depth = (size_t)window->in_c, row = taps * depth;
    const size_t padded = window->dilation_w == 1 ? (row + 3) & ~(size_t)3 : taps * ((depth + 3) & ~(size_t)3);
    const size_t packed = ((size_t)window->out_c + RLT_CONV_LANES) * padded * (size_t)window->kernel_h;
    return packed <= rlt_constant_room(p) / 2 && row < (1u << 24) && (size_t)weights->elements < (1u << 30);
}

rlt_status rlt_conv_2d_pack(rlt_prepare_state *p, const rlt_op *op, rlt_conv_2d_packed_params *k,
                            const rlt_conv_tensors *t, uint32_t tasks) {
    RLT_TRY(rlt_need_channels(p, t->input, t->weights, t->bias, t->output, (uint32_t)k->window.out_c));
    k->input = rlt_ref_of(p, t->input);
    k->output = rlt_ref_of(p, t->output);
    k->band.fill = rlt_zero_point(t->input, 0) + 128;
    k->weights_zero_point = rlt_zero_point(t->weights, 0);
    k->output_zero_point = rlt_zero_point(t->output, 0);
    rlt_window *w = &k->window;
    flatten(w, &k->last_w);
    k->vectors = (w->out_c + RLT_CONV_LANES - 1) / RLT_CONV_LANES;
    const int whole_rows = w->dilation_w == 1;
    k->run_count = w->kernel_h * (whole_rows ? 1 : w->kernel_w);
    k->run_bytes = w->in_c * (whole_rows ? w->kernel_w : 1);
    k->run_words = (k->run_bytes + 3) / 4;
    k->band.repeat = 1;
    if (!rlt_band_plan(&k->band, w, BAND_BYTES)) return rlt_fail(p, RLT_ERROR_SHAPE, t->input, "rows are too long");
    k->scratch = rlt_add_scratch(p, op, (size_t)k->band.bytes * tasks);
    int8_t *packed = rlt_add_constant(p, weights_bytes(k), &k->weights);
    if (!packed) return RLT_ERROR_MEMORY;
    pack_weights(k, t->weights, packed);
    return pack_channels(p, k, t);
}
