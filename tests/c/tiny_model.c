#include "tiny_model.h"

#include <string.h>

typedef struct {
    uint8_t *bytes;
    size_t used;
} writer;

static size_t put(writer *w, const void *value, size_t bytes, size_t alignment) {
    w->used = (w->used + alignment - 1) / alignment * alignment;
    memcpy(w->bytes + w->used, value, bytes);
    w->used += bytes;
    return w->used - bytes;
}

static size_t put_u32(writer *w, uint32_t value) {
    return put(w, &value, 4, 4);
}

/* A table of `count` fields of 4 bytes each, all present; its fields follow the returned position + 4. */
static size_t put_table(writer *w, uint16_t count) {
    uint16_t head[2] = {(uint16_t)(4 + 2 * count), (uint16_t)(4 + 4 * count)};
    size_t vtable = put(w, head, sizeof head, 4);
    for (uint16_t i = 0; i < count; i++) {
        uint16_t at = (uint16_t)(4 + 4 * i);
        put(w, &at, 2, 2);
    }
    w->used = (w->used + 3) / 4 * 4;
    size_t table = put_u32(w, (uint32_t)(w->used - vtable));
    for (uint16_t i = 0; i < count; i++) put_u32(w, 0);
    return table;
}

static void set(writer *w, size_t table, uint32_t field, uint32_t value) {
    memcpy(w->bytes + table + 4 + 4 * field, &value, 4);
}

/* Lets a position hold the offset to another. */
static void point(writer *w, size_t from, size_t to) {
    uint32_t offset = (uint32_t)(to - from);
    memcpy(w->bytes + from, &offset, 4);
}

static size_t field_at(size_t table, uint32_t field) {
    return table + 4 + 4 * (size_t)field;
}

/* Removes a field from a table's field list. */
static void drop(writer *w, size_t table, uint32_t field) {
    uint32_t back;
    memcpy(&back, w->bytes + table, 4);
    memset(w->bytes + table - back + 4 + 2 * field, 0, 2);
}

static size_t put_ints(writer *w, const int32_t *values, uint32_t count) {
    size_t at = put_u32(w, count);
    for (uint32_t i = 0; i < count; i++) put_u32(w, (uint32_t)values[i]);
    return at;
}

static size_t put_data(writer *w, const float *values, uint32_t count) {
    while ((w->used + 4) % 16 != 0) w->used++;
    size_t at = put_u32(w, 4 * count);
    put(w, values, 4 * count, 4);
    return at;
}

static size_t put_tensor(writer *w, const char *name, const int32_t *dims, uint32_t rank, uint32_t buffer) {
    size_t tensor = put_table(w, 4); /* shape, type, buffer, name */
    point(w, field_at(tensor, 0), put_ints(w, dims, rank));
    set(w, tensor, 2, buffer);
    size_t text = put_u32(w, (uint32_t)strlen(name));
    put(w, name, strlen(name) + 1, 1);
    point(w, field_at(tensor, 3), text);
    return tensor;
}

tiny_model write_tiny_model(uint8_t *bytes) {
    static const int32_t dims[4][4] = {{1, 4, 4, 2}, {3, 1, 1, 2}, {3}, {1, 4, 4, 3}};
    static const float weights[] = {1, 2, 3, 4, 5, 6}, bias[] = {0, 10, 20};
    static const int32_t operands[] = {0, 1, 2}, input[] = {0}, output[] = {3};
    memset(bytes, 0, TINY_MODEL_ROOM);
    writer w = {bytes, 8};
    tiny_model tiny = {0};
    memcpy(bytes + 4, "TFL3", 4);

    size_t model = put_table(&w, 5); /* version, operator_codes, subgraphs, description, buffers */
    point(&w, 0, model);
    set(&w, model, 0, 3);
    tiny.version = field_at(model, 0);
    drop(&w, model, 3);

    size_t codes = put_u32(&w, 1), code_slot = put_u32(&w, 0);
    point(&w, field_at(model, 1), codes);
    size_t code = put_table(&w, 4);
    drop(&w, code, 1);
    set(&w, code, 0, 3); /* CONV_2D */
    set(&w, code, 3, 3);
    point(&w, code_slot, code);

    size_t buffers = put_u32(&w, 3), buffer_slot = w.used;
    for (int i = 0; i < 3; i++) put_u32(&w, 0);
    point(&w, field_at(model, 4), buffers);
    for (size_t i = 0; i < 3; i++) {
        size_t buffer = put_table(&w, i == 0 ? 0 : 1);
        point(&w, buffer_slot + 4 * i, buffer);
        if (i == 0) continue;
        size_t data = put_data(&w, i == 1 ? weights : bias, i == 1 ? 6 : 3);
        if (i == 1) tiny.weights_data_count = data;
        point(&w, field_at(buffer, 0), data);
    }

    size_t subgraphs = put_u32(&w, 1), subgraph_slot = put_u32(&w, 0);
    point(&w, field_at(model, 2), subgraphs);
    size_t subgraph = put_table(&w, 4); /* tensors, inputs, outputs, operators */
    point(&w, subgraph_slot, subgraph);
    size_t tensors = put_u32(&w, 4), tensor_slot = w.used;
    for (int i = 0; i < 4; i++) put_u32(&w, 0);
    point(&w, field_at(subgraph, 0), tensors);
    static const char *const names[] = {"image", "kernel", "offset", "features"};
    for (size_t i = 0; i < 4; i++) {
        size_t tensor = put_tensor(&w, names[i], dims[i], i == 2 ? 1 : 4, i == 1 ? 1 : i == 2 ? 2 : 0);
        point(&w, tensor_slot + 4 * i, tensor);
        if (i == 1) {
            uint32_t shape;
            memcpy(&shape, bytes + field_at(tensor, 0), 4);
            tiny.weights_buffer = field_at(tensor, 2);
            tiny.weights_shape = field_at(tensor, 0) + shape + 4;
        }
    }
    point(&w, field_at(subgraph, 1), put_ints(&w, input, 1));
    point(&w, field_at(subgraph, 2), put_ints(&w, output, 1));

    size_t operators = put_u32(&w, 1), operator_slot = put_u32(&w, 0);
    point(&w, field_at(subgraph, 3), operators);
    size_t op = put_table(&w, 5); /* opcode_index, inputs, outputs, options type, options */
    point(&w, operator_slot, op);
    tiny.opcode_index = field_at(op, 0);
    size_t inputs = put_ints(&w, operands, 3);
    tiny.input_index = inputs + 4;
    point(&w, field_at(op, 1), inputs);
    point(&w, field_at(op, 2), put_ints(&w, output, 1));
    set(&w, op, 3, 1); /* Conv2DOptions */
    size_t options = put_table(&w, 3); /* padding, stride_w, stride_h */
    point(&w, field_at(op, 4), options);
    set(&w, options, 0, 1);
    set(&w, options, 1, 1);
    set(&w, options, 2, 1);
    tiny.bytes = (w.used + 15) / 16 * 16;
    return tiny;
}
