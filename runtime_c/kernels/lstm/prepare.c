/* UNIDIRECTIONAL_SEQUENCE_LSTM: input [batches, steps, inputs] (or time first, or one step), weights of four gates,
 * biases, projection, two variables, coefficients of layer normalization. LSTM: the same for one step. */
#include <float.h>

#include "prepare_lstm.h"

/* Positions of the operator's inputs; those of gates are followed by the other gates'. */
enum { INPUT, WEIGHTS, RECURRENT = 5, PEEPHOLE = 9, BIAS = 12, PROJECTION = 16, PROJECTION_BIAS, HIDDEN, CELL, NORM,
       INPUTS = 24 };
/* Fields of both options tables. */
enum { ACTIVATION, CELL_CLIP, PROJECTION_CLIP, KERNEL_TYPE = 3, TIME_MAJOR = 3 };

static rlt_status need_matrix(rlt_prepare_state *p, const rlt_tensor *tensor, uint32_t rows, uint32_t columns) {
    if (!tensor) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "weights are missing");
    RLT_TRY(rlt_need_rank(p, tensor, 2));
    if ((uint32_t)tensor->dims[0] == rows && (uint32_t)tensor->dims[1] == columns) return RLT_OK;
    return rlt_fail(p, RLT_ERROR_SHAPE, tensor, "size does not fit the other weights");
}

/* A vector of `count` elements. */
static rlt_status need_vector(rlt_prepare_state *p, const rlt_tensor *tensor, uint32_t count) {
    if (!tensor) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "a bias or vector of weights is missing");
    RLT_TRY(rlt_need_rank(p, tensor, 1));
    if (tensor->elements == count) return RLT_OK;
    return rlt_fail(p, RLT_ERROR_SHAPE, tensor, "size does not fit the weights");
}

static rlt_status need_variable(rlt_prepare_state *p, const rlt_tensor *tensor, uint64_t elements) {
    if (!tensor) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "a state is missing");
    if (!rlt_is_variable(p, tensor)) return rlt_fail(p, RLT_ERROR_FORMAT, tensor, "the state is not a variable");
    if (tensor->elements != elements) return rlt_fail(p, RLT_ERROR_SHAPE, tensor, "size does not fit the weights");
    return RLT_OK;
}

static void read_operands(rlt_prepare_state *p, const rlt_op *op, rlt_lstm *l) {
    l->input = rlt_input(p, op, INPUT);
    l->output = rlt_output(p, op, 0);
    l->hidden = rlt_input(p, op, HIDDEN);
    l->cell = rlt_input(p, op, CELL);
    l->projection = rlt_input(p, op, PROJECTION);
    l->projection_bias = rlt_input(p, op, PROJECTION_BIAS);
    for (uint32_t g = 0; g < RLT_GATES; g++) {
        l->weights[g] = rlt_input(p, op, WEIGHTS + g);
        l->recurrent[g] = rlt_input(p, op, RECURRENT + g);
        l->bias[g] = rlt_input(p, op, BIAS + g);
        l->norm[g] = rlt_input(p, op, NORM + g);
    }
    l->peephole[RLT_GATE_INPUT] = rlt_input(p, op, PEEPHOLE);
    l->peephole[RLT_GATE_FORGET] = rlt_input(p, op, PEEPHOLE + 1);
    l->peephole[RLT_GATE_OUTPUT] = rlt_input(p, op, PEEPHOLE + 2);
    l->coupled = !l->weights[RLT_GATE_INPUT];
}

