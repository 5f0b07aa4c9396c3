/* The step for int16 activations and int8 weights. Host only. */
#ifndef RLT_PREPARE_WINDOW_16_H
#define RLT_PREPARE_WINDOW_16_H

#include "../common/prepare_channels.h"
#include "window_16.h"

typedef struct {
    rlt_tensor *input, *weights, *bias, *output; /* bias may be NULL */
    const rlt_window *window;
    int32_t depth, per_group, channel_step, tap_step;
    int32_t activation;
    uint32_t tasks;
    uint32_t exact;
    uint32_t is_transposed;
} rlt_window_16;

/* Types and quantization of the operands. */
rlt_status rlt_check_window_16(rlt_prepare_state *p, const rlt_window_16 *w);

/* Checks, and adds the step. */
rlt_status rlt_prepare_window_16(rlt_prepare_state *p, const rlt_op *op, const rlt_window_16 *w);

#endif
