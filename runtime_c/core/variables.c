/* Resource variables (VAR_HANDLE and its companions). A variable is found by name, across subgraphs; its memory is the
 * block of its first handle, which lives as long as the session. */
#include <string.h>

#include "state.h"

/* Looking a variable up takes time in proportion to their number, and to share its memory in proportion to that of
 * operators: no file may cost more than this. */
enum { MOST_VARIABLES = 1024, MOST_SCANNED = 1 << 22 };

int rlt_is_variable(const rlt_prepare_state *p, const rlt_tensor *tensor) {
    uint32_t index = (uint32_t)tensor->index;
    while (p->places[index].parent != index) index = p->places[index].parent;
    return (p->places[index].flags & TENSOR_STATEFUL) != 0;
}

static int same_text(const rlt_prepare_state *p, rlt_vector a, rlt_vector b) {
    return a.count == b.count && (a.count == 0 || memcmp(p->file.bytes + a.at, p->file.bytes + b.at, a.count) == 0);
}

/* Container and name in the options of a VAR_HANDLE operator. */
static void read_names(rlt_prepare_state *p, const rlt_table *op, rlt_vector *container, rlt_vector *name) {
    rlt_table options = rlt_field_table(&p->file, op, OPERATOR_OPTIONS);
    *container = rlt_field_vector(&p->file, &options, VAR_HANDLE_CONTAINER, 1);
    *name = rlt_field_vector(&p->file, &options, VAR_HANDLE_NAME, 1);
}

static int32_t code_of(rlt_prepare_state *p, const rlt_table *op) {
    rlt_table code = rlt_element_table(&p->file, &p->code_tables, rlt_field_u32(&p->file, op, OPERATOR_CODE, 0));
    return rlt_operator_code(&p->file, &code);
}

rlt_status rlt_call_once(rlt_prepare_state *p, int32_t subgraph) {
    rlt_file *file = &p->file;
    rlt_table model = rlt_root(file);
    rlt_vector subgraphs = rlt_field_vector(file, &model, MODEL_SUBGRAPHS, 4);
    if (subgraph <= 0 || (uint32_t)subgraph >= subgraphs.count)
        return rlt_fail(p, RLT_ERROR_OPTION, NULL, "it calls a subgraph that is not there");
    if (p->once_operators.count != 0 || p->variable_count != 0)
        return rlt_fail(p, RLT_ERROR_OPTION, NULL, "only one such call, before variables are used, is supported");
    rlt_table graph = rlt_element_table(file, &subgraphs, (uint32_t)subgraph);
    p->once_tensors = rlt_field_vector(file, &graph, SUBGRAPH_TENSORS, 4);
    p->once_operators = rlt_field_vector(file, &graph, SUBGRAPH_OPERATORS, 4);
    for (uint32_t i = 0; i < p->once_operators.count; i++) {
        rlt_table op = rlt_element_table(file, &p->once_operators, i);
        int32_t code = code_of(p, &op);
        if (code != VAR_HANDLE && code != ASSIGN_VARIABLE)
            return rlt_fail(p, RLT_ERROR_UNSUPPORTED_OP, NULL, "it does more than to assign constants to variables");
    }
    return RLT_OK;
}

/* The value that the call-once subgraph assigns through tensor `handle`; -1: none. */
static int32_t value_assigned(rlt_prepare_state *p, int32_t handle) {
    for (uint32_t i = 0; i < p->once_operators.count; i++) {
        rlt_table op = rlt_element_table(&p->file, &p->once_operators, i);
        rlt_vector inputs = rlt_field_vector(&p->file, &op, OPERATOR_INPUTS, 4);
        if (code_of(p, &op) != ASSIGN_VARIABLE || inputs.count != 2) continue;
        if (rlt_element_i32(&p->file, &inputs, 0) == handle) return rlt_element_i32(&p->file, &inputs, 1);
    }
    return -1;
}

/* The same for the variable of that name. */
static int32_t find_first_value(rlt_prepare_state *p, const rlt_variable *variable) {
    for (uint32_t i = 0; i < p->once_operators.count; i++) {
        rlt_table op = rlt_element_table(&p->file, &p->once_operators, i);
        rlt_vector outputs = rlt_field_vector(&p->file, &op, OPERATOR_OUTPUTS, 4), container, name;
        if (code_of(p, &op) != VAR_HANDLE || outputs.count != 1) continue;
        read_names(p, &op, &container, &name);
        if (!same_text(p, container, variable->container) || !same_text(p, name, variable->name)) continue;
        int32_t value = value_assigned(p, rlt_element_i32(&p->file, &outputs, 0));
        if (value >= 0) return value;
    }
    return -1;
}