static rlt_status read_sizes(rlt_prepare_state *p, const rlt_op *op, rlt_lstm *l, int time_major) {
    const rlt_tensor *x = l->input, *w = l->weights[RLT_GATE_OUTPUT], *r = l->recurrent[RLT_GATE_OUTPUT];
    (void)op;
    if (x->rank != 2 && x->rank != 3) return rlt_fail(p, RLT_ERROR_SHAPE, x, "must have 2 or 3 dimensions");
    if (!w || !r) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "weights are missing");
    if (w->rank != 2 || r->rank != 2) return rlt_fail(p, RLT_ERROR_SHAPE, r, "weights must be matrices");
    rlt_lstm_shape *s = &l->shape;
    s->time_major = (uint32_t)(time_major && x->rank == 3);
    s->batches = (uint32_t)x->dims[s->time_major ? 1 : 0];
    s->steps = x->rank == 2 ? 1 : (uint32_t)x->dims[s->time_major ? 0 : 1];
    s->inputs = (uint32_t)x->dims[x->rank - 1];
    s->cells = (uint32_t)w->dims[0];
    s->outputs = (uint32_t)r->dims[1];
    if (!s->cells || !s->outputs || s->cells > INT32_MAX / 32)
        return rlt_fail(p, RLT_ERROR_SHAPE, w, "number of cells is out of range");
    int32_t dims[3] = {x->dims[0], x->dims[1], x->dims[2]};
    dims[x->rank - 1] = (int32_t)s->outputs;
    return rlt_set_shape(p, l->output, x->rank, dims);
}

static rlt_status check_gate(rlt_prepare_state *p, const rlt_lstm *l, uint32_t g) {
    const rlt_lstm_shape *s = &l->shape;
    RLT_TRY(need_matrix(p, l->weights[g], s->cells, s->inputs));
    RLT_TRY(need_matrix(p, l->recurrent[g], s->cells, s->outputs));
    RLT_TRY(need_vector(p, l->bias[g], s->cells));
    if (l->peephole[g]) RLT_TRY(need_vector(p, l->peephole[g], s->cells));
    if (l->norm[g]) RLT_TRY(need_vector(p, l->norm[g], s->cells));
    if (!l->norm[g] != !l->norm[RLT_GATE_OUTPUT] ||
        (g != RLT_GATE_CELL && !l->peephole[g] != !l->peephole[RLT_GATE_OUTPUT]))
        return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "some gates lack an operand that others have");
    RLT_TRY(rlt_need_type(p, l->recurrent[g], l->weights[g]->type));
    return rlt_need_type(p, l->weights[g], l->weights[RLT_GATE_OUTPUT]->type);
}

static rlt_status check_operands(rlt_prepare_state *p, const rlt_lstm *l) {
    const rlt_lstm_shape *s = &l->shape;
    for (uint32_t g = l->coupled ? RLT_GATE_FORGET : RLT_GATE_INPUT; g < RLT_GATES; g++) RLT_TRY(check_gate(p, l, g));
    if (l->coupled && (l->recurrent[0] || l->bias[0] || l->norm[0] || l->peephole[0]))
        return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "the input gate has no weights, but other operands");
    RLT_TRY(need_variable(p, l->hidden, (uint64_t)s->batches * s->outputs));
    RLT_TRY(need_variable(p, l->cell, (uint64_t)s->batches * s->cells));
    if (l->projection) RLT_TRY(need_matrix(p, l->projection, s->outputs, s->cells));
    else if (l->projection_bias || s->cells != s->outputs)
        return rlt_fail(p, RLT_ERROR_SHAPE, l->hidden, "needs projection weights");
    if (l->projection_bias) RLT_TRY(need_vector(p, l->projection_bias, s->outputs));
    return RLT_OK;
}

void rlt_lstm_refs(rlt_prepare_state *p, const rlt_lstm *l, rlt_ref scratch, rlt_lstm_shape *s) {
    *s = l->shape;
    s->input = rlt_ref_of(p, l->input);
    s->output = rlt_ref_of(p, l->output);
    s->hidden = rlt_ref_of(p, l->hidden);
    s->cell = rlt_ref_of(p, l->cell);
    s->scratch = scratch;
    s->projection = rlt_ref_of(p, l->projection);
    s->projection_bias = rlt_ref_of(p, l->projection_bias);
    s->sums = RLT_REF_NONE;
    for (uint32_t g = 0; g < RLT_GATES; g++) {
        s->weights[g] = rlt_ref_of(p, l->weights[g]);
        s->recurrent[g] = rlt_ref_of(p, l->recurrent[g]);
        s->peephole[g] = rlt_ref_of(p, l->peephole[g]);
        s->bias[g] = rlt_ref_of(p, l->bias[g]);
        s->norm[g] = rlt_ref_of(p, l->norm[g]);
    }
}

