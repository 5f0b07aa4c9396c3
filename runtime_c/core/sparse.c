/* Sparse constants: a tree with a level per dimension, each dense (all indices there) or compressed (per node, a
 * segment of a list of indices). Values are those of the leaves. */
#include <string.h>

#include "state.h"

enum { DENSE, COMPRESSED };
enum { INT32_VECTOR = 1, UINT16_VECTOR, UINT8_VECTOR };

/* Numbers of 1, 2 or 4 bytes. */
typedef struct {
    rlt_vector values;
    uint32_t bytes;
} numbers;

typedef struct {
    uint32_t format, size;
    uint64_t stride; /* elements of the dense tensor */
    numbers segments, indices;
} level;

typedef struct {
    rlt_prepare_state *p;
    level levels[RLT_MAX_RANK];
    uint32_t rank;
    uint32_t next, count; /* values used, values there */
    rlt_put_value put;
    void *to;
    const uint8_t *values;
} tree;

static numbers read_numbers(rlt_file *file, const rlt_table *dimension, uint32_t type_field) {
    static const uint8_t bytes[] = {0, 4, 2, 1};
    uint32_t type = rlt_field_u8(file, dimension, type_field, 0);
    numbers found = {{0, 0}, type <= UINT8_VECTOR ? bytes[type] : 0};
    if (found.bytes == 0) return found;
    rlt_table holder = rlt_field_table(file, dimension, type_field + 1);
    found.values = rlt_field_vector(file, &holder, 0, found.bytes);
    return found;
}

static uint32_t number(const rlt_file *file, const numbers *n, uint32_t i) {
    const uint8_t *at = file->bytes + n->values.at + (size_t)i * n->bytes;
    return n->bytes == 4 ? rlt_load_u32(at) : n->bytes == 2 ? rlt_load_u16(at) : *at;
}

/* Reads the levels; the order in which dimensions are walked through may be any, blocks are not supported. */
static int read_levels(tree *t, const rlt_tensor *tensor, const rlt_table *sparsity) {
    rlt_file *file = &t->p->file;
    rlt_vector order = rlt_field_vector(file, sparsity, SPARSITY_ORDER, 4);
    rlt_vector blocks = rlt_field_vector(file, sparsity, SPARSITY_BLOCKS, 4);
    rlt_vector dimensions = rlt_field_vector(file, sparsity, SPARSITY_DIMENSIONS, 4);
    uint32_t seen = 0;
    t->rank = tensor->rank;
    if (blocks.count != 0 || t->rank == 0 || dimensions.count != t->rank || order.count != t->rank) return 0;
    for (uint32_t i = 0; i < t->rank; i++) {
        rlt_table dimension = rlt_element_table(file, &dimensions, i);
        uint32_t axis = (uint32_t)rlt_element_i32(file, &order, i);
        if (axis >= t->rank || (seen & 1u << axis)) return 0;
        seen |= 1u << axis;
        level *l = &t->levels[i];
        *l = (level){rlt_field_u8(file, &dimension, DIMENSION_FORMAT, DENSE), (uint32_t)tensor->dims[axis], 1,
                     read_numbers(file, &dimension, DIMENSION_SEGMENTS_TYPE),
                     read_numbers(file, &dimension, DIMENSION_INDICES_TYPE)};
        for (uint32_t d = axis + 1; d < t->rank; d++) l->stride *= (uint32_t)tensor->dims[d];
        if (l->format == DENSE && rlt_field_u32(file, &dimension, DIMENSION_SIZE, 0) != l->size) return 0;
        if (l->format > COMPRESSED) return 0;
        if (l->format == COMPRESSED && (l->segments.bytes == 0 || l->indices.bytes == 0)) return 0;
    }
    return file->fault == NULL;
}

/* Node `node` of level `depth`, whose first element is at `offset`. Nodes of a level come in order, and segments may
 * not run backwards, so each entry is visited once at most. */
static int walk(tree *t, uint32_t depth, uint32_t node, uint64_t offset) {
    if (depth == t->rank) {
        if (t->next == t->count) return 0;
        t->put(t->to, (size_t)offset, t->values, t->next++);
        return 1;
    }
    const level *l = &t->levels[depth];
    const rlt_file *file = &t->p->file;
    if (l->format == DENSE) {
        for (uint32_t i = 0; i < l->size; i++)
            if (!walk(t, depth + 1, node * l->size + i, offset + i * l->stride)) return 0;
        return 1;
    }
    if (node >= l->segments.values.count || l->segments.values.count - node < 2) return 0;
    uint32_t first = number(file, &l->segments, node), last = number(file, &l->segments, node + 1);
    if (first > last || last > l->indices.values.count) return 0;
    for (uint32_t i = first, least = 0; i < last; i++) {
        uint32_t index = number(file, &l->indices, i);
        if (index < least || index >= l->size) return 0;
        least = index + 1; /* rising, so that no level has more nodes than the dense tensor */
        if (!walk(t, depth + 1, i, offset + index * l->stride)) return 0;
    }
    return 1;
}

rlt_status rlt_expand_sparse(rlt_prepare_state *p, const rlt_tensor *tensor, rlt_put_value put, void *to) {
    rlt_table table = rlt_tensor_table(p, tensor);
    rlt_table sparsity = rlt_field_table(&p->file, &table, TENSOR_SPARSITY);
    rlt_table holder = rlt_element_table(&p->file, &p->buffer_tables,
                                         rlt_field_u32(&p->file, &table, TENSOR_BUFFER, 0));
    const uint32_t bits = rlt_type_bits(tensor->type);
    tree t = {.p = p, .put = put, .to = to, .values = tensor->data};
    if (put == NULL || bits < 8 || tensor->elements == 0)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, tensor, "sparse elements of this type");
    t.count = rlt_buffer(&p->file, &holder).bytes / (bits / 8);
    if (!read_levels(&t, tensor, &sparsity) || !walk(&t, 0, 0, 0) || t.next != t.count)
        return rlt_fail(p, RLT_ERROR_FORMAT, tensor, "its sparsity is damaged, or in blocks");
    return RLT_OK;
}
