#include "prepare_broadcast.h"

static int32_t dim_at(const rlt_tensor *t, uint32_t rank, uint32_t i) {
    const uint32_t missing = rank - t->rank;
    return i < missing ? 1 : t->dims[i - missing];
}

rlt_status rlt_prepare_broadcast(rlt_prepare_state *p, const rlt_tensor *a, const rlt_tensor *b, rlt_tensor *output,
                                 rlt_broadcast *shape) {
    const uint32_t rank = a->rank > b->rank ? a->rank : b->rank;
    int32_t dims[RLT_MAX_RANK] = {0};
    for (uint32_t i = 0; i < rank; i++) {
        const int32_t of_a = dim_at(a, rank, i), of_b = dim_at(b, rank, i);
        if (of_a != of_b && of_a != 1 && of_b != 1) {
            return rlt_fail(p, RLT_ERROR_SHAPE, b, "the inputs' shapes do not broadcast to one");
        }
        dims[i] = of_a == 1 ? of_b : of_a;
    }
    RLT_TRY(rlt_set_shape(p, output, rank, dims));

    /* From the innermost dimension outwards: a dimension joins the one inside it if each operand either repeats in
     * both or walks on through both. */
    uint32_t merged[RLT_MAX_RANK], repeat[RLT_MAX_RANK], stride_a[RLT_MAX_RANK], stride_b[RLT_MAX_RANK], count = 0;
    uint32_t size_a = 1, size_b = 1;
    for (uint32_t i = rank; i-- > 0;) {
        const uint32_t of_a = (uint32_t)dim_at(a, rank, i), of_b = (uint32_t)dim_at(b, rank, i);
        const uint32_t pattern = (of_a == 1 ? 1u : 0u) | (of_b == 1 ? 2u : 0u);
        if (pattern == 3) continue;
        if (count && repeat[count - 1] == pattern) {
            merged[count - 1] *= (uint32_t)dims[i];
        } else {
            merged[count] = (uint32_t)dims[i];
            repeat[count] = pattern;
            stride_a[count] = of_a == 1 ? 0 : size_a;
            stride_b[count] = of_b == 1 ? 0 : size_b;
            count++;
        }
        size_a *= of_a;
        size_b *= of_b;
    }
    *shape = (rlt_broadcast){.rows = 1, .count = count ? merged[0] : 1};
    shape->step_a = count ? stride_a[0] : 1;
    shape->step_b = count ? stride_b[0] : 1;
    for (uint32_t i = 1; i < count; i++) {
        const uint32_t at = count - 1 - i;
        shape->dims[at] = merged[i];
        shape->stride_a[at] = stride_a[i];
        shape->stride_b[at] = stride_b[i];
        shape->rows *= merged[i];
    }
    shape->rank = count ? count - 1 : 0;
    if (!output->elements) shape->rows = shape->count = 0;
    return RLT_OK;
}

uint32_t rlt_broadcast_tasks(const rlt_prepare_state *p, const rlt_broadcast *shape, rlt_cost_kind kind,
                             uint32_t amount) {
    const uint64_t picoseconds = rlt_cost(p, kind, (uint64_t)shape->rows * shape->count * amount);
    return rlt_pieces(p, picoseconds, shape->rows == 1 ? shape->count : shape->rows);
}
