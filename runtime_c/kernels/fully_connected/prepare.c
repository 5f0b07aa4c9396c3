/* FULLY_CONNECTED: input [..., depth] (seen as [batches, depth]), weights [units, depth], optional bias [units]. */
#include "../common/prepare_channels.h"
#include "../common/prepare_f32.h"
#include "../conv_2d/prepare_dense.h"
#include "../conv_2d/prepare_pack_f32.h"
#include "../quantize/prepare_rows.h"
#include "../window_16/prepare_window_16.h"
#include "fully_connected.h"

/* Fields of FullyConnectedOptions. */
enum { ACTIVATION, WEIGHTS_FORMAT, KEEP_NUM_DIMS, ASYMMETRIC_QUANTIZE_INPUTS };

typedef struct {
    rlt_tensor *input, *weights, *bias, *output;
    uint32_t batches, units, depth, tasks;
    int32_t activation;
} layer;

static rlt_status read_layer(rlt_prepare_state *p, const rlt_op *op, layer *l) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    l->input = rlt_input(p, op, 0);
    l->weights = rlt_input(p, op, 1);
    l->bias = rlt_input(p, op, 2);
    l->output = rlt_output(p, op, 0);
    RLT_TRY(rlt_need_rank(p, l->weights, 2));
    if (rlt_option_u8(op, WEIGHTS_FORMAT, 0) != 0) {
        return rlt_fail(p, RLT_ERROR_OPTION, l->weights, "shuffled weights are not supported");
    }
    l->units = (uint32_t)l->weights->dims[0];
    l->depth = (uint32_t)l->weights->dims[1];
    if (!l->units || !l->depth || l->input->elements % l->depth) {
        return rlt_fail(p, RLT_ERROR_SHAPE, l->weights, "input size is not a multiple of the weights' columns");
    }
    l->batches = l->input->elements / l->depth;
    l->activation = rlt_option_u8(op, ACTIVATION, RLT_ACT_NONE);
    int32_t dims[RLT_MAX_RANK] = {(int32_t)l->batches, (int32_t)l->units};
    uint32_t rank = 2;
    if (rlt_option_u8(op, KEEP_NUM_DIMS, 0)) {
        rank = l->input->rank;
        if (rank < 1 || (uint32_t)l->input->dims[rank - 1] != l->depth) {
            return rlt_fail(p, RLT_ERROR_SHAPE, l->input, "last dimension differs from the weights' columns");
        }
        for (uint32_t i = 0; i + 1 < rank; i++) dims[i] = l->input->dims[i];
        dims[rank - 1] = (int32_t)l->units;
    }
    RLT_TRY(rlt_set_shape(p, l->output, rank, dims));
    /* Weights that are read for one row only come from beyond the first-level cache: their bytes are what takes time. */
    const uint64_t cost = l->batches == 1 ? rlt_cost(p, RLT_COST_WEIGHT_BYTE, l->weights->bytes)
                                          : rlt_product_cost(p, l->input, l->weights, l->output,
                                                             (uint64_t)l->output->elements * l->depth);
    /* Tasks of one row all need what every other one made, which bytes that a cache holds anyway are not worth. */
    const int is_small = l->batches == 1 && l->weights->type == RLT_INT8;
    l->tasks = rlt_pieces(p, is_small ? cost / 2 : cost, l->units);
    return RLT_OK;
}

/* The same layer as a 1x1 convolution: rows of the input are pixels, its columns channels. */
static rlt_window as_window(const layer *l) {
    const int32_t batches = (int32_t)l->batches;
    return (rlt_window){
        .batches = 1, .in_h = 1, .in_w = batches, .in_c = (int32_t)l->depth,
        .out_h = 1, .out_w = batches, .out_c = (int32_t)l->units,
        .kernel_h = 1, .kernel_w = 1, .stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1,
    };
}

static rlt_status prepare_f32(rlt_prepare_state *p, const rlt_op *op, const layer *l) {
    RLT_TRY(rlt_need_type(p, l->weights, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, l->output, RLT_FLOAT32));
    RLT_TRY(rlt_need_bias(p, l->bias, l->units, RLT_FLOAT32));
    float low, high;
    RLT_TRY(rlt_range_f32(p, l->activation, &low, &high));
    const int32_t lanes = rlt_f32_lanes(p);
    const rlt_conv_f32 dense = {l->input, l->weights, l->bias, l->output, as_window(l), low, high, l->tasks, 0, NULL};
    if (lanes > 1 && rlt_conv_2d_f32_can_pack(p, &dense, lanes)) {
        return rlt_conv_2d_f32_pack(p, op, &dense, RLT_S8_KERNEL(p, conv_2d_f32), lanes);
    }
    rlt_fully_connected_f32_params *k =
        rlt_add_step(p, op, RLT_KERNEL_fully_connected_f32, sizeof *k, RLT_FULLY_CONNECTED_REFS, l->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, l->input);
    k->output = rlt_ref_of(p, l->output);
    k->weights = rlt_ref_of(p, l->weights);
    k->bias = rlt_ref_of(p, l->bias);
    k->batches = l->batches;
    k->units = l->units;
    k->depth = l->depth;
    k->low = low;
    k->high = high;
    return RLT_OK;
}

