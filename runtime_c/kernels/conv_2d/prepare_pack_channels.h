/* The constants of packed convolutions' channels: where sums start, and how they are scaled. Host only. */
#ifndef RLT_CONV_2D_PREPARE_PACK_CHANNELS_H
#define RLT_CONV_2D_PREPARE_PACK_CHANNELS_H

#include "prepare_form.h"

/* Bytes of `channels` in packed.h. */
size_t rlt_conv_channels_bytes(const rlt_conv_2d_packed_params *k, const rlt_conv_form *f);

/* Decides how sums are scaled, which decides on vectors too, and adds `channels` to `k`. */
rlt_status rlt_conv_pack_channels(rlt_prepare_state *p, rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t,
                                  const rlt_conv_form *f);

/* The same for float operands beside int8 weights. */
rlt_status rlt_conv_pack_hybrid_channels(rlt_prepare_state *p, rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t,
                                         const rlt_conv_form *f);

#endif
