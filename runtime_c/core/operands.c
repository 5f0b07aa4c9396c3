/* What prepare functions read: operands, scales, constants, options, shapes. */
#include <string.h>

#include "state.h"

static rlt_tensor *operand(rlt_prepare_state *p, const rlt_vector *indices, uint32_t i) {
    if (i >= indices->count) return NULL;
    return rlt_tensor_at(p, rlt_element_i32(&p->file, indices, i));
}

rlt_tensor *rlt_input(rlt_prepare_state *p, const rlt_op *op, uint32_t i) {
    (void)op;
    return operand(p, &p->op_inputs, i);
}

rlt_tensor *rlt_output(rlt_prepare_state *p, const rlt_op *op, uint32_t i) {
    (void)op;
    return operand(p, &p->op_outputs, i);
}

const rlt_tensor *rlt_intermediate(rlt_prepare_state *p, const rlt_op *op, uint32_t i) {
    rlt_table table = rlt_element_table(&p->file, &p->frame.operator_tables, op->index);
    rlt_vector indices = rlt_field_vector(&p->file, &table, OPERATOR_INTERMEDIATES, 4);
    return operand(p, &indices, i);
}

float rlt_scale(const rlt_tensor *tensor, uint32_t i) {
    if (tensor->scale_count == 0) return 0.0f;
    if (i >= tensor->scale_count) i = tensor->scale_count - 1;
    float scale;
    memcpy(&scale, tensor->scales + 4 * (size_t)i, sizeof scale);
    return scale;
}

int32_t rlt_zero_point(const rlt_tensor *tensor, uint32_t i) {
    if (tensor->zero_points == NULL) return 0;
    if (i >= tensor->scale_count) i = tensor->scale_count - 1;
    return (int32_t)(int64_t)rlt_load_u64(tensor->zero_points + 8 * (size_t)i); /* verified to fit */
}

int32_t rlt_const_i32(const rlt_tensor *tensor, uint32_t i) {
    if (tensor->data == NULL || i >= tensor->elements) return 0;
    if (tensor->type == RLT_INT32) return (int32_t)rlt_load_u32(tensor->data + 4 * (size_t)i);
    if (tensor->type != RLT_INT64) return 0;
    int64_t value = (int64_t)rlt_load_u64(tensor->data + 8 * (size_t)i);
    return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int32_t)value;
}

/* A field of the options table: its table and field list were verified, its own extent is checked here. */
static const uint8_t *option(const rlt_op *op, uint32_t field, uint32_t bytes) {
    if (op->options == NULL) return NULL;
    const uint8_t *vtable = op->options - (int32_t)rlt_load_u32(op->options);
    if (4 + 2 * field + 2 > rlt_load_u16(vtable)) return NULL;
    uint32_t offset = rlt_load_u16(vtable + 4 + 2 * (size_t)field);
    if (offset < 4 || offset + bytes > rlt_load_u16(vtable + 2)) return NULL;
    return op->options + offset;
}

int32_t rlt_option_i32(const rlt_op *op, uint32_t field, int32_t missing) {
    const uint8_t *at = option(op, field, 4);
    return at ? (int32_t)rlt_load_u32(at) : missing;
}

float rlt_option_f32(const rlt_op *op, uint32_t field, float missing) {
    const uint8_t *at = option(op, field, 4);
    float value = missing;
    if (at) memcpy(&value, at, sizeof value);
    return value;
}

int32_t rlt_option_u8(const rlt_op *op, uint32_t field, int32_t missing) {
    const uint8_t *at = option(op, field, 1);
    return at ? *at : missing;
}

uint32_t rlt_option_vector_i32(const rlt_op *op, uint32_t field, int32_t *values, uint32_t limit) {
    const uint8_t *at = option(op, field, 4);
    if (at == NULL) return 0;
    uint32_t room = op->options_room - (uint32_t)(at - op->options), offset = rlt_load_u32(at);
    if (offset > room || room - offset < 4) return 0;
    uint32_t count = rlt_load_u32(at + offset);
    if (count > (room - offset - 4) / 4) return 0;
    for (uint32_t i = 0; i < count && i < limit; i++) values[i] = (int32_t)rlt_load_u32(at + offset + 4 + 4 * (size_t)i);
    return count;
}

rlt_status rlt_measure(rlt_prepare_state *p, rlt_tensor *tensor) {
    uint64_t elements = 1, bits = rlt_type_bits(tensor->type);
    uint32_t *flags = &p->places[tensor->index].flags;
    *flags &= ~(uint32_t)TENSOR_OPEN;
    for (uint32_t i = 0; i < tensor->rank; i++) {
        if (tensor->dims[i] < 0) *flags |= TENSOR_OPEN;
        else elements *= (uint32_t)tensor->dims[i];
        if (elements > UINT32_MAX || elements * bits / 8 >= UINT32_MAX)
            return rlt_fail(p, RLT_ERROR_SHAPE, tensor, "more than 4 GiB");
    }
    if (*flags & TENSOR_OPEN) elements = 0;
    tensor->elements = (uint32_t)elements;
    tensor->bytes = (uint32_t)((elements * bits + 7) / 8);
    return RLT_OK;
}

/* Whether the file lets dimension `i` vary: -1 in the shape or in the shape signature. */
static int is_open(rlt_prepare_state *p, const rlt_tensor *tensor, uint32_t i) {
    if (tensor->dims[i] < 0) return 1;
    rlt_table table = rlt_tensor_table(p, tensor);
    rlt_vector signature = rlt_field_vector(&p->file, &table, TENSOR_SHAPE_SIGNATURE, 4);
    return i < signature.count && rlt_element_i32(&p->file, &signature, i) < 0;
}

rlt_status rlt_set_shape(rlt_prepare_state *p, rlt_tensor *output, uint32_t rank, const int32_t *dims) {
    if (rank > RLT_MAX_RANK) return rlt_fail(p, RLT_ERROR_SHAPE, output, "more than 8 dimensions");
    /* A shape without dimensions may also mean an unknown rank. */
    int resized = p->config.input_shape_count != 0 || p->frame.is_resized || (output->rank == 0 && output->elements <= 1);
    if (!resized && rank != output->rank)
        return rlt_fail(p, RLT_ERROR_SHAPE, output, "its rank is not the one that the inputs give");
    for (uint32_t i = 0; i < rank; i++) {
        if (dims[i] < 0) return rlt_fail(p, RLT_ERROR_SHAPE, output, "a dimension would be negative");
        if (!resized && dims[i] != output->dims[i] && !is_open(p, output, i))
            return rlt_fail(p, RLT_ERROR_SHAPE, output, "its shape is not the one that the inputs give");
    }
    output->rank = rank;
    memcpy(output->dims, dims, rank * sizeof *dims);
    return rlt_measure(p, output);
}
