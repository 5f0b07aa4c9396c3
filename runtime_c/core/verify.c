#include "verify.h"

#include <math.h>
#include <string.h>

#include "error.h"

/* Work allowed per byte of file. Real files need below 3: each structure is visited about once, field lists and
 * operator codes once per user. */
enum { WORK_PER_BYTE = 8, WORK_FLOOR = 65536 };

/* Where the verifier is, for its messages. */
typedef struct {
    rlt_file *file;
    rlt_error *error;
    uint32_t subgraph;
    int32_t op, tensor;
    rlt_vector codes, buffers, tensors;
} state;

rlt_status rlt_file_open(rlt_file *file, const void *model, size_t size, rlt_error *error) {
    rlt_status status = RLT_OK;
    if (model == NULL) status = RLT_ERROR_ARGUMENT;
    else if ((uint64_t)size >= UINT32_MAX) status = RLT_ERROR_FORMAT;
    if (status != RLT_OK) {
        rlt_error_start(error, status, -1, -1);
        rlt_error_add(error, model == NULL ? "no model given" : "the file is larger than 4 GiB");
        return status;
    }
    *file = (rlt_file){model, (uint32_t)size, NULL, (uint64_t)size * WORK_PER_BYTE + WORK_FLOOR};
    return RLT_OK;
}

static rlt_status fail(const state *s, rlt_status status, const char *what) {
    rlt_error *error = s->error;
    rlt_error_start(error, status, s->op, s->tensor);
    if (status == RLT_ERROR_FORMAT) rlt_error_add(error, "not a valid .tflite file: ");
    rlt_error_add(error, what);
    if (s->op >= 0) {
        rlt_error_add(error, ", operator ");
        rlt_error_add_number(error, s->op);
    }
    if (s->tensor >= 0) {
        rlt_error_add(error, ", tensor ");
        rlt_error_add_number(error, s->tensor);
    }
    if (s->subgraph != 0) {
        rlt_error_add(error, " of subgraph ");
        rlt_error_add_number(error, s->subgraph);
    }
    return status;
}

/* Passes `status` on, or fails if reading met a violation. */
static rlt_status settle(const state *s, rlt_status status) {
    if (s->file->fault != NULL) return fail(s, RLT_ERROR_FORMAT, s->file->fault);
    return status;
}

