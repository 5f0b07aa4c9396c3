/* Parameters of the LSTM kernels. Gates are numbered as the operator's inputs: input, forget, cell, output; those of
 * a coupled input gate (no weights of its own) are RLT_REF_NONE at 0. */
#ifndef RLT_LSTM_H
#define RLT_LSTM_H

#include "../../core/kernel.h"

enum { RLT_GATE_INPUT, RLT_GATE_FORGET, RLT_GATE_CELL, RLT_GATE_OUTPUT, RLT_GATES };

typedef struct {
    rlt_ref input, output;
    rlt_ref hidden, cell;   /* variables: [batches, outputs], [batches, cells] */
    rlt_ref scratch;        /* room for RLT_GATES + 1 rows of cells: floats, or int16 */
    rlt_ref weights[RLT_GATES];   /* [cells, inputs] */
    rlt_ref recurrent[RLT_GATES]; /* [cells, outputs] */
    rlt_ref peephole[RLT_GATES];  /* [cells], float only; maybe absent */
    rlt_ref bias[RLT_GATES];      /* [cells] */
    rlt_ref norm[RLT_GATES];      /* [cells], maybe absent */
    rlt_ref projection;           /* [outputs, cells], maybe absent */
    rlt_ref projection_bias;      /* [outputs], float: maybe absent */
    rlt_ref sums;                 /* int8: per gate, the start values of both products, 2 x [cells] */
    uint32_t batches, steps, time_major;
    uint32_t inputs, cells, outputs;
} rlt_lstm_shape;

enum { RLT_LSTM_REFS = 8 + 5 * RLT_GATES };

typedef struct {
    rlt_lstm_shape s;
    uint32_t activation;  /* RLT_ACT_*, of the cell gate and the output */
    float cell_clip, projection_clip; /* 0: none */
} rlt_lstm_f32_params;

typedef struct {
    int32_t multiplier, shift;
} rlt_lstm_factor;

typedef struct {
    rlt_lstm_shape s;
    rlt_lstm_factor input[RLT_GATES], recurrent[RLT_GATES], norm[RLT_GATES], hidden, projection;
    int32_t variance_limit[RLT_GATES];
    int32_t cell_exponent; /* scale of the cell state is 2^this, -15 to -9 */
    int32_t cell_clip, projection_clip;
    int32_t hidden_zero_point, output_zero_point;
} rlt_lstm_s8_params;

/* Where row (b, t) of input and output is. */
static inline size_t rlt_lstm_row(const rlt_lstm_shape *s, uint32_t b, uint32_t t) {
    return s->time_major ? (size_t)t * s->batches + b : (size_t)b * s->steps + t;
}

#endif
