/* Planning of float CONV_2D by Winograd's minimal filtering (winograd_f32.h). Host only. */
#ifndef RLT_CONV_2D_PREPARE_WINOGRAD_F32_H
#define RLT_CONV_2D_PREPARE_WINOGRAD_F32_H

#include "prepare_pack_f32.h"

/* Adds the step and sets *done where that is faster than the packed form, the configured tolerance allows it, and its
 * weights fit into the image. `lanes` of the kernels that may be used, more than 1. */
rlt_status rlt_conv_2d_f32_winograd(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_f32 *c, int32_t lanes,
                                    int *done);

#endif
