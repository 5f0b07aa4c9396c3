#include "prepare_common.h"

#include <float.h>
#include <math.h>

rlt_status rlt_operands(rlt_prepare_state *p, const rlt_op *op, uint32_t inputs, uint32_t outputs) {
    if (op->input_count < inputs) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "too few inputs");
    if (op->output_count != outputs) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "wrong number of outputs");
    for (uint32_t i = 0; i < inputs; i++) {
        if (!rlt_input(p, op, i)) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "an input is missing");
    }
    for (uint32_t i = 0; i < outputs; i++) {
        if (!rlt_output(p, op, i)) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "an output is missing");
    }
    return RLT_OK;
}

rlt_status rlt_need_type(rlt_prepare_state *p, const rlt_tensor *tensor, uint32_t type) {
    if (tensor->type == type) return RLT_OK;
    return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, tensor, "element type does not fit the operator's other operands");
}

rlt_status rlt_need_rank(rlt_prepare_state *p, const rlt_tensor *tensor, uint32_t rank) {
    return tensor->rank == rank ? RLT_OK : rlt_fail(p, RLT_ERROR_SHAPE, tensor, "wrong number of dimensions");
}

rlt_status rlt_need_const(rlt_prepare_state *p, const rlt_tensor *tensor) {
    return tensor->data ? RLT_OK : rlt_fail(p, RLT_ERROR_DYNAMIC, tensor, "must be a constant");
}

rlt_status rlt_const_vector(rlt_prepare_state *p, const rlt_tensor *tensor, uint32_t limit, int32_t *values,
                            uint32_t *count) {
    RLT_TRY(rlt_need_const(p, tensor));
    if (tensor->type != RLT_INT32 && tensor->type != RLT_INT64) {
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, tensor, "must be INT32 or INT64");
    }
    if (tensor->rank > 1 || tensor->elements > limit || (!count && tensor->elements != limit)) {
        return rlt_fail(p, RLT_ERROR_SHAPE, tensor, "wrong number of values");
    }
    for (uint32_t i = 0; i < tensor->elements; i++) values[i] = rlt_const_i32(tensor, i);
    if (count) *count = tensor->elements;
    return RLT_OK;
}

rlt_status rlt_same_shape(rlt_prepare_state *p, rlt_tensor *output, const rlt_tensor *input) {
    return rlt_set_shape(p, output, input->rank, input->dims);
}

rlt_status rlt_wrap_axis(rlt_prepare_state *p, const rlt_tensor *tensor, uint32_t rank, int32_t *axis) {
    if (*axis < 0) *axis += (int32_t)rank;
    if (*axis < 0 || *axis >= (int32_t)rank) return rlt_fail(p, RLT_ERROR_OPTION, tensor, "axis out of range");
    return RLT_OK;
}

static int zero_point_fits(uint32_t type, int32_t zero_point) {
    switch (type) {
    case RLT_INT8: return zero_point >= INT8_MIN && zero_point <= INT8_MAX;
    case RLT_UINT8: return zero_point >= 0 && zero_point <= UINT8_MAX;
    case RLT_INT16: return zero_point >= INT16_MIN && zero_point <= INT16_MAX;
    case RLT_INT4: return zero_point >= -8 && zero_point <= 7;
    default: return 1;
    }
}

rlt_status rlt_need_quantized(rlt_prepare_state *p, const rlt_tensor *tensor) {
    if (!tensor->scale_count) return rlt_fail(p, RLT_ERROR_QUANTIZATION, tensor, "has no quantization parameters");
    for (uint32_t i = 0; i < tensor->scale_count; i++) {
        const float scale = rlt_scale(tensor, i);
        if (!(scale > 0.0f && scale <= FLT_MAX)) {
            return rlt_fail(p, RLT_ERROR_QUANTIZATION, tensor, "scale is not a positive number");
        }
        if (!zero_point_fits(tensor->type, rlt_zero_point(tensor, i))) {
            return rlt_fail(p, RLT_ERROR_QUANTIZATION, tensor, "zero point outside the element type");
        }
    }
    return RLT_OK;
}

rlt_status rlt_need_per_tensor(rlt_prepare_state *p, const rlt_tensor *tensor) {
    RLT_TRY(rlt_need_quantized(p, tensor));
    if (tensor->scale_count != 1) return rlt_fail(p, RLT_ERROR_QUANTIZATION, tensor, "must have a single scale");
    return RLT_OK;
}

rlt_status rlt_need_symmetric(rlt_prepare_state *p, const rlt_tensor *tensor) {
    RLT_TRY(rlt_need_per_tensor(p, tensor));
    return rlt_zero_point(tensor, 0) == 0 ? RLT_OK : rlt_fail(p, RLT_ERROR_QUANTIZATION, tensor, "zero point must be 0");
}

rlt_status rlt_need_same_scale(rlt_prepare_state *p, const rlt_tensor *a, const rlt_tensor *b) {
    if (a->scale_count == b->scale_count &&
        (!a->scale_count || (rlt_scale(a, 0) == rlt_scale(b, 0) && rlt_zero_point(a, 0) == rlt_zero_point(b, 0)))) {
        return RLT_OK;
    }
    return rlt_fail(p, RLT_ERROR_QUANTIZATION, b, "scale and zero point must equal the input's");
}

