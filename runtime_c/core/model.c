#include "model.h"

#include <string.h>

uint16_t rlt_load_u16(const uint8_t *at) {
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

uint32_t rlt_load_u32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

uint64_t rlt_load_u64(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static void fault(rlt_file *file, const char *what) {
    if (file->fault == NULL) file->fault = what;
}

/* Counts visited bytes and says whether [at, at + bytes) lies in the file. */
static int visit(rlt_file *file, uint64_t at, uint64_t bytes) {
    if (at > file->size || bytes > file->size - at) {
        fault(file, "an offset leads outside the file");
        return 0;
    }
    if (bytes > file->work) {
        fault(file, "its tables refer to each other too often");
        return 0;
    }
    file->work -= bytes;
    return 1;
}

static const rlt_table NO_TABLE = {0, 0, 0, 0};
static const rlt_vector NO_VECTOR = {0, 0};

rlt_table rlt_table_at(rlt_file *file, uint64_t at) {
    if (!visit(file, at, 4)) return NO_TABLE;
    if (at % 4 != 0) {
        fault(file, "a table is not aligned");
        return NO_TABLE;
    }
    int64_t vtable = (int64_t)at - (int32_t)rlt_load_u32(file->bytes + at);
    if (vtable < 0 || vtable % 2 != 0 || !visit(file, (uint64_t)vtable, 4)) {
        fault(file, "a table's field list is outside the file");
        return NO_TABLE;
    }
    rlt_table table = {(uint32_t)at, (uint32_t)vtable, rlt_load_u16(file->bytes + vtable),
                       rlt_load_u16(file->bytes + vtable + 2)};
    if (table.vtable_bytes < 4 || table.vtable_bytes % 2 != 0 || table.bytes < 4 ||
        !visit(file, table.vtable, table.vtable_bytes) || !visit(file, at, table.bytes)) {
        fault(file, "a table's field list is damaged");
        return NO_TABLE;
    }
    return table;
}

rlt_table rlt_root(rlt_file *file) {
    if (file->size < 16 || memcmp(file->bytes + 4, "TFL3", 4) != 0) {
        fault(file, "the identifier TFL3 is missing");
        return NO_TABLE;
    }
    return rlt_table_at(file, rlt_load_u32(file->bytes));
}

/* Position of a field's value of `bytes`, 0 where absent. */
static uint32_t field(rlt_file *file, const rlt_table *table, uint32_t id, uint32_t bytes) {
    if (table->at == 0 || 4 + 2 * id + 2 > table->vtable_bytes) return 0;
    uint32_t offset = rlt_load_u16(file->bytes + table->vtable + 4 + 2 * id);
    if (offset == 0) return 0;
    if (offset < 4 || offset + bytes > table->bytes) {
        fault(file, "a field lies outside its table");
        return 0;
    }
    return table->at + offset;
}

uint32_t rlt_field_u8(rlt_file *file, const rlt_table *table, uint32_t id, uint32_t missing) {
    uint32_t at = field(file, table, id, 1);
    return at ? file->bytes[at] : missing;
}

uint32_t rlt_field_u32(rlt_file *file, const rlt_table *table, uint32_t id, uint32_t missing) {
    uint32_t at = field(file, table, id, 4);
    return at ? rlt_load_u32(file->bytes + at) : missing;
}

uint64_t rlt_field_u64(rlt_file *file, const rlt_table *table, uint32_t id, uint64_t missing) {
    uint32_t at = field(file, table, id, 8);
    return at ? rlt_load_u64(file->bytes + at) : missing;
}

rlt_table rlt_field_table(rlt_file *file, const rlt_table *table, uint32_t id) {
    uint32_t at = field(file, table, id, 4);
    return at ? rlt_table_at(file, (uint64_t)at + rlt_load_u32(file->bytes + at)) : NO_TABLE;
}

rlt_vector rlt_field_vector(rlt_file *file, const rlt_table *table, uint32_t id, uint32_t element_bytes) {
    uint32_t at = field(file, table, id, 4);
    if (at == 0) return NO_VECTOR;
    uint64_t start = (uint64_t)at + rlt_load_u32(file->bytes + at);
    if (!visit(file, start, 4)) return NO_VECTOR;
    rlt_vector vector = {(uint32_t)start + 4, rlt_load_u32(file->bytes + start)};
    uint64_t bytes = (uint64_t)vector.count * element_bytes;
    /* Bytes of raw data are only passed by; everything else is read element by element. */
    if (bytes > file->size - vector.at || (element_bytes > 1 && !visit(file, vector.at, bytes))) {
        fault(file, "a vector is longer than the file");
        return NO_VECTOR;
    }
    uint32_t align = element_bytes > 4 ? element_bytes : 4;
    if (start % 4 != 0 || (vector.count != 0 && vector.at % align != 0)) {
        fault(file, "a vector is not aligned");
        return NO_VECTOR;
    }
    return vector;
}

rlt_table rlt_element_table(rlt_file *file, const rlt_vector *vector, uint32_t i) {
    uint32_t at = vector->at + 4 * i;
    return rlt_table_at(file, (uint64_t)at + rlt_load_u32(file->bytes + at));
}

int32_t rlt_element_i32(const rlt_file *file, const rlt_vector *vector, uint32_t i) {
    return (int32_t)rlt_load_u32(file->bytes + vector->at + 4 * (size_t)i);
}

rlt_extent rlt_buffer(rlt_file *file, const rlt_table *buffer) {
    rlt_extent none = {0, 0};
    uint64_t offset = rlt_field_u64(file, buffer, BUFFER_OFFSET, 0);
    if (offset > 1) { /* the schema: "only valid if > 1" */
        uint64_t size = rlt_field_u64(file, buffer, BUFFER_SIZE, 0);
        if (offset > file->size || size > file->size - offset) {
            fault(file, "a buffer lies outside the file");
            return none;
        }
        rlt_extent outside = {(uint32_t)offset, (uint32_t)size};
        return size ? outside : none;
    }
    rlt_vector data = rlt_field_vector(file, buffer, BUFFER_DATA, 1);
    rlt_extent inside = {data.at, data.count};
    return data.count ? inside : none;
}

int32_t rlt_operator_code(rlt_file *file, const rlt_table *code) {
    int32_t old = (int8_t)rlt_field_u8(file, code, CODE_DEPRECATED, 0);
    int32_t builtin = (int32_t)rlt_field_u32(file, code, CODE_BUILTIN, 0);
    return old > builtin ? old : builtin;
}

uint32_t rlt_type_bits(uint32_t type) {
    static const uint8_t bits[] = {32, 16, 32, 8, 64, 0, 8, 16, 64, 8, 64, 128, 64, 32, 0, 32, 16, 4, 16, 2, 4, 8, 8};
    return type < sizeof bits ? bits[type] : 0;
}
