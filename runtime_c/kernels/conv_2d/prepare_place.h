/* Where the words of packed int8 convolutions lie, and their weights. Host only. */
#ifndef RLT_PREPARE_PLACE_H
#define RLT_PREPARE_PLACE_H

#include "prepare_pack_weights.h"

/* Adds `offsets` and `weights` to `k`, which is complete but for these; finds the excess of `how`. */
rlt_status rlt_conv_2d_place(rlt_prepare_state *p, const rlt_conv_tensors *t, rlt_conv_packing *how,
                             rlt_conv_2d_packed_params *k);

#endif
