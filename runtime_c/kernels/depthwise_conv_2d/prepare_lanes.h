/* Packing of DEPTHWISE_CONV_2D for Helium under any window (lanes.h). Host only. */
#ifndef RLT_DEPTHWISE_CONV_2D_PREPARE_LANES_H
#define RLT_DEPTHWISE_CONV_2D_PREPARE_LANES_H

#include "lanes.h"
#include "prepare_planes.h"

/* Adds the step, if this CPU and the operands, which are checked by now, allow this form: then *done is 1. `wide`:
 * int16, else NULL. */
rlt_status rlt_depthwise_lanes(rlt_prepare_state *p, const rlt_op *op, const rlt_depthwise_tensors *t,
                               const rlt_window_16 *wide, const rlt_window *window, int32_t activation, int *done);

#endif
