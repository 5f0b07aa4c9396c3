/* QUANTIZE: float to integer, or one integer quantization to another. DEQUANTIZE: integer or FLOAT16 to float. */
#include "../common/prepare_common.h"
#include "../common/prepare_f32.h"
#include "../unary/unary.h"
#include "quantize.h"

static int integer_range(uint32_t type, int32_t *low, int32_t *high) {
    switch (type) {
    case RLT_INT8: *low = INT8_MIN; *high = INT8_MAX; return 1;
    case RLT_UINT8: *low = 0; *high = UINT8_MAX; return 1;
    case RLT_INT16: *low = INT16_MIN; *high = INT16_MAX; return 1;
    case RLT_INT32: *low = INT32_MIN; *high = INT32_MAX; return 1;
    default: return 0;
    }
}

/* A step between float and `quantized`, whose scales may be per axis. */
static rlt_status add_affine(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *input, const rlt_tensor *output,
                             const rlt_tensor *quantized, uint32_t kernel) {
    RLT_TRY(rlt_need_quantized(p, quantized));
    const uint32_t channels = quantized->scale_count;
    uint32_t outer = 1, inner = quantized->elements;
    if (channels != 1) {
        int32_t axis = quantized->axis;
        RLT_TRY(rlt_wrap_axis(p, quantized, quantized->rank, &axis));
        if ((uint32_t)quantized->dims[axis] != channels) {
            return rlt_fail(p, RLT_ERROR_QUANTIZATION, quantized, "needs one scale per element of its axis");
        }
        for (int32_t i = 0; i < axis; i++) outer *= (uint32_t)quantized->dims[i];
        inner = outer ? quantized->elements / outer / channels : 0;
    }
    rlt_ref scales;
    float *values = rlt_add_constant(p, (size_t)channels * (sizeof(float) + sizeof(int32_t)), &scales);
    if (!values) return RLT_ERROR_MEMORY;
    int32_t *zero_points = (int32_t *)(void *)(values + channels);
    for (uint32_t c = 0; c < channels; c++) {
        values[c] = rlt_scale(quantized, c);
        zero_points[c] = rlt_zero_point(quantized, c);
    }
    const uint32_t units = channels == 1 ? inner : outer * channels;
    rlt_cost_kind cost = RLT_COST_DEQUANTIZE;
    if (kernel == RLT_KERNEL_quantize_f32) {
        cost = RLT_COST_QUANTIZE;
        if (inner >= (uint32_t)rlt_f32_lanes(p)) kernel = RLT_S8_KERNEL(p, quantize_f32);
    }
    rlt_quantize_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_QUANTIZE_REFS,
                                          rlt_tasks(p, cost, quantized->elements, units));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = rlt_ref_of(p, output);
    k->scales = scales;
    k->outer = outer;
    k->channels = channels;
    k->inner = inner;
    k->type = quantized->type;
    integer_range(quantized->type, &k->low, &k->high);
    return RLT_OK;
}

/* Between 8-bit types: a table of all values. */
static rlt_status add_lookup(rlt_prepare_state *p, const rlt_op *op, const rlt_requantize_params *r,
                             const rlt_tensor *input, const rlt_tensor *output) {
    rlt_ref table;
    uint8_t *values = rlt_add_constant(p, 256, &table);
    if (!values) return RLT_ERROR_MEMORY;
    for (int32_t byte = 0; byte < 256; byte++) {
        const int32_t x = input->type == RLT_INT8 ? (int8_t)byte : byte;
        const int32_t scaled = rlt_requantize(x - r->input_zero_point, r->multiplier, r->shift);
        values[byte] = (uint8_t)rlt_saturate(scaled, r->output_zero_point, r->low, r->high);
    }
    rlt_lookup_params *k = rlt_add_step(p, op, rlt_lookup_kernel(p), sizeof *k, RLT_LOOKUP_REFS,
                                        rlt_tasks(p, RLT_COST_LOOKUP, output->elements, output->elements));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = rlt_ref_of(p, output);
    k->table = table;
    k->count = output->elements;
    return RLT_OK;
}

static rlt_status add_requantize(rlt_prepare_state *p, const rlt_op *op, rlt_tensor *input, rlt_tensor *output) {
    RLT_TRY(rlt_need_per_tensor(p, input));
    RLT_TRY(rlt_need_per_tensor(p, output));
    rlt_requantize_params r = {0};
    if (!integer_range(output->type, &r.low, &r.high)) {
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, output, "QUANTIZE gives INT8, UINT8, INT16 or INT32");
    }
    RLT_TRY(rlt_quantize_multiplier(p, (double)rlt_scale(input, 0) / (double)rlt_scale(output, 0), &r.multiplier,
                                    &r.shift));
    r.input_zero_point = rlt_zero_point(input, 0);
    r.output_zero_point = rlt_zero_point(output, 0);
    if (input->bytes == output->bytes) rlt_may_overwrite(p, output, input);
    if (input->bytes == input->elements && output->bytes == output->elements && rlt_constant_room(p) > 4096) {
        return add_lookup(p, op, &r, input, output);
    }
    rlt_requantize_params *k = rlt_add_step(p, op, RLT_S8_KERNEL(p, requantize_values), sizeof *k, RLT_REQUANTIZE_REFS,
                                            rlt_tasks(p, RLT_COST_REQUANTIZE, output->elements, output->elements));
    if (!k) return RLT_ERROR_MEMORY;
    r.input = rlt_ref_of(p, input);
    r.output = rlt_ref_of(p, output);
    r.count = output->elements;
    r.input_type = input->type;
    r.output_type = output->type;
    *k = r;
    return RLT_OK;
}

rlt_status rlt_prepare_quantize(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    rlt_tensor *input = rlt_input(p, op, 0), *output = rlt_output(p, op, 0);
    int32_t low, high;
    RLT_TRY(rlt_same_shape(p, output, input));
    if (integer_range(input->type, &low, &high)) return add_requantize(p, op, input, output);
    RLT_TRY(rlt_need_type(p, input, RLT_FLOAT32));
    if (output->type == RLT_INT32 || !integer_range(output->type, &low, &high)) {
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, output, "QUANTIZE of floats gives INT8, UINT8 or INT16");
    }
    return add_affine(p, op, input, output, output, RLT_KERNEL_quantize_f32);
}

rlt_status rlt_prepare_dequantize(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    rlt_tensor *input = rlt_input(p, op, 0), *output = rlt_output(p, op, 0);
    int32_t low, high;
    RLT_TRY(rlt_need_type(p, output, RLT_FLOAT32));
    RLT_TRY(rlt_same_shape(p, output, input));
    if (integer_range(input->type, &low, &high)) return add_affine(p, op, input, output, input, RLT_KERNEL_dequantize);
    if (input->type != RLT_FLOAT16) {
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, input, "DEQUANTIZE takes INT8, UINT8, INT16, INT32 or FLOAT16");
    }
    rlt_half_params *k = rlt_add_step(p, op, RLT_KERNEL_half_to_f32, sizeof *k, RLT_HALF_REFS,
                                      rlt_tasks(p, RLT_COST_DEQUANTIZE, output->elements, output->elements));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = rlt_ref_of(p, output);
    k->count = output->elements;
    return RLT_OK;
}
