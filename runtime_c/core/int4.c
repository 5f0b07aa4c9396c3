/* Constants of fewer bits than kernels work with. 4-bit weights, two values per byte, are unpacked to 8 bits for one
 * consumer at a time, as float16 ones are expanded (half.c): where its prepare function packs them, nothing of that
 * stays. Block-wise scales are a matter of the tables that the file keeps them in. */
#include <string.h>

#include "state.h"

enum { BLOCKWISE = 2 }; /* in the union QuantizationDetails */
enum { BLOCKWISE_SCALES, BLOCKWISE_ZERO_POINTS, BLOCKWISE_SIZE };
enum { FULLY_CONNECTED = 9 };

const rlt_tensor *rlt_block_scales(rlt_prepare_state *p, const rlt_tensor *tensor, uint32_t *block) {
    rlt_table table = rlt_tensor_table(p, tensor);
    rlt_table q = rlt_field_table(&p->file, &table, TENSOR_QUANTIZATION);
    if (rlt_field_u8(&p->file, &q, QUANTIZATION_DETAILS_TYPE, 0) != BLOCKWISE) return NULL;
    rlt_table details = rlt_field_table(&p->file, &q, QUANTIZATION_DETAILS);
    const uint32_t scales = rlt_field_u32(&p->file, &details, BLOCKWISE_SCALES, 0);
    *block = rlt_field_u32(&p->file, &details, BLOCKWISE_SIZE, 0);
    return scales < p->frame.tensor_tables.count ? rlt_tensor_at(p, (int32_t)scales) : NULL;
}

void rlt_unpack_int4(rlt_prepare_state *p, const rlt_op *op, rlt_tensor *tensor) {
    rlt_place *place = &p->places[tensor->index];
    const size_t bytes = ((size_t)tensor->elements + 7) & ~(size_t)7; /* back stays a multiple of 8 */
    if (op->code != CONV_2D && op->code != DEPTHWISE_CONV_2D && op->code != FULLY_CONNECTED) return;
    if (tensor->type != RLT_INT4 || tensor->data == NULL || tensor->scale_count == 0) return;
    if (rlt_constant_room(p) < bytes + MOVE_ROOM) return;
    p->back -= bytes;
    uint8_t *to = p->image + p->back;
    for (uint32_t i = 0; i < tensor->elements; i++) {
        const uint8_t nibble = (tensor->data[i / 2] >> (i % 2 * 4)) & 15;
        to[i] = (uint8_t)(nibble < 8 ? nibble : nibble - 16);
    }
    memset(to + tensor->elements, 0, bytes - tensor->elements);
    place->packed = tensor->data;
    place->flags |= TENSOR_TRANSIENT;
    tensor->data = to;
    tensor->type = RLT_INT8;
    tensor->bytes = tensor->elements;
}

void rlt_pack_again(rlt_prepare_state *p, rlt_tensor *tensor) {
    rlt_place *place = &p->places[tensor->index];
    tensor->data = place->packed;
    place->packed = NULL;
    if (tensor->data == NULL) return;
    tensor->type = RLT_INT4;
    rlt_measure(p, tensor);
}
