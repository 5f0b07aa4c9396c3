/* The step that quantizes activations while the model runs. Host only. */
#ifndef RLT_PREPARE_ROWS_H
#define RLT_PREPARE_ROWS_H

#include "../common/prepare_common.h"
#include "quantize_rows.h"

/* Adds the step for `input`, float, seen as `rows` rows, and tells where the values and scales go (scratch of `op`).
 * Also checks what all such operators need: const int8 `weights` with zero points 0 and one scale or `channels`. */
rlt_status rlt_add_quantize_rows(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *input, uint32_t rows,
                                 int asymmetric, const rlt_tensor *weights, uint32_t channels, rlt_ref *values,
                                 rlt_ref *scales);
/* The same without looking at weights. */
rlt_status rlt_add_rows(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *input, uint32_t rows, int asymmetric,
                        rlt_ref *values, rlt_ref *scales);
/* The weights' scales as an image constant of `channels` floats. */
rlt_status rlt_add_scales(rlt_prepare_state *p, const rlt_tensor *weights, uint32_t channels, rlt_ref *scales);

#endif
