/* Tables of int8 functions, computed as LiteRT's reference kernels compute each value. Host only. */
#ifndef RLT_PREPARE_TABLE_H
#define RLT_PREPARE_TABLE_H

#include "../common/prepare_common.h"

/* What an int8 function is made from. */
typedef struct {
    float input_scale, output_scale, alpha, low, high; /* alpha: LEAKY_RELU's slope; low, high: bounds of a clamp */
    int32_t input_zero_point, output_zero_point;
    int32_t q_low, q_high; /* bounds of a clamp, quantized */
} rlt_table_in;

/* Fills table[(uint8_t)q] for all q. */
typedef rlt_status (*rlt_table_fn)(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table);

rlt_status rlt_table_logistic(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table);
rlt_status rlt_table_tanh(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table);
rlt_status rlt_table_elu(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table);
rlt_status rlt_table_gelu(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table);
rlt_status rlt_table_gelu_tanh(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table);
rlt_status rlt_table_exp(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table);
rlt_status rlt_table_log(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table);
rlt_status rlt_table_sqrt(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table);
rlt_status rlt_table_rsqrt(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table);
rlt_status rlt_table_abs(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table);
rlt_status rlt_table_clamp(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table);
rlt_status rlt_table_leaky_relu(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table);
rlt_status rlt_table_hard_swish(rlt_prepare_state *p, const rlt_table_in *in, int8_t *table);


/* int16: rlt_table_fn names the function; RLT_ERROR_UNSUPPORTED_TYPE where there is no such kernel. */
rlt_status rlt_prepare_unary_s16(rlt_prepare_state *p, const rlt_op *op, rlt_table_fn function, float alpha, float beta);

#endif
