/* The tensor table of the chosen subgraph, with input shapes replaced as configured. */
#include <string.h>

#include "state.h"

static void load_quantization(rlt_prepare_state *p, const rlt_table *table, rlt_tensor *tensor) {
    rlt_table q = rlt_field_table(&p->file, table, TENSOR_QUANTIZATION);
    rlt_vector scales = rlt_field_vector(&p->file, &q, QUANTIZATION_SCALE, 4);
    rlt_vector zeros = rlt_field_vector(&p->file, &q, QUANTIZATION_ZERO_POINT, 8);
    tensor->scale_count = scales.count;
    tensor->axis = tensor->rank == 1 ? 0 : (int32_t)rlt_field_u32(&p->file, &q, QUANTIZATION_AXIS, 0);
    if (scales.count != 0) tensor->scales = p->file.bytes + scales.at;
    if (scales.count != 0 && zeros.count != 0) tensor->zero_points = p->file.bytes + zeros.at;
}

rlt_tensor *rlt_tensor_at(rlt_prepare_state *p, int32_t index) {
    return index < 0 ? NULL : &p->tensors[p->frame.first_tensor + (uint32_t)index];
}

rlt_table rlt_tensor_table(rlt_prepare_state *p, const rlt_tensor *tensor) {
    return rlt_element_table(&p->file, &p->frame.tensor_tables, (uint32_t)tensor->index - p->frame.first_tensor);
}

static rlt_status load_tensor(rlt_prepare_state *p, uint32_t local) {
    rlt_file *file = &p->file;
    const uint32_t index = p->frame.first_tensor + local;
    rlt_tensor *tensor = &p->tensors[index];
    rlt_place *place = &p->places[index];
    rlt_table table = rlt_element_table(file, &p->frame.tensor_tables, local);
    rlt_vector shape = rlt_field_vector(file, &table, TENSOR_SHAPE, 4);
    rlt_vector name = rlt_field_vector(file, &table, TENSOR_NAME, 1);
    memset(tensor, 0, sizeof *tensor);
    *place = (rlt_place){.parent = index, .copy = RLT_REF_NONE};
    tensor->index = (int32_t)index;
    tensor->name = (const char *)file->bytes + name.at;
    tensor->name_bytes = name.count;
    tensor->type = rlt_field_u8(file, &table, TENSOR_TYPE, 0);
    if (shape.count > RLT_MAX_RANK) place->flags |= TENSOR_DEEP;
    tensor->rank = shape.count > RLT_MAX_RANK ? RLT_MAX_RANK : shape.count;
    for (uint32_t i = 0; i < tensor->rank; i++) tensor->dims[i] = rlt_element_i32(file, &shape, i);
    load_quantization(p, &table, tensor);

    if (rlt_field_u8(file, &table, TENSOR_IS_VARIABLE, 0)) place->flags |= TENSOR_STATEFUL;
    if (rlt_field_u32(file, &table, TENSOR_EXTERNAL_BUFFER, 0)) place->flags |= TENSOR_FOREIGN | TENSOR_READY;
    if (rlt_field_table(file, &table, TENSOR_SPARSITY).at) place->flags |= TENSOR_SPARSE;
    uint32_t buffer = rlt_field_u32(file, &table, TENSOR_BUFFER, 0);
    if (buffer < p->buffer_tables.count) {
        rlt_table holder = rlt_element_table(file, &p->buffer_tables, buffer);
        rlt_extent data = rlt_buffer(file, &holder);
        if (data.at != 0) {
            tensor->data = file->bytes + data.at;
            place->flags |= TENSOR_READY;
        }
    }
    rlt_status status = rlt_measure(p, tensor);
    if ((place->flags & TENSOR_SPARSE) && tensor->data != NULL && status == RLT_OK) {
        place->flags |= TENSOR_RESERVED;
        p->held += (size_t)tensor->bytes + MOVE_ROOM;
    }
    return status;
}

/* A tensor without data that nothing computes is an empty constant if its shape says so (RESHAPE to a scalar). */
static void accept_empty_constants(rlt_prepare_state *p) {
    for (uint32_t i = p->frame.first_tensor; i < p->tensors_used; i++) {
        const uint32_t not_empty = TENSOR_OPEN | TENSOR_INPUT | TENSOR_READY | TENSOR_STATEFUL;
        if (p->tensors[i].elements == 0 && !(p->places[i].flags & not_empty)) {
            p->tensors[i].data = p->file.bytes;
            p->places[i].flags |= TENSOR_READY;
        }
    }
}

static rlt_status load_input(rlt_prepare_state *p, uint32_t position) {
    rlt_tensor *tensor = rlt_tensor_at(p, rlt_element_i32(&p->file, &p->frame.graph_inputs, position));
    p->places[tensor->index].flags |= TENSOR_INPUT | TENSOR_READY;
    tensor->data = NULL; /* what the user writes cannot be constant */
    for (uint32_t i = 0; i < p->config.input_shape_count; i++) {
        const rlt_input_shape *shape = &p->config.input_shapes[i];
        if (shape->input != position) continue;
        if (shape->rank > RLT_MAX_RANK) return rlt_fail(p, RLT_ERROR_ARGUMENT, tensor, "more than 8 dimensions asked for");
        tensor->rank = shape->rank;
        for (uint32_t d = 0; d < shape->rank; d++) {
            if (shape->dims[d] < 1) return rlt_fail(p, RLT_ERROR_ARGUMENT, tensor, "dimensions must be positive");
            tensor->dims[d] = shape->dims[d];
        }
        if (rlt_measure(p, tensor) != RLT_OK) return p->status;
    }
    if (p->places[tensor->index].flags & TENSOR_OPEN)
        return rlt_fail(p, RLT_ERROR_DYNAMIC, tensor, "an input's shape is not known; give it one");
    return RLT_OK;
}

static rlt_status load_table(rlt_prepare_state *p) {
    for (uint32_t i = 0; i < p->frame.tensor_tables.count; i++)
        if (load_tensor(p, i) != RLT_OK) return p->status;
    return RLT_OK;
}

rlt_status rlt_load_frame(rlt_prepare_state *p) {
    if (load_table(p) != RLT_OK) return p->status;
    for (uint32_t i = 0; i < p->frame.graph_inputs.count; i++) {
        rlt_tensor *tensor = rlt_tensor_at(p, rlt_element_i32(&p->file, &p->frame.graph_inputs, i));
        p->places[tensor->index].flags |= TENSOR_READY;
        tensor->data = NULL;
    }
    accept_empty_constants(p);
    return RLT_OK;
}

rlt_status rlt_load_tensors(rlt_prepare_state *p) {
    if (load_table(p) != RLT_OK) return p->status;
    for (uint32_t i = 0; i < p->config.input_shape_count; i++)
        if (p->config.input_shapes[i].input >= p->frame.graph_inputs.count)
            return rlt_fail(p, RLT_ERROR_ARGUMENT, NULL, "a shape is given for an input that does not exist");
    for (uint32_t i = 0; i < p->frame.graph_inputs.count; i++)
        if (load_input(p, i) != RLT_OK) return p->status;
    accept_empty_constants(p);
    for (uint32_t i = 0; i < p->frame.graph_outputs.count; i++)
        p->places[rlt_element_i32(&p->file, &p->frame.graph_outputs, i)].flags |= TENSOR_OUTPUT; /* main: from 0 */
    return RLT_OK;
}
