/* Float16 and sparse weights. A file may keep constants as float16 behind a DEQUANTIZE. Expanding all of them at once would need
 * twice their size before any packing. So the DEQUANTIZE is put off: the values are expanded for one consumer at a
 * time, in transient memory, where its prepare function can pack them. Where memory does not suffice, the DEQUANTIZE
 * becomes an ordinary step in front of that consumer. The same holds for a DENSIFY of sparse constants, alone or before
 * such a DEQUANTIZE; it never becomes a step. */
#include <string.h>

#include "state.h"

float rlt_half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16, exponent = (half >> 10) & 31u, fraction = half & 0x3FFu;
    uint32_t bits;
    float value;
    if (exponent == 0) { /* zero or subnormal: fraction x 2^-24 */
        value = (float)fraction * 0x1p-24f;
        memcpy(&bits, &value, sizeof bits);
        bits |= sign;
    } else if (exponent == 31) {
        bits = sign | 0x7F800000u | fraction << 13;
    } else {
        bits = sign | (exponent + 112) << 23 | fraction << 13;
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The input of the put-off operator that makes `tensor`; NULL if none does. */
static const rlt_tensor *source_of(rlt_prepare_state *p, const rlt_tensor *tensor) {
    const uint32_t maker = p->places[tensor->index].dequantize;
    if (maker == 0) return NULL;
    rlt_table op = rlt_element_table(&p->file, &p->frame.operator_tables, maker - 1);
    rlt_vector inputs = rlt_field_vector(&p->file, &op, OPERATOR_INPUTS, 4);
    return rlt_tensor_at(p, rlt_element_i32(&p->file, &inputs, 0));
}

int rlt_defer_half(rlt_prepare_state *p, const rlt_op *op) {
    const rlt_tensor *from = rlt_input(p, op, 0), *to = rlt_output(p, op, 0);
    if ((op->code != DEQUANTIZE && op->code != DENSIFY) || op->input_count != 1 || op->output_count != 1) return 0;
    if (from == NULL || to == NULL || (from->data == NULL && source_of(p, from) == NULL)) return 0;
    if (op->code == DENSIFY && (!(p->places[from->index].flags & TENSOR_SPARSE) || from->type != to->type)) return 0;
    if (op->code == DEQUANTIZE && (from->type != RLT_FLOAT16 || to->type != RLT_FLOAT32)) return 0;
    if (from->elements != to->elements || (p->places[to->index].flags & TENSOR_OUTPUT)) return 0;
    p->places[to->index].dequantize = op->index + 1;
    return 1;
}

static void put_half(void *to, size_t at, const uint8_t *values, uint32_t i) {
    ((float *)to)[at] = rlt_half_to_float(rlt_load_u16(values + 2 * (size_t)i));
}

static void put_8(void *to, size_t at, const uint8_t *values, uint32_t i) {
    ((uint8_t *)to)[at] = values[i];
}

static void put_16(void *to, size_t at, const uint8_t *values, uint32_t i) {
    ((uint16_t *)to)[at] = rlt_load_u16(values + 2 * (size_t)i);
}

static void put_32(void *to, size_t at, const uint8_t *values, uint32_t i) {
    ((uint32_t *)to)[at] = rlt_load_u32(values + 4 * (size_t)i);
}

/* NULL for types that are never sparse. */
static rlt_put_value put_function(uint32_t from, uint32_t to) {
    if (from == RLT_FLOAT16 && to == RLT_FLOAT32) return put_half;
    switch (rlt_type_bits(from)) {
        case 8: return put_8;
        case 16: return put_16;
        case 32: return put_32;
        default: return NULL;
    }
}

void rlt_expand_half(rlt_prepare_state *p, rlt_tensor *tensor) {
    rlt_place *place = &p->places[tensor->index];
    const rlt_tensor *from = source_of(p, tensor);
    const rlt_tensor *sparse = from->data != NULL ? from : source_of(p, from);
    uint32_t *flags = &p->places[sparse->index].flags;
    if (*flags & TENSOR_RESERVED) { /* what was held back for it */
        *flags &= ~(uint32_t)TENSOR_RESERVED;
        p->held -= (size_t)sparse->bytes + MOVE_ROOM;
    }
    if (rlt_constant_room(p) < (size_t)tensor->bytes + MOVE_ROOM) return;
    const size_t bytes = ((size_t)tensor->bytes + 7) & ~(size_t)7; /* back stays a multiple of 8 */
    p->back -= bytes;
    uint8_t *to = p->image + p->back;
    if (bytes != 0) memset(to + bytes - 8, 0, 8);
    if (p->places[sparse->index].flags & TENSOR_SPARSE) {
        memset(to, 0, tensor->bytes);
        if (rlt_expand_sparse(p, sparse, put_function(sparse->type, tensor->type), to) != RLT_OK) return;
    } else {
        for (uint32_t i = 0; i < tensor->elements; i++) put_half(to, i, from->data, i);
    }
    tensor->data = to;
    place->flags |= TENSOR_TRANSIENT;
}

void rlt_drop_halves(rlt_prepare_state *p, size_t back) {
    for (uint32_t i = 0; i < p->op_inputs.count; i++) {
        rlt_tensor *tensor = rlt_tensor_at(p, rlt_element_i32(&p->file, &p->op_inputs, i));
        if (tensor == NULL || !(p->places[tensor->index].flags & TENSOR_TRANSIENT)) continue;
        rlt_pack_again(p, tensor);
        p->places[tensor->index].flags &= ~(uint32_t)TENSOR_TRANSIENT;
    }
    p->back = back;
}
