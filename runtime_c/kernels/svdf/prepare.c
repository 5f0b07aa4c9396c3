/* SVDF: input [batches, inputs], features [filters, inputs], times [filters, memory], optional bias [units], variable
 * [batches, filters * memory]; output [batches, units]. */
#include <float.h>

#include "../common/prepare_channels.h"
#include "../common/prepare_s8.h"
#include "svdf.h"

enum { RANK, ACTIVATION };

typedef struct {
    rlt_tensor *input, *features, *times, *bias, *state, *output;
    uint32_t rank, batches, inputs, filters, memory;
} layer;

static rlt_status read_layer(rlt_prepare_state *p, const rlt_op *op, layer *l) {
    if (op->input_count != 5) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "needs 5 inputs");
    RLT_TRY(rlt_operands(p, op, 3, 1));
    l->input = rlt_input(p, op, 0);
    l->features = rlt_input(p, op, 1);
    l->times = rlt_input(p, op, 2);
    l->bias = rlt_input(p, op, 3);
    l->state = rlt_input(p, op, 4);
    l->output = rlt_output(p, op, 0);
    if (!l->state || !rlt_is_variable(p, l->state))
        return rlt_fail(p, RLT_ERROR_FORMAT, l->state, "the state is not a variable");
    RLT_TRY(rlt_need_rank(p, l->input, 2));
    RLT_TRY(rlt_need_rank(p, l->features, 2));
    RLT_TRY(rlt_need_rank(p, l->times, 2));
    const int32_t rank = rlt_option_i32(op, RANK, 0);
    l->batches = (uint32_t)l->input->dims[0];
    l->inputs = (uint32_t)l->input->dims[1];
    l->filters = (uint32_t)l->features->dims[0];
    l->memory = (uint32_t)l->times->dims[1];
    if (rank < 1 || !l->filters || l->filters % (uint32_t)rank)
        return rlt_fail(p, RLT_ERROR_OPTION, l->features, "the rank does not divide the number of filters");
    l->rank = (uint32_t)rank;
    if ((uint32_t)l->features->dims[1] != l->inputs || (uint32_t)l->times->dims[0] != l->filters || !l->memory ||
        l->state->elements != (uint64_t)l->batches * l->filters * l->memory)
        return rlt_fail(p, RLT_ERROR_SHAPE, l->features, "sizes of input, weights and state do not fit");
    const int32_t dims[2] = {l->input->dims[0], (int32_t)(l->filters / l->rank)};
    return rlt_set_shape(p, l->output, 2, dims);
}

static rlt_status check_s8(rlt_prepare_state *p, const layer *l, int32_t activation, rlt_svdf_params *k) {
    RLT_TRY(rlt_need_type(p, l->features, RLT_INT8));
    RLT_TRY(rlt_need_const(p, l->features));
    RLT_TRY(rlt_need_type(p, l->output, RLT_INT8));
    RLT_TRY(rlt_need_type(p, l->times, RLT_INT16));
    RLT_TRY(rlt_need_type(p, l->state, RLT_INT16));
    const rlt_tensor *const quantized[] = {l->input, l->features, l->times, l->state, l->output};
    for (uint32_t i = 0; i < sizeof quantized / sizeof *quantized; i++) RLT_TRY(rlt_need_per_tensor(p, quantized[i]));
    /* LiteRT wants ReLU here, which the output's zero point already is. */
    if (activation != RLT_ACT_RELU) return rlt_fail(p, RLT_ERROR_OPTION, NULL, "the integer kernel needs ReLU");
    /* As in tflite/kernels/svdf.cc: products and ratios of floats, rounded each time. */
    const volatile float feature = rlt_scale(l->input, 0) * rlt_scale(l->features, 0);
    const volatile float feature_ratio = feature / rlt_scale(l->state, 0);
    const volatile float time = rlt_scale(l->state, 0) * rlt_scale(l->times, 0);
    const volatile float time_ratio = time / rlt_scale(l->output, 0);
    RLT_TRY(rlt_quantize_multiplier(p, (double)feature_ratio, &k->feature_multiplier, &k->feature_shift));
    RLT_TRY(rlt_quantize_multiplier(p, (double)time_ratio, &k->output_multiplier, &k->output_shift));
    k->output_zero_point = rlt_zero_point(l->output, 0);
    return RLT_OK;
}

static rlt_status add_starts(rlt_prepare_state *p, const layer *l, rlt_ref *ref) {
    int32_t *starts = rlt_add_constant(p, (size_t)l->filters * sizeof *starts, ref);
    if (!starts) return RLT_ERROR_MEMORY;
    const int8_t *row = (const int8_t *)l->features->data;
    for (uint32_t f = 0; f < l->filters; f++, row += l->inputs) {
        uint32_t sum = 0;
        for (uint32_t i = 0; i < l->inputs; i++) sum -= (uint32_t)(row[i] * rlt_zero_point(l->input, 0));
        starts[f] = (int32_t)sum;
    }
    return RLT_OK;
}

static rlt_status check_f32(rlt_prepare_state *p, const layer *l, int32_t activation, rlt_svdf_params *k) {
    const rlt_tensor *const all[] = {l->features, l->times, l->state, l->output};
    for (uint32_t i = 0; i < sizeof all / sizeof *all; i++) RLT_TRY(rlt_need_type(p, all[i], RLT_FLOAT32));
    return rlt_range_f32(p, activation, &k->low, &k->high);
}

rlt_status rlt_prepare_svdf(rlt_prepare_state *p, const rlt_op *op) {
    layer l = {0};
    rlt_svdf_params made = {0};
    RLT_TRY(read_layer(p, op, &l));
    const int32_t activation = rlt_option_u8(op, ACTIVATION, RLT_ACT_NONE);
    const int is_float = l.input->type == RLT_FLOAT32;
    if (!is_float) RLT_TRY(rlt_need_type(p, l.input, RLT_INT8));
    RLT_TRY(rlt_need_bias(p, l.bias, l.filters / l.rank, is_float ? RLT_FLOAT32 : RLT_INT32));
    RLT_TRY(is_float ? check_f32(p, &l, activation, &made) : check_s8(p, &l, activation, &made));
    made.input = rlt_ref_of(p, l.input);
    made.output = rlt_ref_of(p, l.output);
    made.features = rlt_ref_of(p, l.features);
    made.times = rlt_ref_of(p, l.times);
    made.bias = rlt_ref_of(p, l.bias);
    made.state = rlt_ref_of(p, l.state);
    made.batches = l.batches;
    made.inputs = l.inputs;
    made.filters = l.filters;
    made.memory = l.memory;
    made.rank = l.rank;
    made.starts = RLT_REF_NONE;
    if (!is_float) RLT_TRY(add_starts(p, &l, &made.starts));
    const uint32_t kernel = is_float ? RLT_KERNEL_svdf_f32 : RLT_CORE_KERNEL(p, svdf_s8);
    rlt_svdf_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_SVDF_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    *k = made;
    return RLT_OK;
}
