/* Packing of int8 CONV_2D and FULLY_CONNECTED. Host only. */
#ifndef RLT_CONV_2D_PACK_H
#define RLT_CONV_2D_PACK_H

#include "../../core/prepare.h"
#include "packed.h"

typedef struct {
    const rlt_tensor *input, *weights, *bias, *output; /* bias may be NULL */
    int32_t tap_step; /* 0; or, of a DEPTHWISE_CONV_2D with one input channel, from a tap's weights to the next one's */
} rlt_conv_tensors;

/* Weight `i` of the `filter` ones of channel `c`. */
static inline int32_t rlt_conv_weight(const rlt_conv_tensors *t, int32_t filter, int32_t c, int32_t i) {
    const size_t at = t->tap_step ? (size_t)i * (size_t)t->tap_step + (size_t)c : (size_t)c * (size_t)filter + (size_t)i;
    return (int8_t)t->weights->data[at];
}

/* Fills `k`, whose window is set, with everything but constants and places. `tasks`: how many are worth it. Returns how
 * many there will be; 0: no kernel for this CPU, no packed form for the operands, or no room for it. */
uint32_t rlt_conv_2d_plan(const rlt_prepare_state *p, const rlt_conv_tensors *t, uint32_t tasks,
                          rlt_conv_2d_packed_params *k);

/* Adds the step for such a plan, whose `exact` and range (low, high) are set by now. */
rlt_status rlt_conv_2d_pack(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t, uint32_t tasks,
                            const rlt_conv_2d_packed_params *plan);

/* The same for float operands beside int8 weights. `plan` also has: input and rows, where the quantized values and their
 * scales are; per_channel, float_low, float_high. */
rlt_status rlt_conv_2d_pack_hybrid(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t, uint32_t tasks,
                                   const rlt_conv_2d_packed_params *plan);

#endif
