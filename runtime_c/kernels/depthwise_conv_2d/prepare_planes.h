/* Packing of int8 DEPTHWISE_CONV_2D for the DSP extension (planes.h). Host only. */
#ifndef RLT_DEPTHWISE_CONV_2D_PREPARE_PLANES_H
#define RLT_DEPTHWISE_CONV_2D_PREPARE_PLANES_H

#include "planes.h"
#include "prepare_pack.h"

/* Adds the step, if this CPU and the operands, which are checked here, allow this form: then *done is 1. */
rlt_status rlt_depthwise_planes(rlt_prepare_state *p, const rlt_op *op, const rlt_depthwise_tensors *t,
                                const rlt_window *window, int32_t multiplier, int32_t activation, int *done);

#endif
