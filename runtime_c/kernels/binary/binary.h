/* Parameters of elementwise kernels on two operands. */
#ifndef RLT_BINARY_H
#define RLT_BINARY_H

#include "../common/broadcast.h"

typedef struct {
    rlt_ref a, b, output;
    rlt_broadcast shape;
    float low, high; /* fused activation */
} rlt_binary_f32_params;

/* INT32, INT64, BOOL, and comparisons of any type: nothing but the operands. */
typedef struct {
    rlt_ref a, b, output;
    rlt_broadcast shape;
} rlt_binary_params;

/* One operand's way to a common scale: (x - zero_point) << left, requantized. */
typedef struct {
    int32_t zero_point, left, multiplier, shift;
} rlt_rescale;

/* ADD, SUB, SQUARED_DIFFERENCE bring both operands to a common scale first; MUL and PRELU need the zero points only
 * (PRELU: `a`'s rescaling is that of values that are not negative). */
typedef struct {
    rlt_ref a, b, output;
    rlt_broadcast shape;
    rlt_rescale rescale_a, rescale_b;
    int32_t multiplier, shift, zero_point; /* to the output */
    int32_t low, high;                     /* fused activation, quantized */
} rlt_binary_s8_params;

/* ADD and SUB as (offset + a * factor + b * factor) >> bits, clamped, with a and b in the upper byte of 16 bits. Each
 * factor is its half of `high` and 2^-15 of its half of `low`, `a` having the lower one. */
typedef struct {
    rlt_ref a, b, output;
    rlt_broadcast shape;
    int32_t high, low, offset, bits;
    int32_t least, most;
} rlt_linear_s8_params;

enum { RLT_BINARY_REFS = 3 };

/* A kernel of operands whose elements take `bytes`: all its rows. */
static inline rlt_status rlt_binary_rows(const rlt_run *run, const rlt_binary_s8_params *p, uint32_t bytes,
                                         rlt_row_fn row) {
    rlt_broadcast_rows(run, &p->shape, p, rlt_in(run, p->a), rlt_in(run, p->b), rlt_out(run, p->output), bytes, bytes,
                       row);
    return RLT_OK;
}

#endif
