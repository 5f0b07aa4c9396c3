/* The weights of packed int8 convolutions. Host only. */
#ifndef RLT_PREPARE_PACK_WEIGHTS_H
#define RLT_PREPARE_PACK_WEIGHTS_H

#include "packed.h"

/* As packed.h says, from [out_c][filter]; `lanes`: channels of a vector, `word`: bytes of one channel's word. */
void rlt_conv_2d_pack_weights(const rlt_conv_2d_packed_params *k, int32_t lanes, int32_t word, const uint8_t *weights,
                              uint8_t *to);

#endif
