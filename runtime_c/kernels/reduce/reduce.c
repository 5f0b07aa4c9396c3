/* Reductions. Sums run in the order of the input's memory, as LiteRT's reference does. */
#include "reduce.h"

#include "../common/fixed_point.h"

/* `step` takes `value` (accumulated) and `x` (next); `finish` turns `value` into the output. */
#define KERNEL(name, params_type, type, accumulator, start, step, finish) \
    rlt_status rlt_##name(const rlt_run *run, const void *params) { \
        const params_type *p = params; \
        const rlt_reduce_shape *s = &p->shape; \
        const type *input = rlt_in(run, p->input); \
        type *output = rlt_out(run, p->output); \
        const uint32_t inner = s->reduced - 1, length = s->reduced_dims[inner], stride = s->reduced_stride[inner]; \
        uint32_t i, last; \
        rlt_share_of(run, s->outputs, &i, &last); \
        for (; i < last; i++) { \
            const type *base = input + rlt_grid_offset(i, s->kept, s->kept_dims, s->kept_stride); \
            accumulator value = start; \
            for (uint32_t row = 0; row < s->count / length; row++) { \
                const type *from = base + rlt_grid_offset(row, inner, s->reduced_dims, s->reduced_stride); \
                for (uint32_t k = 0; k < length; k++, from += stride) { \
                    const accumulator x = (accumulator)*from; \
                    step; \
                } \
            } \
            output[i] = (type)(finish); \
        } \
        return RLT_OK; \
    }

#define ADD value += x
#define MULTIPLY value *= x
#define LARGEST value = x > value ? x : value
#define SMALLEST value = x < value ? x : value

KERNEL(mean_f32, rlt_reduce_params, float, float, 0.0f, ADD, value / (float)s->count)
KERNEL(sum_f32, rlt_reduce_params, float, float, 0.0f, ADD, value)
KERNEL(prod_f32, rlt_reduce_params, float, float, 1.0f, MULTIPLY, value)
KERNEL(reduce_max_f32, rlt_reduce_params, float, float, *base, LARGEST, value)
KERNEL(reduce_min_f32, rlt_reduce_params, float, float, *base, SMALLEST, value)

/* Sums and products wrap. */
KERNEL(mean_s32, rlt_reduce_params, int32_t, int64_t, 0, ADD, value / s->count)
KERNEL(sum_s32, rlt_reduce_params, uint32_t, uint32_t, 0, ADD, value)
KERNEL(prod_s32, rlt_reduce_params, uint32_t, uint32_t, 1, MULTIPLY, value)
KERNEL(reduce_max_s32, rlt_reduce_params, int32_t, int32_t, *base, LARGEST, value)
KERNEL(reduce_min_s32, rlt_reduce_params, int32_t, int32_t, *base, SMALLEST, value)

KERNEL(reduce_max_s8, rlt_reduce_params, int8_t, int32_t, *base, LARGEST, value)
KERNEL(reduce_min_s8, rlt_reduce_params, int8_t, int32_t, *base, SMALLEST, value)

KERNEL(reduce_max_s16, rlt_reduce_params, int16_t, int32_t, *base, LARGEST, value)
KERNEL(reduce_min_s16, rlt_reduce_params, int16_t, int32_t, *base, SMALLEST, value)

KERNEL(reduce_any, rlt_reduce_params, uint8_t, uint32_t, 0, value |= x, value != 0)
KERNEL(reduce_all, rlt_reduce_params, uint8_t, uint32_t, 1, value &= x != 0, value)

/* QuantizedMeanOrSum in tflite/kernels/internal/reference/reduce.h. */
static int32_t finish_sum(const rlt_reduce_s8_params *p, uint32_t sum, int32_t low, int32_t high) {
    const int32_t shifted = (int32_t)(sum - (uint32_t)p->input_zero_point * p->shape.count);
    const int32_t scaled = rlt_requantize(shifted, p->multiplier, p->shift);
    return rlt_saturate(scaled, p->output_zero_point, low, high);
}

KERNEL(sum_s8, rlt_reduce_s8_params, int8_t, int32_t, 0, ADD, finish_sum(p, (uint32_t)value, INT8_MIN, INT8_MAX))
/* Wraps. */
KERNEL(sum_s16, rlt_reduce_s8_params, int16_t, uint32_t, 0, ADD, finish_sum(p, value, INT16_MIN, INT16_MAX))
