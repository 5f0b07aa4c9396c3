/* rillet.MAX_POOL_2D_GRADIENT (x, y, dy; dx) and rillet.AVERAGE_POOL_2D_GRADIENT (dy, input shape; dx). Options are those of
 * the pool. */
#include "../common/prepare_common.h"
#include "../common/prepare_f32.h"
#include "pool_2d_gradient.h"

/* Fields of Pool2DOptions. */
enum { PADDING, STRIDE_W, STRIDE_H, FILTER_WIDTH, FILTER_HEIGHT, ACTIVATION };

static rlt_status prepare(rlt_prepare_state *p, const rlt_op *op, uint32_t kernel, const int32_t *shape,
                          const rlt_tensor *x, const rlt_tensor *y, const rlt_tensor *dy) {
    rlt_tensor *dx = rlt_output(p, op, 0);
    rlt_window w = {
        .out_c = shape[3], .kernel_h = rlt_option_i32(op, FILTER_HEIGHT, 0), .kernel_w = rlt_option_i32(op, FILTER_WIDTH, 0),
        .stride_h = rlt_option_i32(op, STRIDE_H, 0), .stride_w = rlt_option_i32(op, STRIDE_W, 0),
        .dilation_h = 1, .dilation_w = 1,
    };
    RLT_TRY(rlt_need_type(p, dy, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, dx, RLT_FLOAT32));
    if (rlt_option_u8(op, ACTIVATION, RLT_ACT_NONE) != RLT_ACT_NONE)
        return rlt_fail(p, RLT_ERROR_OPTION, NULL, "a gradient has no fused activation");
    for (int i = 0; i < 4; i++)
        if (shape[i] < 1) return rlt_fail(p, RLT_ERROR_SHAPE, dx, "a size is not positive");
    RLT_TRY(rlt_gradient_window(p, shape, dy, rlt_option_u8(op, PADDING, 0), &w));
    RLT_TRY(rlt_set_shape(p, dx, 4, shape));
    const uint64_t taps = (uint64_t)dy->elements * (uint32_t)w.kernel_h * (uint32_t)w.kernel_w;
    rlt_pool_2d_gradient_params *k =
        rlt_add_step(p, op, kernel, sizeof *k, RLT_POOL_2D_GRADIENT_REFS,
                     rlt_tasks(p, RLT_COST_OPERATION, taps, rlt_pool_gradient_pieces(&w)));
    if (!k) return RLT_ERROR_MEMORY;
    k->x = rlt_ref_of(p, x);
    k->y = rlt_ref_of(p, y);
    k->dy = rlt_ref_of(p, dy);
    k->dx = rlt_ref_of(p, dx);
    k->window = w;
    return RLT_OK;
}

rlt_status rlt_prepare_max_pool_2d_gradient(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 3, 1));
    const rlt_tensor *x = rlt_input(p, op, 0), *y = rlt_input(p, op, 1), *dy = rlt_input(p, op, 2);
    RLT_TRY(rlt_need_type(p, x, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, y, RLT_FLOAT32));
    RLT_TRY(rlt_need_rank(p, x, 4));
    if (y->elements != dy->elements) return rlt_fail(p, RLT_ERROR_SHAPE, dy, "has not the shape of the pool's output");
    return prepare(p, op, RLT_S8_KERNEL(p, max_pool_2d_gradient_f32), x->dims, x, y, dy);
}

rlt_status rlt_prepare_average_pool_2d_gradient(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    int32_t shape[4];
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, 1), 4, shape, NULL));
    return prepare(p, op, RLT_S8_KERNEL(p, average_pool_2d_gradient_f32), shape, NULL, NULL, rlt_input(p, op, 0));
}