static rlt_status prepare_hybrid(rlt_prepare_state *p, const rlt_op *op, const layer *l) {
    rlt_ref values, rows, scales;
    float low, high;
    RLT_TRY(rlt_need_type(p, l->output, RLT_FLOAT32));
    RLT_TRY(rlt_need_bias(p, l->bias, l->units, RLT_FLOAT32));
    RLT_TRY(rlt_range_f32(p, l->activation, &low, &high));
    RLT_TRY(rlt_add_quantize_rows(p, op, l->input, l->batches, rlt_option_u8(op, ASYMMETRIC_QUANTIZE_INPUTS, 0),
                                  l->weights, l->units, &values, &rows));
    const rlt_conv_tensors tensors = {l->input, l->weights, l->bias, l->output, 0};
    /* Each row of the input has its own scale: it is an image of one pixel. */
    rlt_conv_2d_packed_params plan = {.window = as_window(l), .input = values, .rows = rows,
                                      .float_low = low, .float_high = high};
    plan.window.batches = (int32_t)l->batches;
    plan.window.in_w = plan.window.out_w = 1;
    const uint32_t tasks = rlt_conv_2d_plan(p, &tensors, l->tasks, &plan);
    if (tasks) return rlt_conv_2d_pack_hybrid(p, op, &tensors, tasks, &plan);
    RLT_TRY(rlt_add_scales(p, l->weights, l->units, &scales));
    rlt_fully_connected_hybrid_params *k = rlt_add_step(p, op, RLT_KERNEL_fully_connected_hybrid, sizeof *k,
                                                        RLT_FULLY_CONNECTED_HYBRID_REFS, l->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = values;
    k->output = rlt_ref_of(p, l->output);
    k->weights = rlt_ref_of(p, l->weights);
    k->bias = rlt_ref_of(p, l->bias);
    k->rows = rows;
    k->scales = scales;
    k->batches = l->batches;
    k->units = l->units;
    k->depth = l->depth;
    k->low = low;
    k->high = high;
    return RLT_OK;
}

/* Scale of the accumulators over the output's: in double for int8; for weights with a zero point as LiteRT does for
 * uint8, the product of the scales in float and the ratio in fixed point. */
static rlt_status write_factor(rlt_prepare_state *p, const layer *l, uint32_t channel, int exact, int32_t *factor) {
    const float x = rlt_scale(l->input, 0), w = rlt_scale(l->weights, channel), y = rlt_scale(l->output, 0);
    if (!exact) {
        const volatile float product = x * w; /* volatile: rounded to float even where registers are wider */
        return rlt_quantize_multiplier(p, (double)product / (double)y, &factor[0], &factor[1]);
    }
    rlt_exact_factor wide;
    RLT_TRY(rlt_exact(p, (double)x * (double)w / (double)y, &wide));
    factor[0] = (int32_t)wide.high;
    factor[1] = (int32_t)wide.low;
    factor[2] = wide.exponent;
    return RLT_OK;
}

/* bias'[units], then the factors. */
static rlt_status add_channels(rlt_prepare_state *p, const layer *l, int exact, rlt_ref *ref) {
    const uint32_t factor_count = l->weights->scale_count;
    int32_t *bias = rlt_add_constant(p, ((size_t)l->units + 3 * (size_t)factor_count) * sizeof(int32_t), ref);
    if (!bias) return RLT_ERROR_MEMORY;
    const int32_t x0 = rlt_zero_point(l->input, 0), w0 = rlt_zero_point(l->weights, 0);
    for (uint32_t o = 0; o < l->units; o++) {
        const int8_t *row = (const int8_t *)l->weights->data + (size_t)o * l->depth;
        uint32_t sum = l->bias ? (uint32_t)rlt_const_i32(l->bias, o) : 0;
        for (uint32_t i = 0; i < l->depth; i++) sum -= (uint32_t)(x0 * (row[i] - w0));
        bias[o] = (int32_t)sum;
    }
    int32_t *factors = bias + l->units;
    for (uint32_t i = 0; i < factor_count; i++) RLT_TRY(write_factor(p, l, i, exact, factors + 3 * (size_t)i));
    return RLT_OK;
}

static rlt_status prepare_s8(rlt_prepare_state *p, const rlt_op *op, const layer *l) {
    RLT_TRY(rlt_need_type(p, l->weights, RLT_INT8));
    RLT_TRY(rlt_need_type(p, l->output, RLT_INT8));
    RLT_TRY(rlt_need_const(p, l->weights));
    RLT_TRY(rlt_need_bias(p, l->bias, l->units, RLT_INT32));
    if (l->bias) RLT_TRY(rlt_need_const(p, l->bias));
    RLT_TRY(rlt_need_per_tensor(p, l->input));
    RLT_TRY(rlt_need_per_tensor(p, l->output));
    RLT_TRY(rlt_need_quantized(p, l->weights));
    const uint32_t scales = l->weights->scale_count;
    const int32_t weights_zero_point = rlt_zero_point(l->weights, 0);
    if ((scales != 1 && scales != l->units) || (scales != 1 && weights_zero_point)) {
        return rlt_fail(p, RLT_ERROR_QUANTIZATION, l->weights, "needs one scale, or one per unit with zero point 0");
    }
    const int exact = weights_zero_point == 0;
    const rlt_conv_tensors tensors = {l->input, l->weights, l->bias, l->output, 0};
    const rlt_window pixels = as_window(l);
    int done;
    RLT_TRY(rlt_conv_2d_dense(p, op, &tensors, &pixels, l->activation, exact, l->tasks, &done));
    if (done) return RLT_OK;
    rlt_ref channels;
    int32_t low, high;
    RLT_TRY(add_channels(p, l, exact, &channels));
    RLT_TRY(rlt_range_s8(p, l->output, l->activation, &low, &high));
    rlt_fully_connected_s8_params *k =
        rlt_add_step(p, op, RLT_KERNEL_fully_connected_s8, sizeof *k, RLT_FULLY_CONNECTED_REFS, l->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, l->input);
    k->output = rlt_ref_of(p, l->output);
    k->weights = rlt_ref_of(p, l->weights);
    k->channels = channels;
    k->batches = l->batches;
    k->units = l->units;
    k->depth = l->depth;
    k->per_channel = scales != 1;
    k->exact = (uint32_t)exact;
    k->weights_zero_point = weights_zero_point;
    k->output_zero_point = rlt_zero_point(l->output, 0);
    k->low = low;
    k->high = high;
    return RLT_OK;
}

/* int4 weights in blocks along their rows, whose scales are FLOAT16 in a tensor of their own. */
static rlt_status prepare_blockwise(rlt_prepare_state *p, const rlt_op *op, const layer *l, const rlt_tensor *holder,
                                    uint32_t block) {
    rlt_ref values, rows, scales;
    float low, high;
    RLT_TRY(rlt_need_type(p, l->output, RLT_FLOAT32));
    RLT_TRY(rlt_need_const(p, l->weights));
    RLT_TRY(rlt_need_const(p, holder));
    RLT_TRY(rlt_need_type(p, holder, RLT_FLOAT16));
    RLT_TRY(rlt_need_bias(p, l->bias, l->units, RLT_FLOAT32));
    RLT_TRY(rlt_range_f32(p, l->activation, &low, &high));
    if (block == 0 || block > 1 << 15 || l->depth % block || l->depth % 2 ||
        holder->elements != l->weights->elements / block)
        return rlt_fail(p, RLT_ERROR_QUANTIZATION, l->weights, "blocks do not fit the weights or their scales");
    float *kept = rlt_add_constant(p, (size_t)holder->elements * sizeof *kept, &scales);
    if (!kept) return RLT_ERROR_MEMORY;
    for (uint32_t i = 0; i < holder->elements; i++) {
        const uint8_t *half = holder->data + 2 * (size_t)i;
        kept[i] = rlt_half_to_float((uint16_t)(half[0] | half[1] << 8));
    }
    RLT_TRY(rlt_add_rows(p, op, l->input, l->batches, 1, &values, &rows));
    rlt_fully_connected_blockwise_params *k = rlt_add_step(p, op, RLT_KERNEL_fully_connected_blockwise, sizeof *k,
                                                           RLT_FULLY_CONNECTED_HYBRID_REFS, l->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = values;
    k->output = rlt_ref_of(p, l->output);
    k->weights = rlt_ref_of(p, l->weights);
    k->bias = rlt_ref_of(p, l->bias);
    k->rows = rows;
    k->scales = scales;
    k->batches = l->batches;
    k->units = l->units;
    k->depth = l->depth;
    k->block = block;
    k->low = low;
    k->high = high;
    return RLT_OK;
}

static rlt_status prepare_s16(rlt_prepare_state *p, const rlt_op *op, const layer *l) {
    const rlt_window pixels = as_window(l);
    const int32_t depth = (int32_t)l->depth;
    const rlt_window_16 window = {l->input, l->weights, l->bias, l->output, &pixels, depth, (int32_t)l->units, depth, depth,
                                  l->activation, l->tasks, 1, 0};
    return rlt_prepare_window_16(p, op, &window);
}

rlt_status rlt_prepare_fully_connected(rlt_prepare_state *p, const rlt_op *op) {
    layer l = {0};
    RLT_TRY(read_layer(p, op, &l));
    uint32_t block = 0;
    const rlt_tensor *scales = l.weights->type == RLT_INT4 ? rlt_block_scales(p, l.weights, &block) : NULL;
    if (scales && l.input->type == RLT_FLOAT32) return prepare_blockwise(p, op, &l, scales, block);
    switch (l.input->type) {
    case RLT_FLOAT32: return l.weights->type == RLT_INT8 ? prepare_hybrid(p, op, &l) : prepare_f32(p, op, &l);
    case RLT_INT8: return prepare_s8(p, op, &l);
    case RLT_INT16: return prepare_s16(p, op, &l);
    default: return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, l.input, "FULLY_CONNECTED takes FLOAT32, INT16 or INT8");
    }
}
