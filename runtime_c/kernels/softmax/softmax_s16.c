/* Result equals LiteRT's SoftmaxInt16 (tflite/kernels/internal/reference/softmax.h): exponentials and the reciprocal of
 * their sum by table. */
#include "../common/fixed_point.h"
#include "../common/table_16.h"
#include "softmax.h"

static int16_t exponential(const rlt_softmax_s16_params *p, const int16_t *table, int32_t difference) {
    const int32_t scaled = rlt_requantize(difference, p->multiplier, p->shift);
    const int32_t centred = rlt_clamp(scaled, -65535, 0) + INT16_MAX;
    return rlt_look_up_16((int16_t)centred, table);
}

/* One row. The sum of at most 2^16 exponentials has 31 bits. */
static void row(const rlt_softmax_s16_params *p, const int16_t *tables, const int16_t *x, int16_t *y) {
    int32_t largest = INT16_MIN, sum = 0;
    for (uint32_t c = 0; c < p->depth; c++)
        if (x[c] > largest) largest = x[c];
    for (uint32_t c = 0; c < p->depth; c++) {
        y[c] = exponential(p, tables, x[c] - largest);
        sum += y[c];
    }
    const int32_t zeros = __builtin_clz((uint32_t)sum | 1);
    const int32_t shifted = (int32_t)((((int64_t)sum << (zeros - 1)) + (1 << 13)) >> 14) - ((1 << 15) + (1 << 16));
    const int64_t reciprocal =
        rlt_look_up_16((int16_t)rlt_clamp(shifted, INT16_MIN, INT16_MAX), tables + RLT_TABLE_16_VALUES);
    const int32_t right = 31 - zeros;
    for (uint32_t c = 0; c < p->depth; c++) {
        const int64_t result = (y[c] * reciprocal + ((INT64_C(1) << right) >> 1)) >> right;
        y[c] = (int16_t)(result < 0 ? 0 : result > INT16_MAX ? INT16_MAX : result);
    }
}

rlt_status rlt_softmax_s16(const rlt_run *run, const void *params) {
    const rlt_softmax_s16_params *p = params;
    const int16_t *input = rlt_in(run, p->input), *tables = rlt_in(run, p->tables);
    int16_t *output = rlt_out(run, p->output);
    uint32_t i, last;
    rlt_share_of(run, p->rows, &i, &last);
    for (; i < last; i++) row(p, tables, input + (size_t)i * p->depth, output + (size_t)i * p->depth);
    return RLT_OK;
}
