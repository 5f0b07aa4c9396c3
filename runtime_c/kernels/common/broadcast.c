#include "broadcast.h"

void rlt_broadcast_rows(const rlt_run *run, const rlt_broadcast *shape, const void *params, const void *a,
                        const void *b, void *output, uint32_t input_bytes, uint32_t output_bytes, rlt_row_fn row) {
    const uint8_t *from_a = a, *from_b = b;
    uint8_t *to = output;
    uint32_t first, last;
    if (shape->rows == 1) {
        rlt_share_of(run, shape->count, &first, &last);
        row(params, from_a + (size_t)first * shape->step_a * input_bytes,
            from_b + (size_t)first * shape->step_b * input_bytes, to + (size_t)first * output_bytes, last - first,
            shape->step_a, shape->step_b);
        return;
    }
    rlt_share_of(run, shape->rows, &first, &last);
    for (uint32_t r = first; r < last; r++) {
        size_t at_a = 0, at_b = 0;
        uint32_t rest = r;
        for (uint32_t d = shape->rank; d-- > 0; rest /= shape->dims[d]) {
            at_a += (size_t)(rest % shape->dims[d]) * shape->stride_a[d];
            at_b += (size_t)(rest % shape->dims[d]) * shape->stride_b[d];
        }
        row(params, from_a + at_a * input_bytes, from_b + at_b * input_bytes,
            to + (size_t)r * shape->count * output_bytes, shape->count, shape->step_a, shape->step_b);
    }
}