rlt_status rlt_range_f32(rlt_prepare_state *p, int32_t activation, float *low, float *high) {
    *low = -FLT_MAX;
    *high = FLT_MAX;
    switch (activation) {
    case RLT_ACT_NONE: return RLT_OK;
    case RLT_ACT_RELU: *low = 0.0f; return RLT_OK;
    case RLT_ACT_RELU_N1_TO_1: *low = -1.0f; *high = 1.0f; return RLT_OK;
    case RLT_ACT_RELU6: *low = 0.0f; *high = 6.0f; return RLT_OK;
    default: return rlt_fail(p, RLT_ERROR_OPTION, NULL, "unsupported fused activation");
    }
}

/* CalculateActivationRangeQuantized in tflite/kernels/kernel_util.cc: bounds are quantized in float arithmetic. */
rlt_status rlt_range_s8(rlt_prepare_state *p, const rlt_tensor *output, int32_t activation, int32_t *low,
                        int32_t *high) {
    float real_low, real_high;
    RLT_TRY(rlt_range_f32(p, activation, &real_low, &real_high));
    const int32_t least = output->type == RLT_INT16 ? INT16_MIN : INT8_MIN;
    const int32_t most = output->type == RLT_INT16 ? INT16_MAX : INT8_MAX;
    *low = least;
    *high = most;
    if (activation == RLT_ACT_NONE) return RLT_OK;
    RLT_TRY(rlt_need_quantized(p, output));
    const float scale = rlt_scale(output, 0);
    const int32_t zero_point = rlt_zero_point(output, 0);
    if (real_low > -FLT_MAX) {
        *low = rlt_clamp(zero_point + rlt_whole_steps(roundf(real_low / scale)), least, most);
    }
    if (real_high < FLT_MAX) {
        *high = rlt_clamp(zero_point + rlt_whole_steps(roundf(real_high / scale)), least, most);
    }
    return RLT_OK;
}

int32_t rlt_whole_steps(float steps) {
    if (steps != steps) return 0;
    return steps > 1e6f ? 1000000 : steps < -1e6f ? -1000000 : (int32_t)steps;
}

/* QuantizeMultiplier in tflite/kernels/internal/quantization_util.cc. */
rlt_status rlt_quantize_signed(rlt_prepare_state *p, double real, int32_t *multiplier, int32_t *shift) {
    const char *out_of_range = "ratio of the operands' scales is out of range";
    if (!(real > -1073741824.0 && real < 1073741824.0)) return rlt_fail(p, RLT_ERROR_QUANTIZATION, NULL, out_of_range);
    int exponent = 0;
    int64_t fraction = llround(frexp(real, &exponent) * 2147483648.0);
    if (fraction == INT64_C(1) << 31 || fraction == -(INT64_C(1) << 31)) {
        fraction /= 2;
        exponent++;
    }
    if (exponent < -31) {
        fraction = 0;
        exponent = 0;
    }
    if (exponent > 30) return rlt_fail(p, RLT_ERROR_QUANTIZATION, NULL, out_of_range);
    *multiplier = (int32_t)fraction;
    *shift = exponent;
    return RLT_OK;
}

rlt_status rlt_quantize_multiplier(rlt_prepare_state *p, double real, int32_t *multiplier, int32_t *shift) {
    if (!(real >= 0.0)) return rlt_fail(p, RLT_ERROR_QUANTIZATION, NULL, "ratio of the operands' scales is negative");
    return rlt_quantize_signed(p, real, multiplier, shift);
}

rlt_status rlt_exact(rlt_prepare_state *p, double real, rlt_exact_factor *factor) {
    int exponent = 0;
    const double fraction = frexp(real, &exponent);
    if (!(real > 0.0 && real < 16777216.0)) {
        return rlt_fail(p, RLT_ERROR_QUANTIZATION, NULL, "ratio of the operands' scales is out of range");
    }
    const uint64_t mantissa = (uint64_t)(fraction * 9007199254740992.0) << 11; /* 53 bits, to the top of 64 */
    factor->high = (uint32_t)(mantissa >> 32);
    factor->low = (uint32_t)mantissa;
    factor->exponent = exponent;
    return RLT_OK;
}

/* One axis; 0 if the sizes make no sense. SAME: as many outputs as strides fit, padding split with the odd one at
 * the end. VALID: whole windows only (ComputePaddingHeightWidth in tflite/kernels/padding.h). */
static int window_axis(int32_t padding, int32_t in, int32_t kernel, int32_t stride, int32_t dilation, int32_t *out,
                       int32_t *pad) {
    const int32_t limit = 1 << 15;
    if (kernel < 1 || stride < 1 || dilation < 1 || kernel > limit || stride > limit || dilation > limit) return 0;
    if (in < 0 || in > INT32_MAX / 4) return 0;
    const int64_t reach = (int64_t)(kernel - 1) * dilation + 1;
    if (reach > INT32_MAX / 4) return 0;
    const int64_t count = padding == 0 ? ((int64_t)in + stride - 1) / stride : (in + stride - reach) / stride;
    if (count < 0 || (padding != 0 && in < reach)) return 0;
    const int64_t missing = (count - 1) * stride + reach - in;
    *pad = padding == 0 && missing > 0 ? (int32_t)(missing / 2) : 0;
    *out = (int32_t)count;
    return 1;
}

