/* BATCH_MATMUL: a [..., rows, depth], b [..., depth, columns]; adj_x and adj_y: stored transposed. */
#include "../common/prepare_common.h"
#include "../common/prepare_f32.h"
#include "batch_matmul.h"

enum { ADJ_X, ADJ_Y }; /* fields of BatchMatMulOptions */

static uint32_t batch_dim(const rlt_tensor *t, uint32_t rank, uint32_t i) {
    const uint32_t missing = rank - (t->rank - 2);
    return i < missing ? 1 : (uint32_t)t->dims[i - missing];
}

static rlt_status read_shape(rlt_prepare_state *p, const rlt_op *op, rlt_matmul_shape *s) {
    RLT_TRY(rlt_operands(p, op, 2, 1));
    const rlt_tensor *a = rlt_input(p, op, 0), *b = rlt_input(p, op, 1);
    rlt_tensor *output = rlt_output(p, op, 0);
    const int adj_x = rlt_option_u8(op, ADJ_X, 0), adj_y = rlt_option_u8(op, ADJ_Y, 0);
    if (a->type != RLT_INT16 || b->type != RLT_INT8) RLT_TRY(rlt_need_type(p, b, a->type));
    RLT_TRY(rlt_need_type(p, output, a->type));
    if (a->rank < 2 || b->rank < 2) return rlt_fail(p, RLT_ERROR_SHAPE, a, "matrices have at least 2 dimensions");
    const uint32_t a1 = (uint32_t)a->dims[a->rank - 2], a2 = (uint32_t)a->dims[a->rank - 1];
    const uint32_t b1 = (uint32_t)b->dims[b->rank - 2], b2 = (uint32_t)b->dims[b->rank - 1];
    s->rows = adj_x ? a2 : a1;
    s->depth = adj_x ? a1 : a2;
    s->columns = adj_y ? b1 : b2;
    s->a_row = adj_x ? 1 : a2;
    s->a_step = adj_x ? a2 : 1;
    s->b_step = adj_y ? 1 : b2;
    s->b_column = adj_y ? b2 : 1;
    if (s->depth != (adj_y ? b2 : b1)) return rlt_fail(p, RLT_ERROR_SHAPE, b, "the matrices' inner dimensions differ");
    s->rank = (a->rank > b->rank ? a->rank : b->rank) - 2;
    s->batches = 1;
    int32_t dims[RLT_MAX_RANK] = {0};
    uint32_t stride_a = a1 * a2, stride_b = b1 * b2;
    for (uint32_t i = s->rank; i-- > 0;) {
        const uint32_t of_a = batch_dim(a, s->rank, i), of_b = batch_dim(b, s->rank, i);
        if (of_a != of_b && of_a != 1 && of_b != 1) return rlt_fail(p, RLT_ERROR_SHAPE, b, "batches do not broadcast");
        s->dims[i] = of_a == 1 ? of_b : of_a;
        s->stride_a[i] = of_a == 1 ? 0 : stride_a;
        s->stride_b[i] = of_b == 1 ? 0 : stride_b;
        stride_a *= of_a;
        stride_b *= of_b;
        dims[i] = (int32_t)s->dims[i];
    }
    dims[s->rank] = (int32_t)s->rows;
    dims[s->rank + 1] = (int32_t)s->columns;
    RLT_TRY(rlt_set_shape(p, output, s->rank + 2, dims));
    for (uint32_t i = 0; i < s->rank && output->elements; i++) s->batches *= s->dims[i];
    if (!output->elements) s->batches = 0;
    return RLT_OK;
}

/* b with its columns side by side, in scratch. */
static rlt_status add_transpose(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *b, rlt_matmul_shape *s,
                                rlt_ref *transposed) {
    rlt_transpose_f32_params *k =
        rlt_add_step(p, op, RLT_KERNEL_transpose_f32, sizeof *k, RLT_TRANSPOSE_F32_REFS,
                     rlt_tasks(p, RLT_COST_ELEMENT, b->elements, b->elements / 16));
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, b);
    k->output = *transposed = rlt_add_scratch(p, op, b->bytes);
    k->count = b->elements / (s->depth * s->columns);
    k->rows = s->columns;
    k->columns = s->depth;
    s->b_step = s->columns;
    s->b_column = 1;
    return RLT_OK;
}

static rlt_status prepare_f32(rlt_prepare_state *p, const rlt_op *op, const rlt_matmul_shape *shape) {
    const rlt_tensor *a = rlt_input(p, op, 0), *b = rlt_input(p, op, 1), *output = rlt_output(p, op, 0);
    rlt_matmul_shape s = *shape;
    uint64_t units = (uint64_t)s.batches * s.rows;
    rlt_ref of_b = RLT_REF_NONE;
    if (rlt_f32_lanes(p) > 1) {
        units = (uint64_t)s.batches * ((s.rows + RLT_MATMUL_ROWS - 1) / RLT_MATMUL_ROWS) *
                ((s.columns + RLT_MATMUL_COLUMNS - 1) / RLT_MATMUL_COLUMNS);
        if (s.b_column != 1 && s.columns != 1) RLT_TRY(add_transpose(p, op, b, &s, &of_b));
    }
    if (of_b == RLT_REF_NONE) of_b = rlt_ref_of(p, b);
    rlt_batch_matmul_f32_params *k =
        rlt_add_step(p, op, RLT_S8_KERNEL(p, batch_matmul_f32), sizeof *k, RLT_BATCH_MATMUL_REFS,
                     rlt_tasks(p, RLT_COST_CONV_F32, (uint64_t)output->elements * s.depth, units));
    if (!k) return RLT_ERROR_MEMORY;
    k->a = rlt_ref_of(p, a);
    k->b = of_b;
    k->output = rlt_ref_of(p, output);
    k->shape = s;
    return RLT_OK;
}

