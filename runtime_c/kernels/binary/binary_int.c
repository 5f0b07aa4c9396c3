/* Elementwise kernels on two INT32 or INT64 operands. Sums wrap. Divisors of zero are an error, as in LiteRT. */
#include "binary.h"

#define WRAPPING(name, type, unsigned_type, operator) \
    static type name(type a, type b) { return (type)((unsigned_type)a operator (unsigned_type)b); }
#define PICKING(name, type, operator) \
    static type name(type a, type b) { return a operator b ? a : b; }
#define SQUARING(name, type, unsigned_type) \
    static type name(type a, type b) { \
        const unsigned_type difference = (unsigned_type)a - (unsigned_type)b; \
        return (type)(difference * difference); \
    }
/* Quotient towards zero, towards minus infinity, and the remainder of the latter. Negating wraps. */
#define DIVIDING(name, floor_name, mod_name, type, unsigned_type) \
    static type name(type a, type b) { return b == -1 ? (type)(0 - (unsigned_type)a) : a / b; } \
    static type floor_name(type a, type b) { \
        const type quotient = name(a, b); \
        return b != -1 && a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient; \
    } \
    static type mod_name(type a, type b) { \
        const type remainder = b == -1 ? 0 : a % b; \
        return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder; \
    }

#define KERNEL(name, type) \
    static void name##_row(const void *params, const void *a, const void *b, void *output, uint32_t count, \
                           uint32_t step_a, uint32_t step_b) { \
        const type *x = a, *y = b; \
        type *to = output; \
        (void)params; \
        for (uint32_t i = 0; i < count; i++, x += step_a, y += step_b) to[i] = name(*x, *y); \
    } \
    rlt_status rlt_##name(const rlt_run *run, const void *params) { \
        const rlt_binary_params *p = params; \
        rlt_broadcast_rows(run, &p->shape, p, rlt_in(run, p->a), rlt_in(run, p->b), rlt_out(run, p->output), \
                           sizeof(type), sizeof(type), name##_row); \
        return RLT_OK; \
    }

/* The same after a look at all divisors this task uses. */
#define DIVISION_KERNEL(name, type) \
    static void name##_row(const void *params, const void *a, const void *b, void *output, uint32_t count, \
                           uint32_t step_a, uint32_t step_b) { \
        const type *x = a, *y = b; \
        type *to = output; \
        (void)params; \
        for (uint32_t i = 0; i < count; i++, x += step_a, y += step_b) to[i] = *y == 0 ? 0 : name(*x, *y); \
    } \
    rlt_status rlt_##name(const rlt_run *run, const void *params) { \
        const rlt_binary_params *p = params; \
        const type *divisors = rlt_in(run, p->b); \
        size_t reach = p->shape.step_b ? p->shape.count : p->shape.count != 0; \
        for (uint32_t d = 0; d < p->shape.rank; d++) { \
            reach += (size_t)(p->shape.dims[d] ? p->shape.dims[d] - 1 : 0) * p->shape.stride_b[d]; \
        } \
        for (size_t i = 0; i < reach; i++) { \
            if (divisors[i] == 0) return RLT_ERROR_ARGUMENT; \
        } \
        rlt_broadcast_rows(run, &p->shape, p, rlt_in(run, p->a), divisors, rlt_out(run, p->output), sizeof(type), \
                           sizeof(type), name##_row); \
        return RLT_OK; \
    }

#define KERNELS_OF(suffix, type, unsigned_type) \
    WRAPPING(add_##suffix, type, unsigned_type, +) \
    WRAPPING(sub_##suffix, type, unsigned_type, -) \
    WRAPPING(mul_##suffix, type, unsigned_type, *) \
    PICKING(maximum_##suffix, type, >) \
    PICKING(minimum_##suffix, type, <) \
    SQUARING(squared_difference_##suffix, type, unsigned_type) \
    DIVIDING(div_##suffix, floor_div_##suffix, floor_mod_##suffix, type, unsigned_type) \
    KERNEL(add_##suffix, type) \
    KERNEL(sub_##suffix, type) \
    KERNEL(mul_##suffix, type) \
    KERNEL(maximum_##suffix, type) \
    KERNEL(minimum_##suffix, type) \
    KERNEL(squared_difference_##suffix, type) \
    DIVISION_KERNEL(div_##suffix, type) \
    DIVISION_KERNEL(floor_div_##suffix, type) \
    DIVISION_KERNEL(floor_mod_##suffix, type)

KERNELS_OF(s32, int32_t, uint32_t)
KERNELS_OF(s64, int64_t, uint64_t)
