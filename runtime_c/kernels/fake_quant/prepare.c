/* FAKE_QUANT (x; y), whose range is an option; rillet.FAKE_QUANT (x, min, max; y) and rillet.FAKE_QUANT_GRADIENT (x,
 * min, max, dy; dx), whose ranges are operands that broadcast against the values: one for all, or one per channel. */
#include "../common/prepare_common.h"
#include "../common/prepare_f32.h"
#include "fake_quant.h"

enum { MIN, MAX, NUM_BITS, NARROW_RANGE }; /* fields of FakeQuantOptions */
enum { FEWEST_BITS = 2, MOST_BITS = 16, COST = 3 };

static rlt_status add(rlt_prepare_state *p, const rlt_op *op, rlt_fake_quant_params plan, uint32_t kernel) {
    rlt_tensor *x = rlt_input(p, op, 0), *y = rlt_output(p, op, 0);
    RLT_TRY(rlt_need_type(p, x, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, y, RLT_FLOAT32));
    RLT_TRY(rlt_same_shape(p, y, x));
    const int32_t bits = rlt_option_i32(op, NUM_BITS, 0);
    if (bits < FEWEST_BITS || bits > MOST_BITS) return rlt_fail(p, RLT_ERROR_OPTION, x, "can have 2 to 16 bits");
    rlt_may_overwrite(p, y, x);
    const int is_columns = plan.inner == 1 && plan.channels > 1 && rlt_f32_lanes(p) > 1;
    rlt_fake_quant_params *k =
        rlt_add_step(p, op, kernel, sizeof *k, RLT_FAKE_QUANT_REFS,
                     rlt_tasks(p, RLT_COST_OPERATION, (uint64_t)x->elements * COST,
                               is_columns ? plan.channels : x->elements));
    if (!k) return RLT_ERROR_MEMORY;
    *k = plan;
    k->x = rlt_ref_of(p, x);
    k->y = rlt_ref_of(p, y);
    k->count = x->elements;
    k->first = rlt_option_u8(op, NARROW_RANGE, 0) ? 1.0f : 0.0f;
    k->last = (float)((1 << bits) - 1);
    return RLT_OK;
}

rlt_status rlt_prepare_fake_quant(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, 1, 1));
    const float low = rlt_option_f32(op, MIN, 0.0f), high = rlt_option_f32(op, MAX, 0.0f);
    if (!(low <= 0.0f && high >= 0.0f && low < high))
        return rlt_fail(p, RLT_ERROR_OPTION, rlt_input(p, op, 0), "needs a range that holds zero");
    rlt_ref range;
    float *values = rlt_add_constant(p, 2 * sizeof(float), &range);
    if (!values) return RLT_ERROR_MEMORY;
    values[0] = low;
    values[1] = high;
    const rlt_fake_quant_params plan = {.low = range, .high = range + 1, .dy = RLT_REF_NONE, .channels = 1,
                                        .inner = rlt_input(p, op, 0)->elements};
    return add(p, op, plan, RLT_S8_KERNEL(p, fake_quant_f32));
}

/* Which axes of x the range has: they must be neighbours. */
static rlt_status set_ranges(rlt_prepare_state *p, const rlt_op *op, rlt_fake_quant_params *plan) {
    const rlt_tensor *x = rlt_input(p, op, 0), *low = rlt_input(p, op, 1), *high = rlt_input(p, op, 2);
    RLT_TRY(rlt_need_type(p, low, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, high, RLT_FLOAT32));
    if (low->rank != high->rank || low->rank > x->rank) return rlt_fail(p, RLT_ERROR_SHAPE, high, "does not fit");
    plan->low = rlt_ref_of(p, low);
    plan->high = rlt_ref_of(p, high);
    plan->channels = low->elements;
    plan->inner = x->elements;
    if (low->elements == 1) return high->elements == 1 ? RLT_OK : rlt_fail(p, RLT_ERROR_SHAPE, high, "does not fit");
    plan->inner = 1;
    uint32_t found = 1;
    for (uint32_t i = 0; i < low->rank; i++) {
        const uint32_t at = low->rank - 1 - i, axis = x->rank - 1 - i;
        const int32_t size = low->dims[at];
        if (size != high->dims[at] || (size != 1 && size != x->dims[axis]))
            return rlt_fail(p, RLT_ERROR_SHAPE, low, "is no range of the values' channels");
        if (found == low->elements) continue;
        if (size == 1 && found > 1 && x->dims[axis] > 1)
            return rlt_fail(p, RLT_ERROR_SHAPE, low, "has channels on axes that are no neighbours");
        if (size > 1) found *= (uint32_t)size;
        else if (found == 1) plan->inner *= (uint32_t)x->dims[axis];
    }
    return RLT_OK;
}

rlt_status rlt_prepare_fake_quant_ranges(rlt_prepare_state *p, const rlt_op *op) {
    rlt_fake_quant_params plan = {.dy = RLT_REF_NONE};
    RLT_TRY(rlt_operands(p, op, 3, 1));
    RLT_TRY(set_ranges(p, op, &plan));
    return add(p, op, plan, RLT_S8_KERNEL(p, fake_quant_f32));
}

rlt_status rlt_prepare_fake_quant_gradient(rlt_prepare_state *p, const rlt_op *op) {
    rlt_fake_quant_params plan = {.dy = RLT_REF_NONE};
    RLT_TRY(rlt_operands(p, op, 4, 1));
    RLT_TRY(set_ranges(p, op, &plan));
    rlt_tensor *x = rlt_input(p, op, 0), *dy = rlt_input(p, op, 3);
    RLT_TRY(rlt_need_type(p, dy, RLT_FLOAT32));
    if (dy->elements != x->elements) return rlt_fail(p, RLT_ERROR_SHAPE, dy, "has not the shape of the values");
    plan.dy = rlt_ref_of(p, dy);
    rlt_may_overwrite(p, rlt_output(p, op, 0), dy);
    return add(p, op, plan, RLT_S8_KERNEL(p, fake_quant_gradient_f32));
}
