/* What prepare functions share: checks of types and quantization, fixed-point factors, geometry, task counts.
 * Functions that return a status have already called rlt_fail(). Host only. */
#ifndef RLT_PREPARE_COMMON_H
#define RLT_PREPARE_COMMON_H

#include "../../core/prepare.h"
#include "prepare_cost.h"
#include "fixed_point.h"
#include "window.h"

#define RLT_TRY(expression) \
    do { \
        const rlt_status try_status = (expression); \
        if (try_status) return try_status; \
    } while (0)

/* TFLite's ActivationFunctionType. */
enum { RLT_ACT_NONE, RLT_ACT_RELU, RLT_ACT_RELU_N1_TO_1, RLT_ACT_RELU6, RLT_ACT_TANH, RLT_ACT_SIGN_BIT };

/* The operands of an op that takes exactly these: fails where one is missing or the counts differ. */
rlt_status rlt_operands(rlt_prepare_state *p, const rlt_op *op, uint32_t inputs, uint32_t outputs);
rlt_status rlt_need_type(rlt_prepare_state *p, const rlt_tensor *tensor, uint32_t type);
rlt_status rlt_need_rank(rlt_prepare_state *p, const rlt_tensor *tensor, uint32_t rank);
/* A constant; RLT_ERROR_DYNAMIC otherwise. */
rlt_status rlt_need_const(rlt_prepare_state *p, const rlt_tensor *tensor);
/* A constant INT32 or INT64 vector (or scalar) of `count` values, or of at most `limit` where count is NULL. */
rlt_status rlt_const_vector(rlt_prepare_state *p, const rlt_tensor *tensor, uint32_t limit, int32_t *values,
                            uint32_t *count);
rlt_status rlt_same_shape(rlt_prepare_state *p, rlt_tensor *output, const rlt_tensor *input);
/* *axis, maybe negative, brought into [0, rank). */
rlt_status rlt_wrap_axis(rlt_prepare_state *p, const rlt_tensor *tensor, uint32_t rank, int32_t *axis);

/* A quantized tensor: every scale positive and finite, every zero point within the type's range. */
rlt_status rlt_need_quantized(rlt_prepare_state *p, const rlt_tensor *tensor);
/* The same with one scale for the whole tensor. */
rlt_status rlt_need_per_tensor(rlt_prepare_state *p, const rlt_tensor *tensor);
/* The same with zero point 0: int16. */
rlt_status rlt_need_symmetric(rlt_prepare_state *p, const rlt_tensor *tensor);
/* Both quantized alike. */
rlt_status rlt_need_same_scale(rlt_prepare_state *p, const rlt_tensor *a, const rlt_tensor *b);

/* Range of a fused activation; for quantized outputs, int8 or int16 ones. */
rlt_status rlt_range_f32(rlt_prepare_state *p, int32_t activation, float *low, float *high);
rlt_status rlt_range_s8(rlt_prepare_state *p, const rlt_tensor *output, int32_t activation, int32_t *low,
                        int32_t *high);

/* A rounded number of quantization steps as an integer: cut to +-10^6, not a number is 0. */
int32_t rlt_whole_steps(float steps);

/* `real` as multiplier and shift; fails for factors of 2^30 and more. `real` must not be negative. */
rlt_status rlt_quantize_multiplier(rlt_prepare_state *p, double real, int32_t *multiplier, int32_t *shift);
/* The same for factors that may be negative (LEAKY_RELU's alpha). */
rlt_status rlt_quantize_signed(rlt_prepare_state *p, double real, int32_t *multiplier, int32_t *shift);
rlt_status rlt_exact(rlt_prepare_state *p, double real, rlt_exact_factor *factor);

/* Padding 0 is SAME, 1 is VALID. Fills `window` from input, kernel, strides and dilations (set by the caller) and
 * gives `output` its shape, with out_c channels. */
rlt_status rlt_prepare_window(rlt_prepare_state *p, const rlt_tensor *input, rlt_tensor *output, int32_t padding,
                              rlt_window *window);

/* The same for an image with padding around it, which becomes the window's. */
rlt_status rlt_prepare_padded_window(rlt_prepare_state *p, const rlt_tensor *input, const rlt_pads *pads,
                                     rlt_tensor *output, int32_t padding, rlt_window *window);

/* Says of a step that makes the rows of its output in order, `rows` at a time, from the input rows under their windows,
 * that its output may overlap such rows of the input as it needs no more. Under windows of one pixel that every pixel
 * has, not rows are meant but pixels. `rows` 0: what is read at once is read before it is written. */
void rlt_may_stream(rlt_prepare_state *p, const rlt_tensor *output, const rlt_tensor *input, const rlt_window *w,
                    int32_t rows);
/* rlt_needs_rows() of windows whose output rows tasks share. */
void rlt_needs_window(rlt_prepare_state *p, const rlt_tensor *output, const rlt_tensor *input, const rlt_window *w);
int rlt_is_pointwise(const rlt_window *w);

/* The same for a gradient, with the sizes of the input and of `dy`, which must be those of the output. */
rlt_status rlt_gradient_window(rlt_prepare_state *p, const int32_t *input, const rlt_tensor *dy, int32_t padding,
                               rlt_window *window);

#endif
