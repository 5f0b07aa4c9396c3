/* int16 CONV_2D and FULLY_CONNECTED for the DSP extension and Helium. Host only. */
#ifndef RLT_PREPARE_DENSE_16_H
#define RLT_PREPARE_DENSE_16_H

#include "prepare_window_16.h"

/* Adds the step if the target and the operands, which are checked by now, allow such a form: then *done is 1. */
rlt_status rlt_prepare_dense_16(rlt_prepare_state *p, const rlt_op *op, const rlt_window_16 *w, int *done);

#endif
