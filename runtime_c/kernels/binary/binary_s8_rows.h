/* int8 ADD, SUB and MUL on vectors. The including file has included simd/s8_<set>.h. */
#ifndef RLT_BINARY_S8_ROWS_H
#define RLT_BINARY_S8_ROWS_H

#include <string.h>

#include "binary.h"

enum { STEP = QUARTERS * LANES };

typedef struct {
    vi zero_point, multiplier, left_shift, right_shift;
    int32_t left;
    v_scale scale;
} operand;

typedef struct {
    operand a, b, result;
    v_range range;
} binary_row;

RLT_INLINE operand operand_of(int32_t zero_point, int32_t left, int32_t multiplier, int32_t shift) {
    return (operand){vi_set(zero_point), vi_set(multiplier), vi_set(shift > 0 ? shift : 0),
                     vi_set(shift < 0 ? -shift : 0), left, v_set_scale(multiplier, shift < 0 ? -shift : 0)};
}

/* `small`: by a small right shift (vi_requantize_small()). */
RLT_INLINE vi rescaled(const int small, const operand *o, vi value) {
    if (small) return vi_requantize_small(value, &o->scale);
    return vi_requantize(value, o->multiplier, o->left_shift, o->right_shift);
}

/* One operand of ADD or SUB on the common scale. */
RLT_INLINE vi common(const operand *o, vi value) {
    return rescaled(1, o, vi_left(vi_sub(value, o->zero_point), o->left));
}

RLT_INLINE v_bytes sum_of(const int subtract, const binary_row *r, const int8_t *a, const int8_t *b) {
    vi y[QUARTERS];
#pragma GCC unroll 4
    for (int i = 0; i < QUARTERS; i++) {
        const vi left = common(&r->a, vi_load_s8(a + i * LANES));
        const vi right = common(&r->b, vi_load_s8(b + i * LANES));
        y[i] = rescaled(1, &r->result, subtract ? vi_sub(left, right) : vi_add(left, right));
    }
    return v_to_bytes(y, QUARTERS, &r->range);
}

RLT_INLINE v_bytes product_of(const int small, const binary_row *r, const int8_t *a, const int8_t *b) {
    vi y[QUARTERS];
#pragma GCC unroll 4
    for (int i = 0; i < QUARTERS; i++) {
        const vi left = vi_sub(vi_load_s8(a + i * LANES), r->a.zero_point);
        y[i] = rescaled(small, &r->result, vi_mul(left, vi_sub(vi_load_s8(b + i * LANES), r->b.zero_point)));
    }
    return v_to_bytes(y, QUARTERS, &r->range);
}

/* `expression` of a and b, for STEP elements at a time; the last ones, and operands that stand still, in buffers. */
#define ROW(name, expression) \
    static void name(const binary_row *r, const int8_t *a, const int8_t *b, int8_t *output, int32_t count, \
                     uint32_t step_a, uint32_t step_b) { \
        int8_t all_a[STEP] = {0}, all_b[STEP] = {0}; \
        if (!step_a) memset(all_a, *a, STEP), a = all_a; \
        if (!step_b) memset(all_b, *b, STEP), b = all_b; \
        for (; count > 0; count -= STEP, a += STEP * step_a, b += STEP * step_b, output += STEP) { \
            if (count < STEP && step_a) memcpy(all_a, a, (size_t)count), a = all_a; \
            if (count < STEP && step_b) memcpy(all_b, b, (size_t)count), b = all_b; \
            v_store_bytes(output, expression, count); \
        } \
    }

ROW(add, sum_of(0, r, a, b))
ROW(sub, sum_of(1, r, a, b))
ROW(mul_small, product_of(1, r, a, b))
ROW(mul_any, product_of(0, r, a, b))

/* Factors of ADD and SUB are at most a half. A half and 0, which are shifted nowhere, are shifted right by one bit after
 * one more to the left: then all rescaling is by small right shifts. */
static operand common_operand(const rlt_rescale *o) {
    const int by_none = o->shift == 0;
    return operand_of(o->zero_point, o->left + by_none, o->multiplier, o->shift - by_none);
}

static binary_row sum_row_of(const rlt_binary_s8_params *p) {
    return (binary_row){common_operand(&p->rescale_a), common_operand(&p->rescale_b),
                        operand_of(0, 0, p->multiplier, p->shift), v_set_range(p->zero_point, p->low, p->high)};
}

static binary_row row_of(const rlt_binary_s8_params *p) {
    const rlt_rescale *a = &p->rescale_a, *b = &p->rescale_b;
    return (binary_row){operand_of(a->zero_point, a->left, a->multiplier, a->shift),
                        operand_of(b->zero_point, b->left, b->multiplier, b->shift),
                        operand_of(0, 0, p->multiplier, p->shift), v_set_range(p->zero_point, p->low, p->high)};
}

static void add_row(const void *params, const void *a, const void *b, void *output, uint32_t count, uint32_t step_a,
                    uint32_t step_b) {
    const binary_row r = sum_row_of(params);
    add(&r, a, b, output, (int32_t)count, step_a, step_b);
}

static void sub_row(const void *params, const void *a, const void *b, void *output, uint32_t count, uint32_t step_a,
                    uint32_t step_b) {
    const binary_row r = sum_row_of(params);
    sub(&r, a, b, output, (int32_t)count, step_a, step_b);
}

static void mul_row(const void *params, const void *a, const void *b, void *output, uint32_t count, uint32_t step_a,
                    uint32_t step_b) {
    const rlt_binary_s8_params *p = params;
    const binary_row r = row_of(p);
    (p->shift < 0 ? mul_small : mul_any)(&r, a, b, output, (int32_t)count, step_a, step_b);
}

#endif
