/* Weights with a zero point, as those of uint8 models, packed without it: as their distances from it. Host only. */
#ifndef RLT_PREPARE_PACK_EXCESS_H
#define RLT_PREPARE_PACK_EXCESS_H

#include "prepare_pack.h"

/* What is left of a distance that 8 bits do not hold. It gets a word of its own at the end of its block, which so meets
 * the input value a second time. */
typedef struct {
    int32_t channel, at, rest; /* weight `at` of the channel's filter */
} rlt_conv_excess;

/* Quantized ranges nearly always end with some weight: a few of a layer are that far from their zero point. */
enum { RLT_CONV_2D_MOST_EXCESS = 64 };

/* Fills found[RLT_CONV_2D_MOST_EXCESS], by channels. How many there are; -1: more than that, or a rest that 8 bits do not
 * hold. */
int32_t rlt_conv_find_excess(const rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t, rlt_conv_excess *found);

/* Turns `count` packed weights into distances, cut to 8 bits. */
void rlt_conv_less_zero_point(uint8_t *weights, size_t count, int32_t zero_point);

#endif