/* The factor that sums of b's column (or its only scale) `i` are multiplied with: GetQuantizedConvolutionMultipler in
 * tflite/kernels/kernel_util.cc, the product of the scales in float. */
static rlt_status factor(rlt_prepare_state *p, const rlt_tensor *a, const rlt_tensor *b, const rlt_tensor *output,
                         uint32_t i, int32_t *multiplier, int32_t *shift) {
    const volatile float product = rlt_scale(a, 0) * rlt_scale(b, i);
    return rlt_quantize_multiplier(p, (double)product / (double)rlt_scale(output, 0), multiplier, shift);
}

static rlt_status prepare_s16(rlt_prepare_state *p, const rlt_op *op, const rlt_matmul_shape *s, uint32_t tasks) {
    const rlt_tensor *a = rlt_input(p, op, 0), *b = rlt_input(p, op, 1), *output = rlt_output(p, op, 0);
    RLT_TRY(rlt_need_symmetric(p, a));
    RLT_TRY(rlt_need_symmetric(p, output));
    RLT_TRY(rlt_need_quantized(p, b));
    /* Scales per column only: the last dimension of b, or the last but one if it is stored transposed. */
    const int32_t axis = (int32_t)b->rank - (rlt_option_u8(op, ADJ_Y, 0) ? 2 : 1);
    const uint32_t factors = b->scale_count;
    if (factors != 1 && (b->axis != axis || factors != s->columns))
        return rlt_fail(p, RLT_ERROR_QUANTIZATION, b, "needs one scale, or one per column");
    for (uint32_t i = 0; i < factors; i++)
        if (rlt_zero_point(b, i) != 0) return rlt_fail(p, RLT_ERROR_QUANTIZATION, b, "zero points must be 0");
    rlt_ref columns;
    int32_t *values = rlt_add_constant(p, (size_t)factors * 2 * sizeof *values, &columns);
    if (!values) return RLT_ERROR_MEMORY;
    for (uint32_t i = 0; i < factors; i++) {
        RLT_TRY(factor(p, a, b, output, i, &values[i], &values[factors + i]));
        if (values[factors + i] > 7)
            return rlt_fail(p, RLT_ERROR_QUANTIZATION, b, "ratio of the operands' scales is out of range");
    }
    rlt_batch_matmul_s16_params *k =
        rlt_add_step(p, op, RLT_KERNEL_batch_matmul_s16, sizeof *k, RLT_BATCH_MATMUL_S16_REFS, tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->a = rlt_ref_of(p, a);
    k->b = rlt_ref_of(p, b);
    k->output = rlt_ref_of(p, output);
    k->columns = columns;
    k->shape = *s;
    k->factors = factors;
    k->b_is_short = b->type == RLT_INT16;
    return RLT_OK;
}

rlt_status rlt_prepare_batch_matmul(rlt_prepare_state *p, const rlt_op *op) {
    rlt_matmul_shape s = {0};
    RLT_TRY(read_shape(p, op, &s));
    const rlt_tensor *a = rlt_input(p, op, 0), *b = rlt_input(p, op, 1), *output = rlt_output(p, op, 0);
    const uint32_t tasks = rlt_tasks(p, RLT_COST_MATMUL_S8, (uint64_t)output->elements * s.depth,
                                     (uint64_t)s.batches * s.rows);
    if (a->type == RLT_FLOAT32) return prepare_f32(p, op, &s);
    if (a->type == RLT_INT16) return prepare_s16(p, op, &s, tasks);
    if (a->type != RLT_INT8)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, a, "BATCH_MATMUL takes FLOAT32, INT16 or INT8");
    RLT_TRY(rlt_need_per_tensor(p, a));
    RLT_TRY(rlt_need_per_tensor(p, b));
    RLT_TRY(rlt_need_per_tensor(p, output));
    rlt_batch_matmul_s8_params *k =
        rlt_add_step(p, op, RLT_KERNEL_batch_matmul_s8, sizeof *k, RLT_BATCH_MATMUL_REFS, tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->a = rlt_ref_of(p, a);
    k->b = rlt_ref_of(p, b);
    k->output = rlt_ref_of(p, output);
    k->shape = s;
    k->a_zero_point = rlt_zero_point(a, 0);
    k->b_zero_point = rlt_zero_point(b, 0);
    k->output_zero_point = rlt_zero_point(output, 0);
    return factor(p, a, b, output, 0, &k->multiplier, &k->shift);
}
