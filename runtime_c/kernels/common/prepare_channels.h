/* Per-channel constants of the int8 convolutions. Host only. */
#ifndef RLT_PREPARE_CHANNELS_H
#define RLT_PREPARE_CHANNELS_H

#include "prepare_common.h"

/* Checks types and quantization of an int8 convolution's operands; bias may be NULL. */
rlt_status rlt_need_channels(rlt_prepare_state *p, const rlt_tensor *input, const rlt_tensor *weights,
                             const rlt_tensor *bias, const rlt_tensor *output, uint32_t count);

/* What the sums of channel `c` are multiplied with (rlt_requantize()). */
rlt_status rlt_channel_multiplier(rlt_prepare_state *p, const rlt_tensor *input, const rlt_tensor *weights,
                                  const rlt_tensor *output, uint32_t c, int32_t *multiplier, int32_t *shift);

/* Checks as rlt_need_channels() does and writes the image constant `*ref`: int32 bias'[count], multiplier[count], shift[count]. Weight k of channel c lies at c * outer + k * inner;
 * with `fold_input`, bias' = bias - input zero point * sum of the channel's weights. */
rlt_status rlt_add_channels(rlt_prepare_state *p, const rlt_tensor *input, const rlt_tensor *weights,
                            const rlt_tensor *bias, const rlt_tensor *output, uint32_t count, size_t outer,
                            size_t inner, int fold_input, rlt_ref *ref);

/* Bias of `count` values of `type`, or absent. */
rlt_status rlt_need_bias(rlt_prepare_state *p, const rlt_tensor *bias, uint32_t count, uint32_t type);

#endif
