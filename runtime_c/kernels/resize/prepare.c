/* RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR: input [batches, h, w, channels], new size (constant, 2 values). */
#include "../common/prepare_common.h"
#include "../common/prepare_s8.h"
#include "resize.h"

/* Fields of ResizeNearestNeighborOptions; ResizeBilinearOptions has two retired ones before. */
enum { ALIGN_CORNERS, HALF_PIXEL_CENTERS, RETIRED = 2 };

static rlt_status add_resize(rlt_prepare_state *p, const rlt_op *op, uint32_t retired, uint32_t kernel,
                             uint32_t bytes) {
    const rlt_tensor *input = rlt_input(p, op, 0);
    rlt_tensor *output = rlt_output(p, op, 0);
    int32_t size[2];
    RLT_TRY(rlt_need_rank(p, input, 4));
    RLT_TRY(rlt_need_type(p, output, input->type));
    RLT_TRY(rlt_need_same_scale(p, input, output));
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 1), 2, size, NULL));
    const int align = rlt_option_u8(op, ALIGN_CORNERS + retired, 0);
    const int half = rlt_option_u8(op, HALF_PIXEL_CENTERS + retired, 0);
    if (align && half && retired) {
        return rlt_fail(p, RLT_ERROR_OPTION, NULL, "align_corners and half_pixel_centers exclude each other");
    }
    /* Places in the input have 10 fraction bits and 31 in all. */
    for (uint32_t i = 0; i < 2; i++) {
        if (size[i] < 1 || size[i] > 1 << 19 || input->dims[1 + i] < 1 || input->dims[1 + i] > 1 << 19) {
            return rlt_fail(p, RLT_ERROR_SHAPE, input, "height and width must be from 1 to 524288");
        }
    }
    const int32_t dims[4] = {input->dims[0], size[0], size[1], input->dims[3]};
    RLT_TRY(rlt_set_shape(p, output, 4, dims));
    const rlt_cost_kind cost = kernel == RLT_KERNEL_resize_nearest ? RLT_COST_ELEMENT
                               : input->type == RLT_FLOAT32        ? RLT_COST_RESIZE_F32
                                                                   : RLT_COST_RESIZE_S8;
    rlt_resize_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_RESIZE_REFS,
                                        rlt_tasks(p, cost, output->elements, (uint64_t)dims[0] * dims[1]));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, input);
    k->output = rlt_ref_of(p, output);
    k->batches = dims[0];
    k->in_h = input->dims[1];
    k->in_w = input->dims[2];
    k->out_h = dims[1];
    k->out_w = dims[2];
    k->channels = dims[3];
    k->align_corners = align != 0;
    k->half_pixel_centers = half != 0;
    k->bytes = bytes;
    return RLT_OK;
}

rlt_status rlt_prepare_resize_bilinear(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    const rlt_tensor *input = rlt_input(p, op, 0);
    switch (input->type) {
    case RLT_FLOAT32: return add_resize(p, op, RETIRED, RLT_S8_KERNEL(p, resize_bilinear_f32), 4);
    case RLT_INT8: return add_resize(p, op, RETIRED, RLT_KERNEL_resize_bilinear_s8, 1);
    case RLT_INT16: return add_resize(p, op, RETIRED, RLT_KERNEL_resize_bilinear_s16, 2);
    default: return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, input, "RESIZE_BILINEAR takes FLOAT32, INT16 or INT8");
    }
}

rlt_status rlt_prepare_resize_nearest_neighbor(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    const rlt_tensor *input = rlt_input(p, op, 0);
    switch (input->type) {
    case RLT_FLOAT32:
    case RLT_INT32: return add_resize(p, op, 0, RLT_KERNEL_resize_nearest, 4);
    case RLT_INT16: return add_resize(p, op, 0, RLT_KERNEL_resize_nearest, 2);
    case RLT_INT8:
    case RLT_UINT8: return add_resize(p, op, 0, RLT_KERNEL_resize_nearest, 1);
    default: return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, input, "no kernel for this element type");
    }
}
