/* The integer LSTM's factors and start values: PopulateQuantizedLstmParams8x8_16 and
 * PopulatePrecomputedZPTimesWeightsWithBias in tflite/kernels/unidirectional_sequence_lstm.cc. */
#include <math.h>

#include "../common/prepare_s8.h"
#include "prepare_lstm.h"

enum { HIDDEN_VALUES = 4, INTERMEDIATES = 5 }; /* intermediate tensors: four gates, then the hidden values */

/* Products and ratios are rounded to float at each step, as there; volatile: even where registers are wider. */
static rlt_status factor(rlt_prepare_state *p, float a, float b, float over, rlt_lstm_factor *f) {
    const volatile float product = a * b;
    const volatile float ratio = product / over;
    return rlt_quantize_multiplier(p, (double)ratio, &f->multiplier, &f->shift);
}

static rlt_status need_types(rlt_prepare_state *p, const rlt_lstm *l) {
    RLT_TRY(rlt_need_type(p, l->output, RLT_INT8));
    RLT_TRY(rlt_need_type(p, l->hidden, RLT_INT8));
    RLT_TRY(rlt_need_type(p, l->cell, RLT_INT16));
    RLT_TRY(rlt_need_per_tensor(p, l->input));
    RLT_TRY(rlt_need_per_tensor(p, l->output));
    RLT_TRY(rlt_need_per_tensor(p, l->hidden));
    RLT_TRY(rlt_need_per_tensor(p, l->cell));
    if (l->projection) {
        RLT_TRY(rlt_need_type(p, l->projection, RLT_INT8));
        RLT_TRY(rlt_need_const(p, l->projection));
        RLT_TRY(rlt_need_per_tensor(p, l->projection));
    }
    if (l->projection_bias) {
        RLT_TRY(rlt_need_type(p, l->projection_bias, RLT_INT32));
        RLT_TRY(rlt_need_const(p, l->projection_bias));
    }
    for (uint32_t g = l->coupled ? 1 : 0; g < RLT_GATES; g++) {
        RLT_TRY(rlt_need_const(p, l->weights[g]));
        RLT_TRY(rlt_need_const(p, l->recurrent[g]));
        RLT_TRY(rlt_need_const(p, l->bias[g]));
        RLT_TRY(rlt_need_type(p, l->bias[g], RLT_INT32));
        RLT_TRY(rlt_need_per_tensor(p, l->weights[g]));
        RLT_TRY(rlt_need_per_tensor(p, l->recurrent[g]));
        if (l->peephole[g])
            return rlt_fail(p, RLT_ERROR_UNSUPPORTED_OP, l->peephole[g], "integer peepholes are not supported");
        if (!l->norm[g]) continue;
        RLT_TRY(rlt_need_type(p, l->norm[g], RLT_INT16));
        RLT_TRY(rlt_need_per_tensor(p, l->norm[g]));
    }
    return RLT_OK;
}

/* start[row] = bias[row] + zero_point * sum of the row's weights; wraps. */
static void write_sums(const rlt_tensor *weights, const rlt_tensor *bias, int32_t zero_point, int32_t *start) {
    const uint32_t rows = (uint32_t)weights->dims[0], columns = (uint32_t)weights->dims[1];
    for (uint32_t r = 0; r < rows; r++) {
        const int8_t *row = (const int8_t *)weights->data + (size_t)r * columns;
        uint32_t sum = bias ? (uint32_t)rlt_const_i32(bias, r) : 0;
        for (uint32_t i = 0; i < columns; i++) sum += (uint32_t)(zero_point * row[i]);
        start[r] = (int32_t)sum;
    }
}

static rlt_status add_sums(rlt_prepare_state *p, const rlt_lstm *l, int32_t hidden_zero_point, rlt_ref *sums,
                           rlt_ref *projection) {
    const size_t cells = l->shape.cells;
    int32_t *start = rlt_add_constant(p, 2 * RLT_GATES * cells * sizeof *start, sums);
    if (!start) return RLT_ERROR_MEMORY;
    for (uint32_t g = 0; g < RLT_GATES; g++, start += 2 * cells) {
        if (!l->weights[g]) {
            for (size_t i = 0; i < 2 * cells; i++) start[i] = 0;
            continue;
        }
        write_sums(l->weights[g], l->norm[g] ? NULL : l->bias[g], -rlt_zero_point(l->input, 0), start);
        write_sums(l->recurrent[g], NULL, -rlt_zero_point(l->hidden, 0), start + cells);
    }
    *projection = RLT_REF_NONE;
    if (!l->projection) return RLT_OK;
    start = rlt_add_constant(p, l->shape.outputs * sizeof *start, projection);
    if (!start) return RLT_ERROR_MEMORY;
    write_sums(l->projection, l->projection_bias, hidden_zero_point, start);
    return RLT_OK;
}