/* Gives the variable's block its size; `first` is its first value, RLT_REF_NONE: zeros. */
static rlt_status make_room(rlt_prepare_state *p, const rlt_variable *variable, uint32_t bytes, rlt_ref first) {
    const rlt_variable_place *place = variable->place;
    p->tensors[variable->handle].bytes = bytes;
    p->places[variable->handle].flags |= TENSOR_STATEFUL;
    p->places[variable->handle].copy = first;
    if (place == NULL) return RLT_OK;
    if (place->is_given) p->places[variable->handle].flags |= TENSOR_GIVEN;
    if (place->arena_offset % p->config.alignment != 0 || place->arena_offset > p->config.variable_bytes ||
        bytes > p->config.variable_bytes - place->arena_offset)
        return rlt_fail(p, RLT_ERROR_ARGUMENT, &p->tensors[variable->handle], "a variable's place is out of range");
    return RLT_OK;
}

static int is_zero(const uint8_t *bytes, uint32_t count) {
    uint32_t i = 0;
    while (i < count && bytes[i] == 0) i++;
    return i == count;
}

/* The place that the configuration gives a variable; NULL: none. */
static const rlt_variable_place *find_place(const rlt_prepare_state *p, const rlt_variable *variable) {
    for (uint32_t i = 0; i < p->config.variable_place_count && variable->container.count == 0; i++) {
        const rlt_variable_place *place = &p->config.variable_places[i];
        if (place->name_bytes == variable->name.count &&
            memcmp(place->name, p->file.bytes + variable->name.at, place->name_bytes) == 0)
            return place;
    }
    return NULL;
}

/* Takes type, shape and bytes of tensor `index` of the call-once subgraph. */
static rlt_status set_first_value(rlt_prepare_state *p, rlt_variable *variable, uint32_t index) {
    rlt_file *file = &p->file;
    rlt_table table = rlt_element_table(file, &p->once_tensors, index);
    rlt_vector shape = rlt_field_vector(file, &table, TENSOR_SHAPE, 4);
    rlt_table holder = {0};
    uint32_t buffer = rlt_field_u32(file, &table, TENSOR_BUFFER, 0);
    if (buffer < p->buffer_tables.count) holder = rlt_element_table(file, &p->buffer_tables, buffer);
    rlt_extent data = rlt_buffer(file, &holder);
    variable->type = rlt_field_u8(file, &table, TENSOR_TYPE, 0);
    if (data.at == 0 || shape.count > RLT_MAX_RANK || rlt_type_bits(variable->type) < 8 ||
        rlt_field_table(file, &table, TENSOR_SPARSITY).at != 0)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, NULL, "a variable's first value is not a plain constant");
    variable->rank = shape.count;
    for (uint32_t i = 0; i < shape.count; i++) variable->dims[i] = rlt_element_i32(file, &shape, i);
    variable->is_bound = 1;
    rlt_ref first = RLT_REF(RLT_REGION_MODEL, data.at);
    if ((variable->place != NULL && variable->place->is_given) || is_zero(file->bytes + data.at, data.bytes)) {
        first = RLT_REF_NONE;
    } else if ((p->config.flags & RLT_SELF_CONTAINED) || data.at % 4 != 0) {
        void *copy = rlt_add_constant(p, data.bytes, &first);
        if (copy == NULL) return p->status;
        memcpy(copy, file->bytes + data.at, data.bytes);
    }
    return make_room(p, variable, data.bytes, first); /* verified: data has the size of the shape */
}

rlt_status rlt_open_variable(rlt_prepare_state *p, const rlt_op *op, rlt_tensor *handle) {
    rlt_table table = rlt_element_table(&p->file, &p->frame.operator_tables, op->index);
    rlt_variable new = {.handle = (uint32_t)handle->index};
    read_names(p, &table, &new.container, &new.name);
    if (handle->type != RLT_RESOURCE || handle->elements != 1)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, handle, "a variable's handle is one RESOURCE");
    for (uint32_t i = 0; i < p->variable_count; i++) {
        const rlt_variable *old = &p->variables[i];
        if (!same_text(p, old->container, new.container) || !same_text(p, old->name, new.name)) continue;
        p->places[handle->index].parent = rlt_root_of(p, old->handle);
        return RLT_OK;
    }
    if (p->variable_count == p->variable_limit || p->variable_count == MOST_VARIABLES)
        return rlt_fail(p, RLT_ERROR_MEMORY, handle, "more than 1024 variables");
    rlt_variable *variable = &p->variables[p->variable_count++];
    *variable = new;
    variable->place = find_place(p, variable);
    int32_t first = find_first_value(p, variable);
    return first >= 0 ? set_first_value(p, variable, (uint32_t)first) : RLT_OK;
}

/* The variable behind a handle or a value that shares its memory; NULL: none. */
static rlt_variable *variable_of(rlt_prepare_state *p, const rlt_tensor *tensor) {
    const uint32_t root = rlt_root_of(p, (uint32_t)tensor->index);
    for (uint32_t i = 0; i < p->variable_count; i++)
        if (p->variables[i].handle == root) return &p->variables[i];
    return NULL;
}

