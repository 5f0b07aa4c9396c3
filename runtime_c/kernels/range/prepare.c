/* RANGE and WHERE: outputs whose size depends on values, which so must be constants. Their outputs then are too. */
#include <math.h>
#include <string.h>

#include "../common/prepare_common.h"

/* One value of a constant, as a double: exact for INT32 and floats; INT64 is refused beyond 2^53. */
static rlt_status read_value(rlt_prepare_state *p, const rlt_tensor *tensor, double *value) {
    RLT_TRY(rlt_need_const(p, tensor));
    if (tensor->elements != 1) return rlt_fail(p, RLT_ERROR_SHAPE, tensor, "must hold one value");
    float real;
    int64_t wide;
    switch (tensor->type) {
    case RLT_INT32: *value = rlt_const_i32(tensor, 0); return RLT_OK;
    case RLT_INT64:
        memcpy(&wide, tensor->data, sizeof wide);
        *value = (double)wide;
        if (wide > INT64_C(1) << 53 || wide < -(INT64_C(1) << 53))
            return rlt_fail(p, RLT_ERROR_OPTION, tensor, "a value beyond 2^53");
        return RLT_OK;
    case RLT_FLOAT32:
        memcpy(&real, tensor->data, sizeof real);
        *value = real;
        return RLT_OK;
    default: return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, tensor, "must be INT32, INT64 or FLOAT32");
    }
}

static void put(const rlt_tensor *output, void *values, uint32_t i, double start, double step) {
    if (output->type == RLT_INT32) ((int32_t *)values)[i] = (int32_t)(start + i * step);
    else if (output->type == RLT_INT64) ((int64_t *)values)[i] = (int64_t)(start + i * step);
    else ((float *)values)[i] = (float)start + (float)i * (float)step; /* in float, as tflite/kernels/range.cc does */
}

rlt_status rlt_prepare_range(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 3, 1));
    rlt_tensor *output = rlt_output(p, op, 0);
    double ends[3]; /* start, limit, step */
    for (uint32_t i = 0; i < 3; i++) {
        RLT_TRY(rlt_need_type(p, rlt_input(p, op, i), output->type));
        RLT_TRY(read_value(p, rlt_input(p, op, i), &ends[i]));
    }
    const double count = ceil((ends[1] - ends[0]) / ends[2]);
    if (!(count >= 1.0 && count <= INT32_MAX)) return rlt_fail(p, RLT_ERROR_OPTION, output, "no value, or too many");
    const int32_t dims[1] = {(int32_t)count};
    RLT_TRY(rlt_set_shape(p, output, 1, dims));
    void *values = rlt_make_constant(p, output);
    if (!values) return RLT_ERROR_MEMORY;
    for (uint32_t i = 0; i < (uint32_t)dims[0]; i++) put(output, values, i, ends[0], ends[2]);
    return RLT_OK;
}

/* Whether element `i` is not zero. */
static int is_set(const rlt_tensor *tensor, uint32_t i) {
    const uint32_t bytes = tensor->bytes / tensor->elements;
    for (uint32_t k = 0; k < bytes; k++) {
        const uint8_t byte = tensor->data[(size_t)i * bytes + k];
        /* -0.0 is zero. */
        if (tensor->type == RLT_FLOAT32 && k == 3 ? byte & 0x7F : byte) return 1;
    }
    return 0;
}

rlt_status rlt_prepare_where(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    const rlt_tensor *input = rlt_input(p, op, 0);
    rlt_tensor *output = rlt_output(p, op, 0);
    if (!input->data) return rlt_fail(p, RLT_ERROR_DYNAMIC, input, "WHERE of values that are known only when run");
    if (output->type != RLT_INT64 || !input->rank || !input->elements)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, output, "must be INT64, of an input with dimensions");
    int32_t dims[2] = {0, (int32_t)input->rank};
    for (uint32_t i = 0; i < input->elements; i++) dims[0] += is_set(input, i);
    RLT_TRY(rlt_set_shape(p, output, 2, dims));
    if (!output->elements) return rlt_fail(p, RLT_ERROR_SHAPE, output, "nothing is set");
    int64_t *places = rlt_make_constant(p, output);
    if (!places) return RLT_ERROR_MEMORY;
    for (uint32_t i = 0; i < input->elements; i++) {
        if (!is_set(input, i)) continue;
        uint32_t rest = i;
        for (uint32_t d = input->rank; d-- > 0; rest /= (uint32_t)input->dims[d])
            places[d] = rest % (uint32_t)input->dims[d];
        places += input->rank;
    }
    return RLT_OK;
}
