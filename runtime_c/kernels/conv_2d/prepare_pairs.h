/* Packing of int8 CONV_2D for Armv7-M (pairs.h). Host only. */
#ifndef RLT_CONV_2D_PREPARE_PAIRS_H
#define RLT_CONV_2D_PREPARE_PAIRS_H

#include "pairs.h"
#include "prepare_pack.h"

/* Adds the step, if this CPU and the operands, which are checked by now, allow this form: then *done is 1.
 * `exact`: a FULLY_CONNECTED, which has no such form. */
rlt_status rlt_conv_2d_pairs(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t, const rlt_window *window,
                             int32_t activation, int exact, int *done);

#endif