rlt_status rlt_bind_variable(rlt_prepare_state *p, const rlt_tensor *handle, rlt_tensor *value) {
    rlt_variable *variable = variable_of(p, handle);
    if (variable == NULL) return rlt_fail(p, RLT_ERROR_FORMAT, handle, "no VAR_HANDLE made this handle");
    if (!variable->is_bound) {
        if ((p->places[value->index].flags & TENSOR_OPEN) || value->elements == 0)
            return rlt_fail(p, RLT_ERROR_DYNAMIC, value, "a variable's shape is not known");
        variable->is_bound = 1;
        variable->type = value->type;
        variable->rank = value->rank;
        memcpy(variable->dims, value->dims, sizeof value->dims);
        if (make_room(p, variable, value->bytes, RLT_REF_NONE) != RLT_OK) return p->status;
    }
    if (variable->type != value->type)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, value, "another element type than the variable has");
    if (p->places[value->index].flags & TENSOR_OPEN) return rlt_set_shape(p, value, variable->rank, variable->dims);
    if (variable->rank != value->rank || memcmp(variable->dims, value->dims, value->rank * sizeof *value->dims) != 0)
        return rlt_fail(p, RLT_ERROR_SHAPE, value, "another shape than the variable has");
    return RLT_OK;
}

static int is_handle_of(rlt_prepare_state *p, const rlt_variable *variable, int32_t index) {
    const rlt_tensor *tensor = rlt_tensor_at(p, index);
    return tensor != NULL && tensor->type == RLT_RESOURCE && rlt_root_of(p, (uint32_t)tensor->index) == variable->handle;
}

static int may_write(rlt_prepare_state *p, const rlt_variable *variable, uint32_t index) {
    rlt_table op = rlt_element_table(&p->file, &p->frame.operator_tables, index);
    const int32_t code = code_of(p, &op);
    if (code == READ_VARIABLE) return 0;
    if (code == VAR_HANDLE) { /* one more handle, which is not known as such yet */
        rlt_vector container, name;
        read_names(p, &op, &container, &name);
        return same_text(p, container, variable->container) && same_text(p, name, variable->name);
    }
    rlt_vector inputs = rlt_field_vector(&p->file, &op, OPERATOR_INPUTS, 4);
    for (uint32_t i = 0; i < inputs.count; i++)
        if (is_handle_of(p, variable, rlt_element_i32(&p->file, &inputs, i))) return 1;
    return code == CALL_ONCE || rlt_calls(code);
}

static int reads(rlt_prepare_state *p, uint32_t index, int32_t tensor) {
    rlt_table op = rlt_element_table(&p->file, &p->frame.operator_tables, index);
    rlt_vector inputs = rlt_field_vector(&p->file, &op, OPERATOR_INPUTS, 4);
    for (uint32_t i = 0; i < inputs.count; i++)
        if (rlt_element_i32(&p->file, &inputs, i) == tensor) return 1;
    return 0;
}

/* Whether `value`, which the current operator makes, is read only before the variable may be written. */
static int is_read_in_time(rlt_prepare_state *p, const rlt_variable *variable, const rlt_tensor *value) {
    const uint32_t count = p->frame.operator_tables.count;
    uint32_t i = p->op_index + 1;
    for (; i < count && !may_write(p, variable, i); i++)
        if (p->scanned++ == MOST_SCANNED) return 0;
    if (i < count && (p->places[value->index].flags & TENSOR_OUTPUT)) return 0;
    for (; i < count; i++)
        if (p->scanned++ >= MOST_SCANNED || reads(p, i, value->index)) return 0;
    return 1;
}

int rlt_share_variable(rlt_prepare_state *p, rlt_tensor *value, const rlt_tensor *handle) {
    const rlt_variable *variable = variable_of(p, handle);
    if (variable == NULL || p->depth != 0 || (p->config.flags & RLT_KEEP_ALL) || !is_read_in_time(p, variable, value)) return 0;
    p->places[value->index].parent = variable->handle;
    return 1;
}

int rlt_assign_in_place(rlt_prepare_state *p, const rlt_tensor *handle, const rlt_tensor *value) {
    const rlt_variable *variable = variable_of(p, handle);
    const uint32_t flags = p->places[value->index].flags;
    if (variable == NULL || variable->place == NULL || p->depth != 0) return 0; /* without: it may be set elsewhere */
    if (p->config.flags & (RLT_KEEP_INPUTS | RLT_KEEP_ALL)) return 0;
    if (!(flags & TENSOR_INPUT) || (flags & TENSOR_OUTPUT) || p->places[value->index].parent != (uint32_t)value->index) return 0;
    for (uint32_t i = 0; i < p->frame.operator_tables.count; i++) {
        rlt_table op = rlt_element_table(&p->file, &p->frame.operator_tables, i);
        const int32_t code = code_of(p, &op);
        if (i == p->op_index || code == CALL_ONCE) continue;
        if (p->scanned++ >= MOST_SCANNED || code == READ_VARIABLE || reads(p, i, value->index)) return 0;
        if (code == VAR_HANDLE ? i > p->op_index && may_write(p, variable, i) : may_write(p, variable, i)) return 0;
    }
    p->places[value->index].parent = variable->handle;
    return 1;
}
