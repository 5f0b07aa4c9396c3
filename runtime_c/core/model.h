/* Bounds-checked reading of a .tflite flatbuffer, in place. Host only.
 *
 * Every accessor checks against the file's end and is harmless on any bytes: a violation is noted once in
 * `file->fault` and the thing read counts as absent. So the verifier reads first and asks for the fault afterwards,
 * and readers of a verified file need not ask at all.
 *
 * Layout facts: flatbuffers.dev/internals; field numbers are the order in LiteRT's schema.fbs. */
#ifndef RLT_MODEL_H
#define RLT_MODEL_H

#include "rillet.h"

typedef struct {
    const uint8_t *bytes;
    uint32_t size;
    const char *fault; /* first violation, a static sentence part; NULL: none */
    uint64_t work;     /* bytes of structure that may still be visited: aliased tables cannot make a file expensive */
} rlt_file;

typedef struct {
    uint32_t at; /* position in the file; 0: absent */
    uint32_t vtable;
    uint32_t vtable_bytes, bytes;
} rlt_table;

typedef struct {
    uint32_t at; /* position of the first element; 0: absent */
    uint32_t count;
} rlt_vector;

/* Field numbers of the tables that are read. */
enum { MODEL_VERSION, MODEL_CODES, MODEL_SUBGRAPHS, MODEL_DESCRIPTION, MODEL_BUFFERS, MODEL_METADATA_BUFFER,
       MODEL_METADATA };
enum { CODE_DEPRECATED, CODE_CUSTOM, CODE_VERSION, CODE_BUILTIN };
enum { SUBGRAPH_TENSORS, SUBGRAPH_INPUTS, SUBGRAPH_OUTPUTS, SUBGRAPH_OPERATORS, SUBGRAPH_NAME };
enum { TENSOR_SHAPE, TENSOR_TYPE, TENSOR_BUFFER, TENSOR_NAME, TENSOR_QUANTIZATION, TENSOR_IS_VARIABLE,
       TENSOR_SPARSITY, TENSOR_SHAPE_SIGNATURE, TENSOR_HAS_RANK, TENSOR_VARIANTS, TENSOR_EXTERNAL_BUFFER };
enum { QUANTIZATION_MIN, QUANTIZATION_MAX, QUANTIZATION_SCALE, QUANTIZATION_ZERO_POINT, QUANTIZATION_DETAILS_TYPE,
       QUANTIZATION_DETAILS, QUANTIZATION_AXIS };
enum { OPERATOR_CODE, OPERATOR_INPUTS, OPERATOR_OUTPUTS, OPERATOR_OPTIONS_TYPE, OPERATOR_OPTIONS,
       OPERATOR_CUSTOM_OPTIONS, OPERATOR_CUSTOM_FORMAT, OPERATOR_MUTATING, OPERATOR_INTERMEDIATES,
       OPERATOR_LARGE_OFFSET, OPERATOR_LARGE_SIZE, OPERATOR_OPTIONS_2_TYPE, OPERATOR_OPTIONS_2 };
/* Operators (BuiltinOperator) that core itself knows. */
enum { CONV_2D = 3, DEPTHWISE_CONV_2D = 4, DEQUANTIZE = 6, CUSTOM = 32, IF = 118, WHILE = 119, DENSIFY = 124,
       CALL_ONCE = 129, VAR_HANDLE = 142, READ_VARIABLE = 143, ASSIGN_VARIABLE = 144, RANDOM_NORMAL = 146,
       RANDOM_UNIFORM = 148, COMPOSITE = 206 };
enum { COMPOSITE_OPTIONS = 21 }; /* in the union BuiltinOptions2 */
enum { VAR_HANDLE_CONTAINER, VAR_HANDLE_NAME };

enum { SPARSITY_ORDER, SPARSITY_BLOCKS, SPARSITY_DIMENSIONS };
enum { DIMENSION_FORMAT, DIMENSION_SIZE, DIMENSION_SEGMENTS_TYPE, DIMENSION_SEGMENTS, DIMENSION_INDICES_TYPE,
       DIMENSION_INDICES };

enum { BUFFER_DATA, BUFFER_OFFSET, BUFFER_SIZE };
enum { METADATA_NAME, METADATA_BUFFER };

/* Little-endian loads from any address; microcontroller and desktop targets are all little-endian. */
uint16_t rlt_load_u16(const uint8_t *at);
uint32_t rlt_load_u32(const uint8_t *at);
uint64_t rlt_load_u64(const uint8_t *at);

/* The root table (Model), after the checks of size and identifier "TFL3". */
rlt_table rlt_root(rlt_file *file);

/* Scalar fields; `missing` is the schema's default. */
uint32_t rlt_field_u8(rlt_file *file, const rlt_table *table, uint32_t id, uint32_t missing);
uint32_t rlt_field_u32(rlt_file *file, const rlt_table *table, uint32_t id, uint32_t missing);
uint64_t rlt_field_u64(rlt_file *file, const rlt_table *table, uint32_t id, uint64_t missing);

/* A table or vector that a field points to. */
rlt_table rlt_field_table(rlt_file *file, const rlt_table *table, uint32_t id);
rlt_vector rlt_field_vector(rlt_file *file, const rlt_table *table, uint32_t id, uint32_t element_bytes);

/* Elements. `i` must be below count. */
rlt_table rlt_element_table(rlt_file *file, const rlt_vector *vector, uint32_t i);
int32_t rlt_element_i32(const rlt_file *file, const rlt_vector *vector, uint32_t i);

/* The table at a position; checks it and its vtable. */
rlt_table rlt_table_at(rlt_file *file, uint64_t at);

/* Where a Buffer's bytes are: inside the flatbuffer, or after it by offset and size. */
typedef struct {
    uint32_t at; /* 0: no data */
    uint32_t bytes;
} rlt_extent;
rlt_extent rlt_buffer(rlt_file *file, const rlt_table *buffer);

/* BuiltinOperator of an OperatorCode, whichever of its two fields holds it. */
int32_t rlt_operator_code(rlt_file *file, const rlt_table *code);

/* Bits of one element of a TensorType; 0 where it has no fixed size or is unknown. */
uint32_t rlt_type_bits(uint32_t type);

#endif
