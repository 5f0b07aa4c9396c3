/* Parameters of comparisons, logical operators and SELECT. */
#ifndef RLT_COMPARE_H
#define RLT_COMPARE_H

#include "../common/broadcast.h"

/* int8 operands of different scales are compared after bringing both to one (tflite/kernels/comparisons.cc). */
typedef struct {
    rlt_ref a, b, output;
    rlt_broadcast shape;
    int32_t zero_point_a, multiplier_a, shift_a;
    int32_t zero_point_b, multiplier_b, shift_b;
} rlt_compare_s8_params;

typedef struct {
    rlt_ref input, output;
    uint32_t count;
} rlt_logical_not_params;

/* output = condition ? a : b, each broadcast; elements of `bytes` bytes. */
typedef struct {
    rlt_ref condition, a, b, output;
    uint32_t bytes, count, rank;
    uint32_t dims[RLT_MAX_RANK], stride_condition[RLT_MAX_RANK], stride_a[RLT_MAX_RANK], stride_b[RLT_MAX_RANK];
} rlt_select_params;

enum { RLT_COMPARE_REFS = 3, RLT_LOGICAL_NOT_REFS = 2, RLT_SELECT_REFS = 4 };

#endif
