/* The weights of packed int8 convolutions (packed.h). Host only. */
#include "prepare_pack_weights.h"

#include <string.h>

static size_t filter_bytes(const rlt_conv_2d_packed_params *k) { return (size_t)k->run_bytes * (size_t)k->run_count; }

/* Word `word` of run `run`, of `bytes`, for channels [c, last): nearly all are plain copies. */
static uint8_t *pack_words(const rlt_conv_2d_packed_params *k, int32_t bytes, const uint8_t *weights, int32_t c,
                           int32_t last, int32_t run, int32_t word, uint8_t *to) {
    const size_t filter = filter_bytes(k);
    const int32_t first = word * bytes, left = k->run_bytes - k->tails - first;
    const uint8_t *from = weights + (size_t)c * filter + (size_t)run * (size_t)k->run_bytes + (size_t)first;
    for (; c < last && c < k->window.out_c; c++, from += filter, to += bytes) {
        if (bytes == 4 && left >= 4) memcpy(to, from, 4);
        else if (bytes == 8 && left >= 8) memcpy(to, from, 8);
        else for (int32_t i = 0; i < bytes; i++) to[i] = i < left ? from[i] : 0;
    }
    memset(to, 0, (size_t)((last - c) * bytes));
    return to + (last - c) * bytes;
}

static uint8_t *pack_tails(const rlt_conv_2d_packed_params *k, const uint8_t *weights, int32_t c, int32_t last,
                           uint8_t *to) {
    for (; c < last; c++) {
        const uint8_t *from = weights + (size_t)c * filter_bytes(k);
        for (int32_t i = 0; i < RLT_CONV_2D_TAIL; i++) {
            *to++ = c < k->window.out_c && i < k->run_count ? from[(i + 1) * k->run_bytes - 1] : 0;
        }
    }
    return to;
}

void rlt_conv_2d_pack_weights(const rlt_conv_2d_packed_params *k, int32_t lanes, int32_t word, const uint8_t *weights,
                              uint8_t *to) {
    for (int32_t block = 0; block < k->blocks.count; block++) {
        const int32_t first = rlt_conv_block_start(&k->blocks, block) * lanes;
        const int32_t last = rlt_conv_block_start(&k->blocks, block + 1) * lanes;
        for (int32_t run = 0; run < k->run_count; run++) {
            for (int32_t i = 0; i < k->run_words; i++) to = pack_words(k, word, weights, first, last, run, i, to);
        }
        if (k->tails) to = pack_tails(k, weights, first, last, to);
    }
}
