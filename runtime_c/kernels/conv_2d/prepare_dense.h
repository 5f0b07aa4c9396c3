/* The step of an int8 CONV_2D or FULLY_CONNECTED in the form that suits the target best. Host only. */
#ifndef RLT_CONV_2D_PREPARE_DENSE_H
#define RLT_CONV_2D_PREPARE_DENSE_H

#include "prepare_pack.h"

/* Adds the step, if there is a form for this CPU and the operands, which are checked by now: then *done is 1.
 * `exact`: a FULLY_CONNECTED, whose results are rounded once. `tasks`: how many are worth it. */
rlt_status rlt_conv_2d_dense(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t, const rlt_window *window,
                             int32_t activation, int exact, uint32_t tasks, int *done);

#endif
