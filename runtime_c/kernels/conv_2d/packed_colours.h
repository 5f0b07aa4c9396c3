/* Packed convolutions of images in colours into few channels: 3x3 windows, of which each row is 9 bytes. A vector of
 * channels would be of lanes that are mostly not used; here lanes are 16 neighbouring pixels, and a vector of weights
 * is one channel's word, repeated. Input is read where it lies. Included after packed_tiles.h. */
#ifndef RLT_CONV_2D_PACKED_COLOURS_H
#define RLT_CONV_2D_PACKED_COLOURS_H

#include "packed_block.h"

/* Channels are computed as FEW or all that there may be. */
enum { ROW_WORDS = 3, COLOUR_WORDS = RLT_COLOUR_ROWS * ROW_WORDS, QUAD = 4, FEW = 5 };

typedef struct {
    block b;
    vi order[ROW_WORDS]; /* where words of a window's row are in two vectors of the image's, in 16-bit lanes */
    vi fill;
    v_positive_range range;
    /* From vectors of four channels' results to those of pixels: pairs of pixels of 8 channels; without those that do
     * not exist; pairs side by side. */
    vi pairs[2], squeeze, join[2];
} colours;

static colours set_colours(const rlt_run *run, const rlt_conv_2d_packed_params *p) {
    colours k = {.b = block_at(p, rlt_in(run, p->weights), rlt_in(run, p->channels), rlt_in(run, p->offsets), NULL, 0),
                 .fill = _mm512_set1_epi8((char)(p->band.fill - 128)),
                 .range = v_set_positive_range(p->output_zero_point, p->high)};
    const int32_t half = p->window.stride_w * p->window.in_c / 2, channels = p->window.out_c;
    int16_t order[2 * LANES], join[4 * LANES];
    int32_t pairs[2 * LANES];
    int8_t squeeze[LANES];
    for (int32_t i = 0; i < 2 * LANES; i++) {
        order[i] = (int16_t)(i / 2 * half + i % 2);
        pairs[i] = i / 2 + i % 2 * LANES;
    }
#pragma GCC unroll 1
    for (int32_t i = 0; i < LANES; i++) {
        squeeze[i] = (int8_t)(i < channels ? i : i < 2 * channels ? i - channels + 8 : -1);
    }
    for (int32_t i = 0, pair = 0, at = 0; i < 4 * LANES; i++) {
        join[i] = (int16_t)(8 * pair + at);
        if (++at == channels) at = 0, pair++;
    }
    for (int16_t i = 0; i < ROW_WORDS; i++) {
        k.order[i] = _mm512_add_epi16(vi_load_32(order), _mm512_set1_epi16((int16_t)(2 * i)));
    }
    for (int i = 0; i < 2; i++) {
        k.pairs[i] = vi_load_32(pairs + i * LANES);
        k.join[i] = vi_load_32(join + 2 * i * LANES);
    }
    k.squeeze = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)squeeze));
    return k;
}

/* Bits [first, last) of those that there are. */
static uint64_t bits_between(int32_t first, int32_t last) {
    const uint64_t from = first <= 0 ? UINT64_MAX : first < 64 ? UINT64_MAX << first : 0;
    const uint64_t upto = last >= 64 ? UINT64_MAX : last > 0 ? (UINT64_C(1) << last) - 1 : 0;
    return from & upto;
}

/* The words of 16 pixels' windows, the first of which starts in input row `y` at byte `at`, either of which may be in
 * the padding. */
RLT_INLINE void load_windows(const colours *k, const int8_t *image, int32_t y, int32_t at, vi *word) {
    const rlt_window *w = &k->b.p->window;
    const int32_t bytes = w->in_w * w->in_c;
    const uint64_t low = bits_between(-at, bytes - at), high = bits_between(-at - 64, bytes - at - 64);
    const vi flip = vi_set((int32_t)0x80808080u);
#pragma GCC unroll 3
    for (int r = 0; r < RLT_COLOUR_ROWS; r++, y++) {
        const int is_inside = y >= 0 && y < w->in_h;
        const int8_t *from = image + (is_inside ? y : 0) * bytes + at;
        vi a = _mm512_mask_loadu_epi8(k->fill, is_inside ? low : 0, from);
        vi b = _mm512_mask_loadu_epi8(k->fill, is_inside ? high : 0, from + 64);
        a = _mm512_xor_si512(a, flip);
        b = _mm512_xor_si512(b, flip);
#pragma GCC unroll 3
        for (int i = 0; i < ROW_WORDS; i++) word[r * ROW_WORDS + i] = _mm512_permutex2var_epi16(a, k->order[i], b);
    }
}

