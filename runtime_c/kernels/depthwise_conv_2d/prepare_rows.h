/* Packing of int8 DEPTHWISE_CONV_2D for cores without SIMD (rows.h). Host only. */
#ifndef RLT_DEPTHWISE_CONV_2D_PREPARE_ROWS_H
#define RLT_DEPTHWISE_CONV_2D_PREPARE_ROWS_H

#include "prepare_pack.h"
#include "rows.h"

/* Adds the step, if this CPU and the operands allow this form: then *done is 1. */
rlt_status rlt_depthwise_rows(rlt_prepare_state *p, const rlt_op *op, const rlt_depthwise_tensors *t,
                              const rlt_window *window, int32_t multiplier, int32_t activation, int *done);

#endif
