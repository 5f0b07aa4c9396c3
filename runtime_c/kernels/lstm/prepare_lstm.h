/* An LSTM operator's operands, checked. Host only. */
#ifndef RLT_PREPARE_LSTM_H
#define RLT_PREPARE_LSTM_H

#include "../common/prepare_common.h"
#include "lstm.h"

typedef struct {
    rlt_tensor *input, *output, *hidden, *cell, *projection, *projection_bias;
    rlt_tensor *weights[RLT_GATES], *recurrent[RLT_GATES], *peephole[RLT_GATES], *bias[RLT_GATES], *norm[RLT_GATES];
    rlt_lstm_shape shape; /* sizes alone */
    int32_t activation;
    float cell_clip, projection_clip;
    int coupled; /* the input gate is 1 - the forget gate */
} rlt_lstm;

/* Fills what both kernels need of a step's parameters: sizes and refs (`sums` and biases excepted). */
void rlt_lstm_refs(rlt_prepare_state *p, const rlt_lstm *l, rlt_ref scratch, rlt_lstm_shape *s);

rlt_status rlt_prepare_lstm_s8(rlt_prepare_state *p, const rlt_op *op, const rlt_lstm *l);

#endif
