/* rillet.BATCH_NORMALIZATION (x, gamma, beta, epsilon; y, mean, variance) and rillet.BATCH_NORMALIZATION_GRADIENT (x,
 * gamma, mean, variance, epsilon, dy; dx, dgamma, dbeta), over all axes but the last. */
#include "../common/prepare_f32.h"
#include "../common/prepare_common.h"
#include "batch_normalization.h"

enum { BLOCK_FLOATS = 8192, COST = 6 };

/* Checks operands: those at `of_channels` have a value per channel. */
static rlt_status check(rlt_prepare_state *p, const rlt_op *op, uint32_t inputs, const uint32_t *of_channels,
                        uint32_t count, uint32_t epsilon) {
    RLT_TRY(rlt_operands(p, op, inputs, 3));
    const rlt_tensor *x = rlt_input(p, op, 0);
    if (x->rank < 1) return rlt_fail(p, RLT_ERROR_SHAPE, x, "has no channels");
    const int32_t channels = x->dims[x->rank - 1];
    for (uint32_t i = 0; i < inputs; i++) RLT_TRY(rlt_need_type(p, rlt_input(p, op, i), RLT_FLOAT32));
    for (uint32_t i = 0; i < 3; i++) RLT_TRY(rlt_need_type(p, rlt_output(p, op, i), RLT_FLOAT32));
    for (uint32_t i = 0; i < count; i++) {
        const rlt_tensor *t = rlt_input(p, op, of_channels[i]);
        if (t->elements != (uint32_t)channels) return rlt_fail(p, RLT_ERROR_SHAPE, t, "has not a value per channel");
    }
    if (rlt_input(p, op, epsilon)->elements != 1)
        return rlt_fail(p, RLT_ERROR_SHAPE, rlt_input(p, op, epsilon), "must be one value");
    RLT_TRY(rlt_same_shape(p, rlt_output(p, op, 0), x));
    RLT_TRY(rlt_set_shape(p, rlt_output(p, op, 1), 1, &channels));
    return rlt_set_shape(p, rlt_output(p, op, 2), 1, &channels);
}

static uint32_t sums_kernel(const rlt_prepare_state *p, uint32_t avx2, uint32_t avx512vnni) {
    return rlt_f32_lanes(p) == 16 ? avx512vnni : avx2;
}

rlt_status rlt_prepare_batch_normalization(rlt_prepare_state *p, const rlt_op *op) {
    static const uint32_t of_channels[] = {1, 2};
    RLT_TRY(check(p, op, 4, of_channels, 2, 3));
    const rlt_tensor *x = rlt_input(p, op, 0);
    const uint32_t channels = rlt_output(p, op, 1)->elements, rows = x->elements / channels;
    rlt_batch_normalization_params plan = {
        .x = rlt_ref_of(p, x), .gamma = rlt_ref_of(p, rlt_input(p, op, 1)), .beta = rlt_ref_of(p, rlt_input(p, op, 2)),
        .epsilon = rlt_ref_of(p, rlt_input(p, op, 3)), .y = rlt_ref_of(p, rlt_output(p, op, 0)),
        .mean = rlt_ref_of(p, rlt_output(p, op, 1)), .variance = rlt_ref_of(p, rlt_output(p, op, 2)),
        .partial = RLT_REF_NONE, .rows = rows, .channels = channels,
        .block_rows = channels < BLOCK_FLOATS ? BLOCK_FLOATS / channels : 1,
    };
    plan.blocks = (rows + plan.block_rows - 1) / plan.block_rows;
    uint32_t units = channels;
    if (rlt_f32_lanes(p) > 1) {
        units = rows;
        plan.partial = rlt_add_scratch(p, op, 2 * (size_t)plan.blocks * channels * sizeof(float));
        rlt_batch_normalization_params *sums =
            rlt_add_step(p, op, sums_kernel(p, RLT_KERNEL_batch_normalization_sums_f32_avx2,
                                            RLT_KERNEL_batch_normalization_sums_f32_avx512vnni),
                         sizeof *sums, RLT_BATCH_NORMALIZATION_REFS,
                         rlt_tasks(p, RLT_COST_OPERATION, (uint64_t)x->elements * 2, plan.blocks));
        if (!sums) return RLT_ERROR_MEMORY;
        *sums = plan;
        sums->y = sums->mean = sums->variance = RLT_REF_NONE; /* not alive yet */
        rlt_may_overwrite(p, rlt_output(p, op, 0), rlt_input(p, op, 0));
    }
    rlt_batch_normalization_params *k =
        rlt_add_step(p, op, RLT_S8_KERNEL(p, batch_normalization_f32), sizeof *k, RLT_BATCH_NORMALIZATION_REFS,
                     rlt_tasks(p, RLT_COST_OPERATION, (uint64_t)x->elements * COST, units));
    if (!k) return RLT_ERROR_MEMORY;
    *k = plan;
    return RLT_OK;
}

