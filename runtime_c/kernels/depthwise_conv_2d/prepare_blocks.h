/* Packing of int8 DEPTHWISE_CONV_2D by blocks of channels (blocks.h). Host only. */
#ifndef RLT_DEPTHWISE_CONV_2D_PREPARE_BLOCKS_H
#define RLT_DEPTHWISE_CONV_2D_PREPARE_BLOCKS_H

#include "blocks.h"
#include "prepare_pack.h"

/* Adds the step if instruction set, window and range of `k`, which is planned, allow this form: then *done is 1. */
rlt_status rlt_depthwise_blocks(rlt_prepare_state *p, const rlt_op *op, const rlt_depthwise_packed_params *k,
                                const rlt_depthwise_tensors *t, const rlt_depthwise_form *form, uint32_t tasks,
                                int *done);

#endif