static float element_f32(const rlt_file *file, const rlt_vector *vector, uint32_t i) {
    uint32_t bits = rlt_load_u32(file->bytes + vector->at + 4 * (size_t)i);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void zero_point_range(uint32_t type, int64_t *low, int64_t *high) {
    switch (type) {
        case RLT_INT8: *low = INT8_MIN, *high = INT8_MAX; break;
        case RLT_UINT8: *low = 0, *high = UINT8_MAX; break;
        case RLT_INT16: *low = INT16_MIN, *high = INT16_MAX; break;
        default: *low = INT32_MIN, *high = INT32_MAX; break;
    }
}

static rlt_status verify_quantization(state *s, const rlt_table *tensor, uint32_t type, const rlt_vector *shape) {
    rlt_table q = rlt_field_table(s->file, tensor, TENSOR_QUANTIZATION);
    rlt_vector scales = rlt_field_vector(s->file, &q, QUANTIZATION_SCALE, 4);
    rlt_vector zeros = rlt_field_vector(s->file, &q, QUANTIZATION_ZERO_POINT, 8);
    uint32_t axis = rlt_field_u32(s->file, &q, QUANTIZATION_AXIS, 0);
    rlt_field_table(s->file, &q, QUANTIZATION_DETAILS);
    if (s->file->fault != NULL || scales.count == 0) return settle(s, RLT_OK);
    if (zeros.count != 0 && zeros.count != scales.count)
        return fail(s, RLT_ERROR_QUANTIZATION, "counts of scales and zero points differ");
    if (shape->count == 1) axis = 0; /* some converters give a bias the axis of its weights */
    if (scales.count > 1 &&
        (axis >= shape->count || rlt_element_i32(s->file, shape, axis) != (int64_t)scales.count))
        return fail(s, RLT_ERROR_QUANTIZATION, "count of scales is not the size of the quantized dimension");
    for (uint32_t i = 0; i < scales.count; i++) {
        float scale = element_f32(s->file, &scales, i);
        if (!(scale >= 0.0f && scale < INFINITY))
            return fail(s, RLT_ERROR_QUANTIZATION, "a scale is negative or not finite");
    }
    int64_t low, high;
    zero_point_range(type, &low, &high);
    for (uint32_t i = 0; i < zeros.count; i++) {
        int64_t zero = (int64_t)rlt_load_u64(s->file->bytes + zeros.at + 8 * (size_t)i);
        if (zero < low || zero > high)
            return fail(s, RLT_ERROR_QUANTIZATION, "a zero point is outside the element type's range");
    }
    return RLT_OK;
}

static rlt_status verify_tensor(state *s, uint32_t index) {
    rlt_file *file = s->file;
    s->tensor = (int32_t)index;
    rlt_table tensor = rlt_element_table(file, &s->tensors, index);
    rlt_vector shape = rlt_field_vector(file, &tensor, TENSOR_SHAPE, 4);
    rlt_vector signature = rlt_field_vector(file, &tensor, TENSOR_SHAPE_SIGNATURE, 4);
    rlt_field_vector(file, &tensor, TENSOR_NAME, 1);
    uint32_t type = rlt_field_u8(file, &tensor, TENSOR_TYPE, 0);
    uint32_t buffer = rlt_field_u32(file, &tensor, TENSOR_BUFFER, 0);
    rlt_table sparsity = rlt_field_table(file, &tensor, TENSOR_SPARSITY);
    if (file->fault != NULL) return settle(s, RLT_OK);
    if (signature.count != 0 && signature.count != shape.count)
        return fail(s, RLT_ERROR_FORMAT, "shape and shape_signature differ in rank");

    uint32_t bits = rlt_type_bits(type);
    uint64_t elements = 1;
    int open = 0;
    for (uint32_t i = 0; i < shape.count; i++) {
        int32_t dim = rlt_element_i32(file, &shape, i);
        if (dim < -1) return fail(s, RLT_ERROR_SHAPE, "a dimension is negative");
        open |= dim == -1;
        if (dim != -1) elements *= (uint32_t)dim;
        if (elements > UINT32_MAX || elements * bits / 8 > UINT32_MAX)
            return fail(s, RLT_ERROR_SHAPE, "a tensor has more than 4 GiB");
    }
    if (s->buffers.count == 0 && buffer == 0) return verify_quantization(s, &tensor, type, &shape);
    if (buffer >= s->buffers.count) return fail(s, RLT_ERROR_FORMAT, "a buffer number is out of range");
    rlt_table holder = rlt_element_table(file, &s->buffers, buffer);
    rlt_extent data = rlt_buffer(file, &holder);
    if (data.at != 0 && bits != 0 && sparsity.at == 0 && (open || data.bytes != (elements * bits + 7) / 8))
        return fail(s, RLT_ERROR_FORMAT, "a constant's data has not the size of its shape");
    return verify_quantization(s, &tensor, type, &shape);
}

/* Checks that each of the vector's elements is below `limit`, or -1 where that is allowed. */
static rlt_status verify_indices(const state *s, const rlt_vector *indices, uint32_t limit, int optional) {
    for (uint32_t i = 0; i < indices->count; i++) {
        int32_t index = rlt_element_i32(s->file, indices, i);
        if (!(index >= 0 && (uint32_t)index < limit) && !(optional && index == -1))
            return fail(s, RLT_ERROR_FORMAT, "a tensor number is out of range");
    }
    return RLT_OK;
}

static rlt_status verify_options(state *s, const rlt_table *op, const rlt_table *code) {
    uint32_t type = rlt_field_u8(s->file, op, OPERATOR_OPTIONS_TYPE, 0);
    if (rlt_operator_code(s->file, code) == COMPOSITE) { /* the only kind here whose options are in the second union */
        const uint32_t second = rlt_field_u8(s->file, op, OPERATOR_OPTIONS_2_TYPE, 0);
        rlt_field_table(s->file, op, OPERATOR_OPTIONS_2);
        if (second != 0 && second != COMPOSITE_OPTIONS)
            return fail(s, RLT_ERROR_FORMAT, "an operator has the options of another kind");
    }
    rlt_table options = rlt_field_table(s->file, op, OPERATOR_OPTIONS);
    const rlt_op_kind *kind = rlt_find_op_kind(s->file, code);
    if (s->file->fault != NULL || kind == NULL || kind->options == 0) return settle(s, RLT_OK);
    if (type != 0 && type != kind->options)
        return fail(s, RLT_ERROR_FORMAT, "an operator has the options of another kind");
    /* The options that hold a vector: ReshapeOptions and SqueezeOptions, both in their first field. */
    if (type == 17 || type == 30) rlt_field_vector(s->file, &options, 0, 4);
    if (type == 111) {
        rlt_field_vector(s->file, &options, VAR_HANDLE_CONTAINER, 1);
        rlt_field_vector(s->file, &options, VAR_HANDLE_NAME, 1);
    }
    return settle(s, RLT_OK);
}

static rlt_status verify_operator(state *s, const rlt_vector *operators, uint32_t index) {
    rlt_file *file = s->file;
    s->op = (int32_t)index;
    rlt_table op = rlt_element_table(file, operators, index);
    uint32_t code_index = rlt_field_u32(file, &op, OPERATOR_CODE, 0);
    rlt_vector inputs = rlt_field_vector(file, &op, OPERATOR_INPUTS, 4);
    rlt_vector outputs = rlt_field_vector(file, &op, OPERATOR_OUTPUTS, 4);
    rlt_vector intermediates = rlt_field_vector(file, &op, OPERATOR_INTERMEDIATES, 4);
    if (file->fault != NULL) return settle(s, RLT_OK);
    if (code_index >= s->codes.count) return fail(s, RLT_ERROR_FORMAT, "an operator code number is out of range");
    rlt_status status = verify_indices(s, &inputs, s->tensors.count, 1);
    if (status == RLT_OK) status = verify_indices(s, &outputs, s->tensors.count, 1);
    if (status == RLT_OK) status = verify_indices(s, &intermediates, s->tensors.count, 1);
    if (status != RLT_OK) return status;
    rlt_table code = rlt_element_table(file, &s->codes, code_index);
    return verify_options(s, &op, &code);
}

static rlt_status verify_subgraph(state *s, const rlt_vector *subgraphs, uint32_t index) {
    rlt_file *file = s->file;
    s->subgraph = index;
    s->op = s->tensor = -1;
    rlt_table subgraph = rlt_element_table(file, subgraphs, index);
    s->tensors = rlt_field_vector(file, &subgraph, SUBGRAPH_TENSORS, 4);
    rlt_vector inputs = rlt_field_vector(file, &subgraph, SUBGRAPH_INPUTS, 4);
    rlt_vector outputs = rlt_field_vector(file, &subgraph, SUBGRAPH_OUTPUTS, 4);
    rlt_vector operators = rlt_field_vector(file, &subgraph, SUBGRAPH_OPERATORS, 4);
    rlt_field_vector(file, &subgraph, SUBGRAPH_NAME, 1);
    rlt_status status = settle(s, RLT_OK);
    if (status == RLT_OK) status = verify_indices(s, &inputs, s->tensors.count, 0);
    if (status == RLT_OK) status = verify_indices(s, &outputs, s->tensors.count, 0);
    for (uint32_t i = 0; status == RLT_OK && i < s->tensors.count; i++) {
        status = verify_tensor(s, i);
        status = settle(s, status);
    }
    s->tensor = -1;
    for (uint32_t i = 0; status == RLT_OK && i < operators.count; i++) {
        status = verify_operator(s, &operators, i);
        status = settle(s, status);
    }
    return status;
}

rlt_status rlt_verify_file(rlt_file *file, rlt_error *error) {
    state s = {file, error, 0, -1, -1, {0, 0}, {0, 0}, {0, 0}};
    rlt_table model = rlt_root(file);
    if (file->fault == NULL && rlt_field_u32(file, &model, MODEL_VERSION, 0) != 3)
        return fail(&s, RLT_ERROR_FORMAT, "its schema version is not 3");
    s.codes = rlt_field_vector(file, &model, MODEL_CODES, 4);
    s.buffers = rlt_field_vector(file, &model, MODEL_BUFFERS, 4);
    rlt_vector subgraphs = rlt_field_vector(file, &model, MODEL_SUBGRAPHS, 4);
    rlt_vector metadata = rlt_field_vector(file, &model, MODEL_METADATA, 4);
    for (uint32_t i = 0; file->fault == NULL && i < s.codes.count; i++) {
        rlt_table code = rlt_element_table(file, &s.codes, i);
        rlt_field_vector(file, &code, CODE_CUSTOM, 1);
    }
    for (uint32_t i = 0; file->fault == NULL && i < s.buffers.count; i++) {
        rlt_table buffer = rlt_element_table(file, &s.buffers, i);
        rlt_buffer(file, &buffer);
    }
    for (uint32_t i = 0; file->fault == NULL && i < metadata.count; i++) {
        rlt_table entry = rlt_element_table(file, &metadata, i);
        rlt_field_vector(file, &entry, METADATA_NAME, 1);
        if (rlt_field_u32(file, &entry, METADATA_BUFFER, 0) >= s.buffers.count)
            return fail(&s, RLT_ERROR_FORMAT, "metadata has a buffer number out of range");
    }
    rlt_status status = settle(&s, RLT_OK);
    if (status == RLT_OK && subgraphs.count == 0) status = fail(&s, RLT_ERROR_FORMAT, "it has no subgraph");
    for (uint32_t i = 0; status == RLT_OK && i < subgraphs.count; i++) status = verify_subgraph(&s, &subgraphs, i);
    return status;
}

rlt_status rlt_verify(const void *model, size_t size, rlt_error *error) {
    rlt_file file;
    rlt_error_start(error, RLT_OK, -1, -1);
    rlt_status status = rlt_file_open(&file, model, size, error);
    return status == RLT_OK ? rlt_verify_file(&file, error) : status;
}