static rlt_status prepare_f32(rlt_prepare_state *p, const rlt_op *op, const rlt_lstm *l) {
    rlt_tensor *const others[] = {l->output, l->hidden, l->cell, l->projection, l->projection_bias};
    for (uint32_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i]) RLT_TRY(rlt_need_type(p, others[i], RLT_FLOAT32));
    for (uint32_t g = 0; g < RLT_GATES; g++) {
        rlt_tensor *const own[] = {l->weights[g], l->peephole[g], l->bias[g], l->norm[g]};
        for (uint32_t i = 0; i < sizeof own / sizeof *own; i++)
            if (own[i]) RLT_TRY(rlt_need_type(p, own[i], RLT_FLOAT32));
    }
    const int32_t activation = l->activation;
    if (activation != RLT_ACT_NONE && activation != RLT_ACT_RELU && activation != RLT_ACT_RELU6 &&
        activation != RLT_ACT_TANH)
        return rlt_fail(p, RLT_ERROR_OPTION, NULL, "unsupported activation");
    const rlt_ref scratch = rlt_add_scratch(p, op, (size_t)l->shape.cells * (RLT_GATES + 1) * sizeof(float));
    rlt_lstm_f32_params *k = rlt_add_step(p, op, RLT_KERNEL_lstm_f32, sizeof *k, RLT_LSTM_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    rlt_lstm_shape shape;
    rlt_lstm_refs(p, l, scratch, &shape);
    k->s = shape;
    k->activation = (uint32_t)activation;
    k->cell_clip = l->cell_clip;
    k->projection_clip = l->projection_clip;
    return RLT_OK;
}

static rlt_status prepare(rlt_prepare_state *p, const rlt_op *op, int time_major) {
    rlt_lstm l = {0};
    RLT_TRY(rlt_operands(p, op, 1, 1));
    if (op->input_count != NORM && op->input_count != INPUTS)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_OP, NULL, "only LSTMs with 20 or 24 inputs are supported");
    read_operands(p, op, &l);
    l.activation = rlt_option_u8(op, ACTIVATION, RLT_ACT_NONE);
    l.cell_clip = rlt_option_f32(op, CELL_CLIP, 0.0f);
    l.projection_clip = rlt_option_f32(op, PROJECTION_CLIP, 0.0f);
    if (!(l.cell_clip >= 0.0f && l.projection_clip >= 0.0f))
        return rlt_fail(p, RLT_ERROR_OPTION, NULL, "a clip value is negative");
    RLT_TRY(read_sizes(p, op, &l, time_major));
    RLT_TRY(check_operands(p, &l));
    const uint32_t type = l.input->type;
    if (type == RLT_FLOAT32 && l.weights[RLT_GATE_OUTPUT]->type == type) return prepare_f32(p, op, &l);
    if (type == RLT_INT8 && l.weights[RLT_GATE_OUTPUT]->type == type) return rlt_prepare_lstm_s8(p, op, &l);
    return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, l.input, "input and weights must both be FLOAT32, or INT8");
}

rlt_status rlt_prepare_lstm(rlt_prepare_state *p, const rlt_op *op) {
    if (rlt_option_u8(op, KERNEL_TYPE, 0) != 0)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_OP, NULL, "LSTM's basic kernel is not supported");
    return prepare(p, op, 0);
}

rlt_status rlt_prepare_unidirectional_sequence_lstm(rlt_prepare_state *p, const rlt_op *op) {
    return prepare(p, op, rlt_option_u8(op, TIME_MAJOR, 0));
}
