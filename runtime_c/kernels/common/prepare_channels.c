#include "prepare_channels.h"

rlt_status rlt_need_bias(rlt_prepare_state *p, const rlt_tensor *bias, uint32_t count, uint32_t type) {
    if (!bias) return RLT_OK;
    RLT_TRY(rlt_need_type(p, bias, type));
    if (bias->elements != count) return rlt_fail(p, RLT_ERROR_SHAPE, bias, "bias needs one value per output channel");
    return RLT_OK;
}

/* Scale of the accumulator over the output's. PopulateConvolutionQuantizationParams in tflite/kernels/kernel_util.cc
 * multiplies in double; GetQuantizedConvolutionMultipler there, used for uint8, in float. A weights zero point tells
 * that the file was a uint8 one: int8 weights are symmetric. */
static double output_factor(const rlt_tensor *input, const rlt_tensor *weights, const rlt_tensor *output, uint32_t c) {
    const float x = rlt_scale(input, 0), w = rlt_scale(weights, c), y = rlt_scale(output, 0);
    if (rlt_zero_point(weights, 0)) {
        const volatile float product = x * w; /* volatile: rounded to float even where registers are wider */
        return (double)product / (double)y;
    }
    return (double)x * (double)w / (double)y;
}

rlt_status rlt_need_channels(rlt_prepare_state *p, const rlt_tensor *input, const rlt_tensor *weights,
                             const rlt_tensor *bias, const rlt_tensor *output, uint32_t count) {
    RLT_TRY(rlt_need_type(p, weights, RLT_INT8));
    RLT_TRY(rlt_need_type(p, output, RLT_INT8));
    RLT_TRY(rlt_need_const(p, weights));
    RLT_TRY(rlt_need_bias(p, bias, count, RLT_INT32));
    if (bias) RLT_TRY(rlt_need_const(p, bias));
    RLT_TRY(rlt_need_per_tensor(p, input));
    RLT_TRY(rlt_need_per_tensor(p, output));
    RLT_TRY(rlt_need_quantized(p, weights));
    if (weights->scale_count != 1 && weights->scale_count != count) {
        return rlt_fail(p, RLT_ERROR_QUANTIZATION, weights, "needs one scale, or one per output channel");
    }
    for (uint32_t i = 1; i < weights->scale_count; i++) {
        if (rlt_zero_point(weights, i) != 0 || rlt_zero_point(weights, 0) != 0) {
            return rlt_fail(p, RLT_ERROR_QUANTIZATION, weights, "per-channel weights must have zero points 0");
        }
    }
    return RLT_OK;
}

rlt_status rlt_channel_multiplier(rlt_prepare_state *p, const rlt_tensor *input, const rlt_tensor *weights,
                                  const rlt_tensor *output, uint32_t c, int32_t *multiplier, int32_t *shift) {
    return rlt_quantize_multiplier(p, output_factor(input, weights, output, c), multiplier, shift);
}

rlt_status rlt_add_channels(rlt_prepare_state *p, const rlt_tensor *input, const rlt_tensor *weights,
                            const rlt_tensor *bias, const rlt_tensor *output, uint32_t count, size_t outer,
                            size_t inner, int fold_input, rlt_ref *ref) {
    RLT_TRY(rlt_need_channels(p, input, weights, bias, output, count));
    const size_t values = count ? weights->elements / count : 0;
    int32_t *biases = rlt_add_constant(p, (size_t)count * 3 * sizeof(int32_t), ref);
    if (!biases) return RLT_ERROR_MEMORY;
    const int32_t zero_point = rlt_zero_point(input, 0);
    for (uint32_t c = 0; c < count; c++) {
        int32_t sum = 0;
        for (size_t k = 0; fold_input && k < values; k++) sum += (int8_t)weights->data[c * outer + k * inner];
        const int32_t own = bias ? rlt_const_i32(bias, c) : 0;
        biases[c] = (int32_t)((uint32_t)own - (uint32_t)(zero_point * sum));
        RLT_TRY(rlt_channel_multiplier(p, input, weights, output, c, &biases[count + c], &biases[2 * count + c]));
    }
    return RLT_OK;
}
