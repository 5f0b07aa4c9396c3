/* PAD in front of a convolution. Convolutions know padding of their own, so a PAD whose values are what they take outside
 * the image is put off: a convolution that can, pads itself and reads the PAD's input, and the padded copy never exists.
 * In front of any other reader the PAD becomes an ordinary step. */
#include "state.h"

enum { VALID = 1, PADDING = 0, CONV_DILATION = 4, DEPTHWISE_DILATION = 5 }; /* fields of the options tables */

int rlt_defer_pad(rlt_prepare_state *p, const rlt_op *op, const int32_t *paddings) {
    const rlt_tensor *from = rlt_input(p, op, 0), *to = rlt_output(p, op, 0);
    rlt_place *place = &p->places[to->index];
    if (place->pad != 0 || p->depth != 0 || (p->config.flags & RLT_KEEP_ALL)) return 0;
    if (from->data != NULL || from->rank != 4 || (place->flags & TENSOR_OUTPUT)) return 0;
    /* A variable may be written before the convolution reads it. */
    if (p->places[rlt_root_of(p, (uint32_t)from->index)].flags & TENSOR_STATEFUL) return 0;
    if (paddings[0] || paddings[1] || paddings[6] || paddings[7]) return 0;
    place->pad = (int32_t)op->index + 1;
    return 1;
}

/* The put-off operator that makes `tensor`. */
static rlt_table maker_of(rlt_prepare_state *p, const rlt_tensor *tensor) {
    return rlt_element_table(&p->file, &p->frame.operator_tables, (uint32_t)p->places[tensor->index].pad - 1);
}

static rlt_tensor *operand_of(rlt_prepare_state *p, rlt_table op, uint32_t i) {
    rlt_vector inputs = rlt_field_vector(&p->file, &op, OPERATOR_INPUTS, 4);
    return rlt_tensor_at(p, rlt_element_i32(&p->file, &inputs, i));
}

rlt_tensor *rlt_unpadded_input(rlt_prepare_state *p, const rlt_op *op, uint32_t i, rlt_pads *pads) {
    rlt_tensor *input = rlt_input(p, op, i);
    *pads = (rlt_pads){0, 0, 0, 0};
    if (input == NULL || p->places[input->index].pad <= 0) return input;
    const rlt_table maker = maker_of(p, input);
    const rlt_tensor *amounts = operand_of(p, maker, 1);
    *pads = (rlt_pads){rlt_const_i32(amounts, 2), rlt_const_i32(amounts, 3), rlt_const_i32(amounts, 4),
                       rlt_const_i32(amounts, 5)};
    return operand_of(p, maker, 0);
}

/* No more on either side than SAME would put there for some size: all that kernels are made for. */
static int is_usual(int32_t before, int32_t after, int32_t kernel) {
    return before <= (kernel - 1) / 2 && after <= kernel / 2;
}

int rlt_pads_itself(rlt_prepare_state *p, const rlt_op *op, uint32_t i) {
    const rlt_tensor *weights = rlt_input(p, op, 1);
    const uint32_t dilation = op->code == CONV_2D ? CONV_DILATION : DEPTHWISE_DILATION;
    rlt_pads pads;
    if ((op->code != CONV_2D && op->code != DEPTHWISE_CONV_2D) || i != 0 || weights == NULL || weights->rank != 4) return 0;
    if (rlt_option_u8(op, PADDING, 0) != VALID) return 0;
    if (rlt_option_i32(op, dilation, 1) != 1 || rlt_option_i32(op, dilation + 1, 1) != 1) return 0;
    const rlt_tensor *input = rlt_unpadded_input(p, op, 0, &pads);
    /* Weights of another kind mean that the kernel quantizes the image itself, by all of its values. */
    if (input->type == RLT_FLOAT32 && weights->type != RLT_FLOAT32) return 0;
    return is_usual(pads.top, pads.bottom, weights->dims[1]) && is_usual(pads.left, pads.right, weights->dims[2]);
}
