/* Packing of int8 CONV_2D. Host only. */
#ifndef RLT_CONV_2D_PACK_H
#define RLT_CONV_2D_PACK_H

#include "../../core/prepare.h"
#include "packed.h"

/* Whether the packed form exists for this convolution and its weights fit into the image. */
int rlt_conv_2d_can_pack(const rlt_prepare_state *p, const rlt_window *window, int32_t groups, const rlt_tensor *weights);

typedef struct {
    const rlt_tensor *input, *weights, *bias, *output; /* bias may be NULL */
} rlt_conv_tensors;

/* Fills `k`, whose window and range (low, high) are set: checks the operands, packs weights and channel constants,
 * adds scratch for `tasks` bands. */
rlt_status rlt_conv_2d_pack(rlt_prepare_state *p, const rlt_op *op, rlt_conv_2d_packed_params *k,
                            const rlt_conv_tensors *t, uint32_t tasks);

#endif