static rlt_status gate_factors(rlt_prepare_state *p, const rlt_op *op, const rlt_lstm *l, uint32_t g,
                               rlt_lstm_s8_params *k) {
    float scale = 0x1p-12f; /* before activation: 3 integer bits */
    k->variance_limit[g] = 1;
    if (l->norm[g]) {
        const rlt_tensor *between = rlt_intermediate(p, op, g);
        if (!between) return rlt_fail(p, RLT_ERROR_QUANTIZATION, l->norm[g], "scales of the gates are missing");
        RLT_TRY(rlt_need_per_tensor(p, between));
        scale = rlt_scale(between, 0);
        const float norm = rlt_scale(l->norm[g], 0);
        RLT_TRY(rlt_quantize_multiplier(p, (double)norm, &k->norm[g].multiplier, &k->norm[g].shift));
        if (k->norm[g].shift > 18) return rlt_fail(p, RLT_ERROR_QUANTIZATION, l->norm[g], "scale is out of range");
        const float limit = 10000.0f * norm;
        k->variance_limit[g] = limit < 1.0f ? 1 : limit < 1e9f ? (int32_t)limit : 1000000000;
    }
    RLT_TRY(factor(p, rlt_scale(l->weights[g], 0), rlt_scale(l->input, 0), scale, &k->input[g]));
    return factor(p, rlt_scale(l->recurrent[g], 0), rlt_scale(l->hidden, 0), scale, &k->recurrent[g]);
}

static int32_t clip_steps(float clip, float scale, int32_t low, int32_t high) {
    const float steps = clip / scale;
    return !(clip > 0.0f) ? 0 : steps > (float)high ? high : steps < (float)low ? low : (int32_t)steps;
}

/* All of the record that is not a ref or a size. */
static rlt_status fill(rlt_prepare_state *p, const rlt_op *op, const rlt_lstm *l, rlt_lstm_s8_params *k) {
    const rlt_tensor *values = rlt_intermediate(p, op, HIDDEN_VALUES);
    if (!values || rlt_intermediate(p, op, INTERMEDIATES))
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_OP, l->cell, "integer LSTMs need 5 intermediate tensors");
    RLT_TRY(rlt_need_per_tensor(p, values));
    const float hidden = rlt_scale(values, 0), cell_log2 = log2f(rlt_scale(l->cell, 0));
    k->hidden_zero_point = rlt_clamp(rlt_zero_point(values, 0), INT8_MIN, INT8_MAX);
    k->output_zero_point = rlt_zero_point(l->hidden, 0);
    k->cell_exponent = rlt_whole_steps(roundf(cell_log2));
    if (fabsf(cell_log2 - (float)k->cell_exponent) >= 1e-3f || k->cell_exponent < -15 || k->cell_exponent > -9)
        return rlt_fail(p, RLT_ERROR_QUANTIZATION, l->cell, "scale is not a power of two from 2^-15 to 2^-9");
    k->cell_clip = clip_steps(l->cell_clip, rlt_scale(l->cell, 0), INT16_MIN, INT16_MAX);
    k->projection_clip = clip_steps(l->projection_clip, rlt_scale(l->output, 0), INT8_MIN, INT8_MAX);
    for (uint32_t g = l->coupled ? 1 : 0; g < RLT_GATES; g++) RLT_TRY(gate_factors(p, op, l, g, k));
    const volatile float unit = (float)(0x1p-15 / (double)hidden * 0x1p-15);
    RLT_TRY(rlt_quantize_multiplier(p, (double)unit, &k->hidden.multiplier, &k->hidden.shift));
    if (!l->projection) return RLT_OK;
    return factor(p, rlt_scale(l->projection, 0), hidden, rlt_scale(l->hidden, 0), &k->projection);
}

rlt_status rlt_prepare_lstm_s8(rlt_prepare_state *p, const rlt_op *op, const rlt_lstm *l) {
    rlt_lstm_s8_params made = {0};
    rlt_ref sums, projection_sums;
    RLT_TRY(need_types(p, l));
    RLT_TRY(fill(p, op, l, &made));
    RLT_TRY(add_sums(p, l, made.hidden_zero_point, &sums, &projection_sums));
    const rlt_ref scratch = rlt_add_scratch(p, op, (size_t)l->shape.cells * (RLT_GATES + 1) * sizeof(int16_t));
    rlt_lstm_refs(p, l, scratch, &made.s);
    made.s.sums = sums;
    made.s.projection_bias = projection_sums;
    rlt_lstm_s8_params *k = rlt_add_step(p, op, RLT_CORE_KERNEL(p, lstm_s8), sizeof *k, RLT_LSTM_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    *k = made;
    return RLT_OK;
}