/* Everything of a window but its channels, from the input's sizes. */
static rlt_status fill_window(rlt_prepare_state *p, const int32_t *input, int32_t padding, rlt_window *window) {
    if (padding != 0 && padding != 1) return rlt_fail(p, RLT_ERROR_OPTION, NULL, "padding is neither SAME nor VALID");
    window->batches = input[0];
    window->in_h = input[1];
    window->in_w = input[2];
    window->in_c = input[3];
    if (!window_axis(padding, window->in_h, window->kernel_h, window->stride_h, window->dilation_h, &window->out_h,
                     &window->pad_top) ||
        !window_axis(padding, window->in_w, window->kernel_w, window->stride_w, window->dilation_w, &window->out_w,
                     &window->pad_left)) {
        return rlt_fail(p, RLT_ERROR_OPTION, NULL, "kernel, stride or dilation does not fit the input");
    }
    return RLT_OK;
}

rlt_status rlt_prepare_window(rlt_prepare_state *p, const rlt_tensor *input, rlt_tensor *output, int32_t padding,
                              rlt_window *window) {
    const rlt_pads none = {0, 0, 0, 0};
    return rlt_prepare_padded_window(p, input, &none, output, padding, window);
}

rlt_status rlt_prepare_padded_window(rlt_prepare_state *p, const rlt_tensor *input, const rlt_pads *pads,
                                     rlt_tensor *output, int32_t padding, rlt_window *window) {
    RLT_TRY(rlt_need_rank(p, input, 4));
    const int32_t padded[4] = {input->dims[0], input->dims[1] + pads->top + pads->bottom,
                               input->dims[2] + pads->left + pads->right, input->dims[3]};
    RLT_TRY(fill_window(p, padded, padding, window));
    window->in_h = input->dims[1];
    window->in_w = input->dims[2];
    window->pad_top += pads->top;
    window->pad_left += pads->left;
    const int32_t dims[4] = {window->batches, window->out_h, window->out_w, window->out_c};
    return rlt_set_shape(p, output, 4, dims);
}

void rlt_needs_window(rlt_prepare_state *p, const rlt_tensor *output, const rlt_tensor *input, const rlt_window *w) {
    if (w->batches != 1) return;
    rlt_needs_rows(p, output, (uint32_t)w->out_h, input, w->in_h, w->stride_h, w->pad_top,
                   (int64_t)(w->kernel_h - 1) * w->dilation_h + 1);
}

int rlt_is_pointwise(const rlt_window *w) {
    return w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 && w->stride_w == 1 && !w->pad_top &&
           !w->pad_left && w->in_h == w->out_h && w->in_w == w->out_w;
}

void rlt_may_stream(rlt_prepare_state *p, const rlt_tensor *output, const rlt_tensor *input, const rlt_window *w,
                    int32_t rows) {
    if (w->batches != 1 || output->elements == 0 || input->elements == 0) return;
    const int64_t across = rlt_is_pointwise(w) ? w->in_w : 1, in_h = across * w->in_h, out_h = across * w->out_h;
    const int64_t in_row = input->bytes / in_h, out_row = output->bytes / out_h;
    /* Bytes that are written once rows [y, y + rows) are, less where row y's input starts. Rises while windows begin
     * above the image, and falls, if ever, from one of these on. */
    const int64_t turns[] = {0, w->pad_top / w->stride_h, (int64_t)w->pad_top / w->stride_h + 1, out_h - rows, out_h - 1};
    int64_t most = 0;
    for (int i = 0; i < 5; i++) {
        const int64_t y = turns[i] < 0 ? 0 : turns[i] > out_h - 1 ? out_h - 1 : turns[i];
        const int64_t end = y + rows < out_h ? y + rows : out_h, from = y * w->stride_h - w->pad_top;
        const int64_t distance = end * out_row - (from < 0 ? 0 : from < in_h ? from : in_h) * in_row;
        if (distance > most) most = distance;
    }
    if (most == 0 && output->bytes == input->bytes) rlt_may_overwrite(p, output, input);
    else rlt_may_overlap(p, output, input, most == 0 ? 1 : (uint64_t)most);
}

rlt_status rlt_gradient_window(rlt_prepare_state *p, const int32_t *input, const rlt_tensor *dy, int32_t padding,
                               rlt_window *window) {
    RLT_TRY(fill_window(p, input, padding, window));
    const int32_t dims[4] = {window->batches, window->out_h, window->out_w, window->out_c};
    RLT_TRY(rlt_need_rank(p, dy, 4));
    for (int i = 0; i < 4; i++)
        if (dy->dims[i] != dims[i]) return rlt_fail(p, RLT_ERROR_SHAPE, dy, "is not of the shape of what it is the gradient of");
    return RLT_OK;
}