/* Adds the products of a word of all pixels for `channels`. Repeating a word while multiplying is half the
 * instructions, but not what compilers make of it. */
RLT_INLINE void multiply_pixels(const int channels, const uint8_t *weights, vi word, vi *sum) {
#pragma GCC unroll 8
    for (int c = 0; c < channels; c++) {
        const int32_t *own = (const int32_t *)(const void *)(weights + c * 4);
        __asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum[c]) : "v"(word), "m"(*own));
    }
}

/* Results of four channels from `first` on, of `count` that there are, side by side for each pixel. */
RLT_INLINE vi four_channels(const colours *k, const int first, const int count, const vi *sum) {
    vi y[QUAD];
#pragma GCC unroll 4
    for (int c = 0; c < QUAD; c++) {
        const int channel = first + c < count ? first + c : count - 1;
        const float *scale = k->b.rounding + channel;
        const v_float_scale own = {_mm512_set1_ps(scale[RLT_ROUNDING_HIGH * LANES]), _mm512_setzero_ps(),
                                   _mm512_set1_ps(scale[RLT_ROUNDING_OFFSET * LANES])};
        y[c] = vi_scale_once(sum[channel], 1, &own);
    }
    const vi channels = _mm512_packus_epi16(_mm512_packs_epi32(y[0], y[1]), _mm512_packs_epi32(y[2], y[3]));
    const vi bytes = _mm512_add_epi8(_mm512_min_epu8(channels, k->range.top), k->range.zero_point);
    return _mm512_shuffle_epi8(
        bytes, _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)));
}

/* Up to 16 pixels of `count` channels. */
RLT_INLINE void colour_pixels(const int count, const colours *k, const int8_t *image, int32_t y, int32_t at,
                              int32_t pixels, int8_t *output) {
    const block *b = &k->b;
    const int32_t channels = b->p->window.out_c, bytes = pixels * channels;
    const uint8_t *weights = b->weights;
    vi word[COLOUR_WORDS], sum[2 * QUAD];
    load_windows(k, image, y, at, word);
#pragma GCC unroll 8
    for (int c = 0; c < count; c++) sum[c] = vi_set(b->bias[c]);
#pragma GCC unroll 9
    for (int i = 0; i < COLOUR_WORDS; i++, weights += WEIGHTS) multiply_pixels(count, weights, word[i], sum);
    for (int32_t e = COLOUR_WORDS; e < b->words; e++, weights += WEIGHTS) { /* of words read before */
        const int32_t row = b->p->band.row_bytes, place = b->offsets[e];
        multiply_pixels(count, weights, word[place / row * ROW_WORDS + place % row / 4], sum);
    }
    const vi first = four_channels(k, 0, count, sum);
    const vi second = count > QUAD ? four_channels(k, QUAD, count, sum) : first;
    vi low = _mm512_permutex2var_epi32(first, k->pairs[0], second);
    vi high = _mm512_permutex2var_epi32(first, k->pairs[1], second);
    if (channels < 2 * QUAD) {
        const vi a = _mm512_shuffle_epi8(low, k->squeeze), c = _mm512_shuffle_epi8(high, k->squeeze);
        low = _mm512_permutex2var_epi16(a, k->join[0], c);
        high = _mm512_permutex2var_epi16(a, k->join[1], c);
    }
    v_store_bytes(output, low, bytes);
    if (bytes > 64) v_store_bytes(output + 64, high, bytes - 64);
}

static void run_colours(const rlt_run *run, const rlt_conv_2d_packed_params *p) {
    const rlt_window *w = &p->window;
    const colours k = set_colours(run, p);
    const int8_t *input = rlt_in(run, p->input);
    int8_t *output = rlt_out(run, p->output);
    uint32_t row = 0, end = (uint32_t)w->batches * (uint32_t)w->out_h;
    rlt_share_of(run, end, &row, &end);
    for (; row < end; row++) {
        const size_t batch = row / (uint32_t)w->out_h;
        const int8_t *image = input + batch * (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
        const int32_t y = (int32_t)(row % (uint32_t)w->out_h) * w->stride_h - w->pad_top;
        int8_t *to = output + (size_t)row * (size_t)w->out_w * (size_t)w->out_c;
        for (int32_t x = 0; x < w->out_w; x += LANES, to += LANES * w->out_c) {
            const int32_t left = w->out_w - x;
            const int32_t at = (x * w->stride_w - w->pad_left) * w->in_c, pixels = left < LANES ? left : LANES;
            if (w->out_c > FEW) colour_pixels(RLT_COLOUR_CHANNELS, &k, image, y, at, pixels, to);
            else colour_pixels(FEW, &k, image, y, at, pixels, to);
        }
    }
}

#endif
