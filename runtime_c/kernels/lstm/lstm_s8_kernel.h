/* LSTM with int8 input and output and an int16 cell state: LstmStepInteger8x8_16 in tflite/kernels/lstm_eval.cc and the
 * functions of tflite/kernels/internal/reference/portable_tensor_utils.cc that it calls. Gates have 3 integer bits
 * before their activation and none after it. The including file has defined
 * dot_rows() (common/dot_rows.h), tanh_row() and logistic_row() (gate_rows.h). */
#ifndef RLT_LSTM_S8_KERNEL_H
#define RLT_LSTM_S8_KERNEL_H

#include "../common/fixed_point_16.h"
#include "../common/inverse_sqrt.h"
#include "lstm.h"

enum { GATE_BITS = 3 };

static int32_t scaled(int32_t value, const rlt_lstm_factor *factor) {
    return rlt_requantize(value, factor->multiplier, factor->shift);
}

/* Layer normalization with 10 fraction bits more, then weights and bias. */
static void normalize(int16_t *row, const int16_t *norm, const int32_t *bias, const rlt_lstm_factor *factor,
                      int32_t variance_limit, uint32_t count) {
    int64_t sum = 0, squares = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += row[i];
        squares += row[i] * row[i];
    }
    const int32_t mean = (int32_t)(sum * 1024 / count), share = (int32_t)((1u << 20) / count);
    int32_t variance = (int32_t)((squares * share - (int64_t)mean * mean) / (1 << 20));
    if (variance < 1) variance = variance_limit;
    int32_t multiplier, shift;
    rlt_inverse_sqrt(variance, &multiplier, &shift);
    for (uint32_t i = 0; i < count; i++) {
        const int32_t unit = rlt_requantize(1024 * row[i] - mean, multiplier, shift);
        const int64_t value = rlt_add_wrapping((int32_t)((uint32_t)unit * (uint32_t)norm[i]), bias[i]);
        const int32_t rounded = (int32_t)((value > 0 ? value + 512 : value - 512) / 1024);
        row[i] = (int16_t)rlt_saturate_16(rlt_requantize(rounded, factor->multiplier, factor->shift + 12));
    }
}

/* The start values of rows i and on; returns how many of DOT_ROWS there are. */
static int32_t take_rows(const int32_t *starts, uint32_t i, uint32_t count, int32_t sum[DOT_ROWS]) {
    const uint32_t rows = count - i < DOT_ROWS ? count - i : DOT_ROWS;
    for (uint32_t k = 0; k < DOT_ROWS; k++) sum[k] = k < rows ? starts[i + k] : 0;
    return (int32_t)rows;
}

typedef struct {
    const rlt_run *run;
    const rlt_lstm_s8_params *p;
    const int8_t *x;
    int8_t *hidden;
    int16_t *cell;
} step;

static void gate(const step *at, uint32_t g, int16_t *out) {
    const rlt_lstm_s8_params *p = at->p;
    const rlt_lstm_shape *s = &p->s;
    const int8_t *weights = rlt_in(at->run, s->weights[g]), *recurrent = rlt_in(at->run, s->recurrent[g]);
    const int32_t *from_input = (const int32_t *)rlt_in(at->run, s->sums) + (size_t)(2 * g) * s->cells;
    const int32_t *from_hidden = from_input + s->cells;
    for (uint32_t i = 0; i < s->cells; i += DOT_ROWS) {
        int32_t a[DOT_ROWS], b[DOT_ROWS];
        const int32_t rows = take_rows(from_input, i, s->cells, a);
        take_rows(from_hidden, i, s->cells, b);
        dot_rows(weights + (size_t)i * s->inputs, at->x, (int32_t)s->inputs, rows, a);
        dot_rows(recurrent + (size_t)i * s->outputs, at->hidden, (int32_t)s->outputs, rows, b);
        for (int32_t k = 0; k < rows; k++) {
            const int32_t first = rlt_saturate_16(scaled(a[k], &p->input[g]));
            out[i + (uint32_t)k] = (int16_t)rlt_saturate_16(rlt_add_wrapping(scaled(b[k], &p->recurrent[g]), first));
        }
    }
    const int16_t *norm = rlt_in_or_null(at->run, s->norm[g]);
    if (norm) normalize(out, norm, rlt_in(at->run, s->bias[g]), &p->norm[g], p->variance_limit[g], s->cells);
    if (g == RLT_GATE_CELL) tanh_row(out, s->cells, GATE_BITS);
    else logistic_row(out, s->cells, GATE_BITS);
}

