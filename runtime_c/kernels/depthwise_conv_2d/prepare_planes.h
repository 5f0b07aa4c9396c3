/* Packing of DEPTHWISE_CONV_2D for the DSP extension (planes.h). Host only. */
#ifndef RLT_DEPTHWISE_CONV_2D_PREPARE_PLANES_H
#define RLT_DEPTHWISE_CONV_2D_PREPARE_PLANES_H

#include "planes.h"
#include "../window_16/prepare_window_16.h"
#include "prepare_pack.h"

/* A weight less its zero point; 0 right of the window. */
int32_t rlt_depthwise_weight(const rlt_window *w, const rlt_depthwise_tensors *t, int32_t y, int32_t x,
                             int32_t channel);

/* Constants of channel `c`; *fits is 0 where its sums are too large for the short form. */
rlt_status rlt_depthwise_finish(rlt_prepare_state *p, const rlt_window *w, const rlt_depthwise_tensors *t, int32_t c,
                                rlt_finish *f, int *fits);

/* The same as rlt_finish, or rlt_finish_16_long where `wide`, which describes an int16 operator, is not NULL; *fits as
 * rlt_finish_16_long_for() has it. */
rlt_status rlt_depthwise_finish_any(rlt_prepare_state *p, const rlt_window *w, const rlt_depthwise_tensors *t,
                                    const rlt_window_16 *wide, int32_t c, void *to, int *fits);

/* An image one pixel wide under windows one pixel wide is a row under rows. */
void rlt_depthwise_transpose(rlt_window *w);

/* Adds the step, if this CPU and the operands, which are checked by now, allow this form: then *done is 1. `wide`:
 * int16, else NULL. */
rlt_status rlt_depthwise_planes(rlt_prepare_state *p, const rlt_op *op, const rlt_depthwise_tensors *t,
                                const rlt_window_16 *wide, const rlt_window *window, int32_t multiplier,
                                int32_t activation, int *done);

#endif
