/* Packing of int8 CONV_2D and FULLY_CONNECTED for the DSP extension (columns.h). Host only. */
#ifndef RLT_CONV_2D_PREPARE_COLUMNS_H
#define RLT_CONV_2D_PREPARE_COLUMNS_H

#include "columns.h"
#include "prepare_pack.h"

/* Constants of channel `c`, whose filter has `filter` weights with zero point 0. `*largest` bounds its sum of products;
 * *fits is 0 where sums are too large for the short form. `exact` as below. */
rlt_status rlt_conv_2d_finish(rlt_prepare_state *p, const rlt_conv_tensors *t, int32_t filter, int32_t c, int exact,
                              rlt_finish_exact *f, int64_t *largest, int *fits);

/* Adds the step, if this CPU and the operands, which are checked by now, allow this form: then *done is 1.
 * `exact`: a FULLY_CONNECTED, whose results are rounded once. */
rlt_status rlt_conv_2d_columns(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t,
                               const rlt_window *window, int32_t activation, int exact, int *done);

#endif
