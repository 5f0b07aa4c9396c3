/* LSTM in float: LstmStepFloat in tflite/kernels/lstm_eval.cc gives the order of operations. */
#include "../common/float_math.h"
#include "lstm.h"

enum { NONE = 0, RELU = 1, RELU6 = 3 };

static float activate(uint32_t activation, float x) {
    switch (activation) {
    case NONE: return x;
    case RELU: return x > 0.0f ? x : 0.0f;
    case RELU6: return x < 0.0f ? 0.0f : x > 6.0f ? 6.0f : x;
    default: return rlt_tanhf(x);
    }
}

static float dot(const float *a, const float *b, uint32_t count, float sum) {
    for (uint32_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

/* Mean 0, variance 1; 1e-8 keeps the division finite. */
static void normalize(float *row, uint32_t count) {
    float sum = 0.0f, squares = 0.0f;
    for (uint32_t i = 0; i < count; i++) sum += row[i];
    const float mean = sum / (float)count;
    for (uint32_t i = 0; i < count; i++) squares += (row[i] - mean) * (row[i] - mean);
    const float scale = 1.0f / rlt_sqrtf(squares / (float)count + 1e-8f);
    for (uint32_t i = 0; i < count; i++) row[i] = (row[i] - mean) * scale;
}

typedef struct {
    const rlt_run *run;
    const rlt_lstm_f32_params *p;
    const float *x;
    float *hidden, *cell;
} step;

static void gate(const step *at, uint32_t g, float *out) {
    const rlt_lstm_shape *s = &at->p->s;
    const float *weights = rlt_in(at->run, s->weights[g]), *recurrent = rlt_in(at->run, s->recurrent[g]);
    const float *bias = rlt_in(at->run, s->bias[g]), *norm = rlt_in_or_null(at->run, s->norm[g]);
    const float *peephole = rlt_in_or_null(at->run, s->peephole[g]);
    for (uint32_t i = 0; i < s->cells; i++) {
        float sum = dot(weights + (size_t)i * s->inputs, at->x, s->inputs, norm ? 0.0f : bias[i]);
        sum = dot(recurrent + (size_t)i * s->outputs, at->hidden, s->outputs, sum);
        out[i] = peephole ? sum + peephole[i] * at->cell[i] : sum;
    }
    if (norm) normalize(out, s->cells);
    for (uint32_t i = 0; i < s->cells; i++) {
        const float value = norm ? out[i] * norm[i] + bias[i] : out[i];
        out[i] = g == RLT_GATE_CELL ? activate(at->p->activation, value) : rlt_logisticf(value);
    }
}

static float clip(float value, float limit) {
    return limit <= 0.0f ? value : value > limit ? limit : value < -limit ? -limit : value;
}

static void update_cell(const step *at, float *const gates[RLT_GATES], int coupled) {
    for (uint32_t i = 0; i < at->p->s.cells; i++) {
        const float forget = gates[RLT_GATE_FORGET][i];
        const float take = coupled ? 1.0f - forget : gates[RLT_GATE_INPUT][i];
        at->cell[i] = clip(forget * at->cell[i] + gates[RLT_GATE_CELL][i] * take, at->p->cell_clip);
    }
}

static void update_hidden(const step *at, const float *open, float *shown) {
    const rlt_lstm_shape *s = &at->p->s;
    const float *projection = rlt_in_or_null(at->run, s->projection);
    const float *bias = rlt_in_or_null(at->run, s->projection_bias);
    for (uint32_t i = 0; i < s->cells; i++) shown[i] = open[i] * activate(at->p->activation, at->cell[i]);
    for (uint32_t i = 0; i < s->outputs; i++) {
        if (!projection) at->hidden[i] = shown[i];
        else at->hidden[i] = clip(dot(projection + (size_t)i * s->cells, shown, s->cells, bias ? bias[i] : 0.0f),
                                  at->p->projection_clip);
    }
}

rlt_status rlt_lstm_f32(const rlt_run *run, const void *params) {
    const rlt_lstm_f32_params *p = params;
    const rlt_lstm_shape *s = &p->s;
    const float *input = rlt_in(run, s->input);
    float *output = rlt_out(run, s->output), *hidden = rlt_out(run, s->hidden), *cell = rlt_out(run, s->cell);
    float *scratch = rlt_out(run, s->scratch), *gates[RLT_GATES];
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
            update_hidden(&at, gates[RLT_GATE_OUTPUT], scratch + (size_t)RLT_GATES * s->cells);
            for (uint32_t i = 0; i < s->outputs; i++) output[row * s->outputs + i] = at.hidden[i];
        }
    }
    return RLT_OK;
}