static void update_cell(const step *at, int16_t *const gates[RLT_GATES], int coupled) {
    const rlt_lstm_s8_params *p = at->p;
    for (uint32_t i = 0; i < p->s.cells; i++) {
        const int32_t forget = gates[RLT_GATE_FORGET][i];
        const int32_t take = coupled ? (int16_t)(INT16_MAX - forget) : gates[RLT_GATE_INPUT][i];
        const int32_t kept = (int16_t)rlt_divide_pot(forget * at->cell[i], 15);
        const int32_t added = (int16_t)rlt_divide_pot(take * gates[RLT_GATE_CELL][i], 30 + p->cell_exponent);
        int32_t value = rlt_saturate_16(kept + added);
        if (p->cell_clip > 0) value = rlt_clamp(value, -p->cell_clip, p->cell_clip);
        at->cell[i] = (int16_t)value;
    }
}

/* `squashed`: room for a row. */
static void update_hidden(const step *at, const int16_t *open, int16_t *squashed, int8_t *shown) {
    const rlt_lstm_s8_params *p = at->p;
    const rlt_lstm_shape *s = &p->s;
    const int8_t *projection = rlt_in_or_null(at->run, s->projection);
    const int32_t *bias = rlt_in_or_null(at->run, s->projection_bias);
    int8_t *target = projection ? shown : at->hidden;
    const int32_t zero_point = projection ? -p->hidden_zero_point : p->hidden_zero_point;
    for (uint32_t i = 0; i < s->cells; i++) squashed[i] = at->cell[i];
    tanh_row(squashed, s->cells, 15 + p->cell_exponent);
    for (uint32_t i = 0; i < s->cells; i++) {
        const int32_t product = open[i] * squashed[i];
        target[i] = (int8_t)rlt_saturate(scaled(product, &p->hidden), zero_point, INT8_MIN, INT8_MAX);
    }
    for (uint32_t i = 0; projection && i < s->outputs; i += DOT_ROWS) {
        int32_t sum[DOT_ROWS];
        const int32_t rows = take_rows(bias, i, s->outputs, sum);
        dot_rows(projection + (size_t)i * s->cells, shown, (int32_t)s->cells, rows, sum);
        for (int32_t k = 0; k < rows; k++) {
            int32_t value = rlt_saturate(scaled(sum[k], &p->projection), p->output_zero_point, INT8_MIN, INT8_MAX);
            if (p->projection_clip > 0) value = rlt_clamp(value, -p->projection_clip, p->projection_clip);
            at->hidden[i + (uint32_t)k] = (int8_t)value;
        }
    }
}

/* The whole operator. */
static inline rlt_status run_lstm(const rlt_run *run, const rlt_lstm_s8_params *p) {
    const rlt_lstm_shape *s = &p->s;
    const int8_t *input = rlt_in(run, s->input);
    int8_t *output = rlt_out(run, s->output), *hidden = rlt_out(run, s->hidden);
    int16_t *cell = rlt_out(run, s->cell), *scratch = rlt_out(run, s->scratch), *gates[RLT_GATES];
    const int coupled = s->weights[RLT_GATE_INPUT] == RLT_REF_NONE;
    for (uint32_t g = 0; g < RLT_GATES; g++) gates[g] = scratch + (size_t)g * s->cells;
    for (uint32_t b = 0; b < s->batches; b++) {
        for (uint32_t t = 0; t < s->steps; t++) {
            const size_t row = rlt_lstm_row(s, b, t);
            const step at = {run, p, input + row * s->inputs, hidden + (size_t)b * s->outputs,
                             cell + (size_t)b * s->cells};
            if (!coupled) gate(&at, RLT_GATE_INPUT, gates[RLT_GATE_INPUT]);
            gate(&at, RLT_GATE_FORGET, gates[RLT_GATE_FORGET]);
            gate(&at, RLT_GATE_CELL, gates[RLT_GATE_CELL]);
            update_cell(&at, gates, coupled);
            gate(&at, RLT_GATE_OUTPUT, gates[RLT_GATE_OUTPUT]);
            update_hidden(&at, gates[RLT_GATE_OUTPUT], gates[RLT_GATE_CELL],
                          (int8_t *)(scratch + (size_t)RLT_GATES * s->cells));
            for (uint32_t i = 0; i < s->outputs; i++) output[row * s->outputs + i] = at.hidden[i];
        }
    }
    return RLT_OK;
}

#endif
