/* The weights of packed int8 convolutions. Host only. */
#ifndef RLT_PREPARE_PACK_WEIGHTS_H
#define RLT_PREPARE_PACK_WEIGHTS_H

#include "prepare_pack_excess.h"

/* How weights are packed. `lanes`: channels of a vector, `word`: bytes of one channel's word, `wide`: of a value in the
 * band; `zero_point`: what weights are packed as distances from, `count` of which need more than 8 bits. */
typedef struct {
    int32_t lanes, word, wide, zero_point, count;
    rlt_conv_excess excess[RLT_CONV_2D_MOST_EXCESS];
} rlt_conv_packing;

/* The first byte of a run's word: the last one ends where the run does, and so may have bytes of the one before. */
static inline int32_t rlt_conv_word_start(const rlt_conv_2d_packed_params *k, const rlt_conv_packing *how,
                                          int32_t word) {
    const int32_t first = word * how->word, last = k->run_bytes - how->word;
    return first > last && last > 0 && !k->tails && !k->colours ? last : first;
}

/* As packed.h says, from [out_c][filter]. */
void rlt_conv_2d_pack_weights(const rlt_conv_2d_packed_params *k, const rlt_conv_packing *how, const uint8_t *weights,
                              uint8_t *to);

/* Of the excess, what is in channels of a block: [*first, *last). */
void rlt_conv_block_excess(const rlt_conv_2d_packed_params *k, const rlt_conv_packing *how, int32_t block,
                           int32_t *first, int32_t *last);

#endif