rlt_status rlt_prepare_batch_normalization_gradient(rlt_prepare_state *p, const rlt_op *op) {
    static const uint32_t of_channels[] = {1, 2, 3};
    RLT_TRY(check(p, op, 6, of_channels, 3, 4));
    const rlt_tensor *x = rlt_input(p, op, 0), *dy = rlt_input(p, op, 5);
    if (dy->elements != x->elements) return rlt_fail(p, RLT_ERROR_SHAPE, dy, "has not the shape of the values");
    const uint32_t channels = rlt_output(p, op, 1)->elements, rows = x->elements / channels;
    rlt_batch_normalization_gradient_params plan = {
        .x = rlt_ref_of(p, x), .gamma = rlt_ref_of(p, rlt_input(p, op, 1)), .mean = rlt_ref_of(p, rlt_input(p, op, 2)),
        .variance = rlt_ref_of(p, rlt_input(p, op, 3)), .epsilon = rlt_ref_of(p, rlt_input(p, op, 4)),
        .dy = rlt_ref_of(p, dy), .dx = rlt_ref_of(p, rlt_output(p, op, 0)),
        .dgamma = rlt_ref_of(p, rlt_output(p, op, 1)), .dbeta = rlt_ref_of(p, rlt_output(p, op, 2)),
        .partial = RLT_REF_NONE, .rows = rows, .channels = channels,
        .block_rows = channels < BLOCK_FLOATS ? BLOCK_FLOATS / channels : 1,
    };
    plan.blocks = (rows + plan.block_rows - 1) / plan.block_rows;
    uint32_t units = channels;
    if (rlt_f32_lanes(p) > 1) {
        units = rows;
        plan.partial = rlt_add_scratch(p, op, 2 * (size_t)plan.blocks * channels * sizeof(float));
        rlt_batch_normalization_gradient_params *sums =
            rlt_add_step(p, op, sums_kernel(p, RLT_KERNEL_batch_normalization_gradient_sums_f32_avx2,
                                            RLT_KERNEL_batch_normalization_gradient_sums_f32_avx512vnni),
                         sizeof *sums, RLT_BATCH_NORMALIZATION_GRADIENT_REFS,
                         rlt_tasks(p, RLT_COST_OPERATION, (uint64_t)x->elements * 2, plan.blocks));
        if (!sums) return RLT_ERROR_MEMORY;
        *sums = plan;
        sums->dx = sums->dgamma = sums->dbeta = RLT_REF_NONE;
        rlt_may_overwrite(p, rlt_output(p, op, 0), rlt_input(p, op, 5));
        rlt_may_overwrite(p, rlt_output(p, op, 0), rlt_input(p, op, 0));
    }
    rlt_batch_normalization_gradient_params *k =
        rlt_add_step(p, op, RLT_S8_KERNEL(p, batch_normalization_gradient_f32), sizeof *k,
                     RLT_BATCH_NORMALIZATION_GRADIENT_REFS,
                     rlt_tasks(p, RLT_COST_OPERATION, (uint64_t)x->elements * COST, units));
    if (!k) return RLT_ERROR_MEMORY;
    *k = plan;
    return RLT_OK;
}
