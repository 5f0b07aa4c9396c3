/* Float16 weights. A file may keep constants as float16 behind a DEQUANTIZE. Expanding all of them at once would need
 * twice their size before any packing. So the DEQUANTIZE is put off: the values are expanded for one consumer at a
 * time, in transient memory, where its prepare function can pack them. Where memory does not suffice, the DEQUANTIZE
 * becomes an ordinary step in front of that consumer. */
#include <string.h>

#include "state.h"

static float half_to_float(uint16_t half) {
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

int rlt_defer_half(rlt_prepare_state *p, const rlt_op *op) {
    const rlt_tensor *from = rlt_input(p, op, 0), *to = rlt_output(p, op, 0);
    if (op->code != DEQUANTIZE || op->input_count != 1 || op->output_count != 1) return 0;
    if (from == NULL || to == NULL || from->data == NULL) return 0;
    if (from->type != RLT_FLOAT16 || to->type != RLT_FLOAT32) return 0;
    if (from->elements != to->elements || (p->places[to->index].flags & TENSOR_OUTPUT)) return 0;
    p->places[to->index].dequantize = op->index + 1;
    return 1;
}

void rlt_expand_half(rlt_prepare_state *p, rlt_tensor *tensor) {
    rlt_place *place = &p->places[tensor->index];
    if (rlt_constant_room(p) < (size_t)tensor->bytes + 64) return; /* 64: it may have to move to an aligned place */
    rlt_table op = rlt_element_table(&p->file, &p->operator_tables, place->dequantize - 1);
    rlt_vector inputs = rlt_field_vector(&p->file, &op, OPERATOR_INPUTS, 4);
    const rlt_tensor *from = &p->tensors[rlt_element_i32(&p->file, &inputs, 0)];
    p->back = (p->back - tensor->bytes) & ~(size_t)7;
    uint8_t *to = p->image + p->back;
    for (uint32_t i = 0; i < tensor->elements; i++) {
        float value = half_to_float(rlt_load_u16(from->data + 2 * (size_t)i));
        memcpy(to + 4 * (size_t)i, &value, sizeof value);
    }
    tensor->data = to;
    place->flags |= TENSOR_TRANSIENT;
}

void rlt_drop_halves(rlt_prepare_state *p, size_t back) {
    for (uint32_t i = 0; i < p->op_inputs.count; i++) {
        int32_t index = rlt_element_i32(&p->file, &p->op_inputs, i);
        if (index < 0 || !(p->places[index].flags & TENSOR_TRANSIENT)) continue;
        p->tensors[index].data = NULL;
        p->places[index].flags &= ~(uint32_t)TENSOR_TRANSIENT;
    }
    p->back = back;
}
