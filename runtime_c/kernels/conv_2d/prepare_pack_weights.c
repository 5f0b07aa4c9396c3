/* The weights of packed int8 convolutions (packed.h). Host only. */
#include "prepare_pack_weights.h"

#include <string.h>

static size_t filter_bytes(const rlt_conv_2d_packed_params *k) { return (size_t)k->run_bytes * (size_t)k->run_count; }

/* Word `word` of run `run` for channels [c, last): nearly all are plain copies. What is not there is as far from the zero
 * point as the zero point. */
static uint8_t *pack_words(const rlt_conv_2d_packed_params *k, const rlt_conv_packing *how, const uint8_t *weights,
                           int32_t c, int32_t last, int32_t run, int32_t word, uint8_t *to) {
    const size_t filter = filter_bytes(k);
    const int32_t bytes = how->word, first = rlt_conv_word_start(k, how, word);
    const int32_t begin = word * bytes - first, end = k->run_bytes - k->tails - first;
    const uint8_t none = (uint8_t)how->zero_point;
    const uint8_t *from = weights + (size_t)c * filter + (size_t)run * (size_t)k->run_bytes + (size_t)first;
    for (; c < last && c < k->window.out_c; c++, from += filter, to += bytes) {
        if (bytes == 4 && !begin && end >= 4) memcpy(to, from, 4);
        else if (bytes == 8 && !begin && end >= 8) memcpy(to, from, 8);
        else for (int32_t i = 0; i < bytes; i++) to[i] = i >= begin && i < end ? from[i] : none;
    }
    memset(to, none, (size_t)((last - c) * bytes));
    return to + (last - c) * bytes;
}

static uint8_t *pack_tails(const rlt_conv_2d_packed_params *k, const rlt_conv_packing *how, const uint8_t *weights,
                           int32_t c, int32_t last, uint8_t *to) {
    for (; c < last; c++) {
        const uint8_t *from = weights + (size_t)c * filter_bytes(k);
        for (int32_t i = 0; i < RLT_CONV_2D_TAIL; i++) {
            const int is_there = c < k->window.out_c && i < k->run_count;
            *to++ = is_there ? from[(i + 1) * k->run_bytes - 1] : (uint8_t)how->zero_point;
        }
    }
    return to;
}

/* A word for channels [c, last) of which only one has a weight. */
static uint8_t *pack_excess(const rlt_conv_2d_packed_params *k, const rlt_conv_packing *how, const rlt_conv_excess *e,
                            int32_t c, int32_t last, uint8_t *to) {
    const size_t bytes = (size_t)(last - c) * (size_t)how->word;
    const int32_t at = e->at % k->run_bytes;
    memset(to, 0, bytes);
    to[(e->channel - c) * how->word + at - rlt_conv_word_start(k, how, at / how->word)] = (uint8_t)e->rest;
    return to + bytes;
}

static uint8_t *less_zero_point(const rlt_conv_packing *how, uint8_t *from, uint8_t *to) {
    if (how->zero_point) rlt_conv_less_zero_point(from, (size_t)(to - from), how->zero_point);
    return to;
}

void rlt_conv_block_excess(const rlt_conv_2d_packed_params *k, const rlt_conv_packing *how, int32_t block,
                           int32_t *first, int32_t *last) {
    const int32_t channel = rlt_conv_block_start(&k->blocks, block) * how->lanes;
    const int32_t end = rlt_conv_block_start(&k->blocks, block + 1) * how->lanes;
    *first = 0;
    while (*first < how->count && how->excess[*first].channel < channel) ++*first;
    *last = *first;
    while (*last < how->count && how->excess[*last].channel < end) ++*last;
}

void rlt_conv_2d_pack_weights(const rlt_conv_2d_packed_params *k, const rlt_conv_packing *how, const uint8_t *weights,
                              uint8_t *to) {
    for (int32_t block = 0; block < k->blocks.count; block++) {
        const int32_t first = rlt_conv_block_start(&k->blocks, block) * how->lanes;
        const int32_t last = rlt_conv_block_start(&k->blocks, block + 1) * how->lanes;
        uint8_t *from = to;
        for (int32_t run = 0; run < k->run_count; run++) {
            for (int32_t i = 0; i < k->run_words; i++) to = pack_words(k, how, weights, first, last, run, i, to);
        }
        to = less_zero_point(how, from, to);
        int32_t e, end;
        rlt_conv_block_excess(k, how, block, &e, &end);
        for (; e < end; e++) to = pack_excess(k, how, how->excess + e, first, last, to);
        if (!k->tails) continue;
        from = to;
        to = less_zero_point(how, from, pack_tails(k, how, weights, first, last, to));
    }
}
