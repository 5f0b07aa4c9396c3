/* What an operator's prepare function sees. Host only: a firmware carries no prepare code.
 *
 * Prepare functions (kernels/<op>/prepare.c, declared by the list in kernels/ops.def) check types and options, infer
 * output shapes, choose a kernel for p's instruction sets, pack weights and add steps. Each error goes through
 * rlt_fail(), which names op and tensor. */
#ifndef RLT_PREPARE_H
#define RLT_PREPARE_H

#include "kernel.h"
#include "kernels.h"

typedef struct rlt_prepare_state rlt_prepare_state;

/* A tensor of the subgraph, after shape inference. */
typedef struct {
    const char *name;      /* not NUL-terminated: name_bytes */
    uint32_t name_bytes;
    uint32_t type;         /* rlt_type */
    uint32_t rank;
    int32_t dims[RLT_MAX_RANK];
    uint32_t elements;     /* product of dims, checked against overflow */
    uint32_t bytes;
    const uint8_t *data;   /* constant data in the model file (maybe unaligned), NULL for values computed at run time */
    uint32_t scale_count;  /* 0: not quantized */
    int32_t axis;          /* of per-axis scales */
    const uint8_t *scales; /* read through rlt_scale(), rlt_zero_point() */
    const uint8_t *zero_points;
    int32_t index;         /* in the subgraph */
} rlt_tensor;

float rlt_scale(const rlt_tensor *tensor, uint32_t i);        /* i is clamped to per-tensor parameters */
int32_t rlt_zero_point(const rlt_tensor *tensor, uint32_t i);
int32_t rlt_const_i32(const rlt_tensor *tensor, uint32_t i);  /* element of an INT32 or INT64 constant, saturated */

/* The scales of a tensor quantized in blocks of `block` elements, in order; NULL: it is not. */
const rlt_tensor *rlt_block_scales(rlt_prepare_state *p, const rlt_tensor *tensor, uint32_t *block);
float rlt_half_to_float(uint16_t half);

typedef struct {
    uint32_t index;        /* in the subgraph */
    int32_t code;          /* BuiltinOperator */
    uint32_t input_count, output_count;
    const uint8_t *options; /* the verified options table, NULL if absent */
    uint32_t options_room;  /* bytes from there to the end of the file */
    const uint8_t *custom_options; /* of a custom operator that is not ours: bytes of its own kind */
    uint32_t custom_bytes;
} rlt_op;

/* Scalar fields of the options table by schema field id. */
int32_t rlt_option_i32(const rlt_op *op, uint32_t field, int32_t missing);
float rlt_option_f32(const rlt_op *op, uint32_t field, float missing);
int32_t rlt_option_u8(const rlt_op *op, uint32_t field, int32_t missing); /* bool and byte enums */
/* Vector of int32 in the options table (RESHAPE's new_shape, SQUEEZE's dims): count, elements through the pointer. */
uint32_t rlt_option_vector_i32(const rlt_op *op, uint32_t field, int32_t *values, uint32_t limit);

/* Operands; NULL for an absent optional input or an index past the end. */
rlt_tensor *rlt_input(rlt_prepare_state *p, const rlt_op *op, uint32_t i);
rlt_tensor *rlt_output(rlt_prepare_state *p, const rlt_op *op, uint32_t i);
/* Operand `i` of a convolution and the padding around it that the convolution has to add to its own: a PAD in front of it
 * is not done. For PAD, `rlt_defer_pad`: whether nothing is to be done now. */
typedef struct {
    int32_t top, bottom, left, right;
} rlt_pads;
rlt_tensor *rlt_unpadded_input(rlt_prepare_state *p, const rlt_op *op, uint32_t i, rlt_pads *pads);
int rlt_defer_pad(rlt_prepare_state *p, const rlt_op *op, const int32_t *paddings);
/* A tensor that only carries quantization parameters of values inside the operator (LSTM); NULL past the end. */
const rlt_tensor *rlt_intermediate(rlt_prepare_state *p, const rlt_op *op, uint32_t i);

/* Fails this prepare: always returns `status`. `tensor` may be NULL. `what` is a printf-free sentence part. */
rlt_status rlt_fail(rlt_prepare_state *p, rlt_status status, const rlt_tensor *tensor, const char *what);

/* Gives an output its inferred shape: it must equal the file's unless an input was resized or the file leaves the
 * dimension open. Recomputes elements and bytes with overflow checks. */
rlt_status rlt_set_shape(rlt_prepare_state *p, rlt_tensor *output, uint32_t rank, const int32_t *dims);

/* Whether kernels for this instruction set may be chosen. */
int rlt_has(const rlt_prepare_state *p, uint32_t isa);

/* Whether kernels of a family may be chosen that has a name of its own (rlt_config.kernels). */
int rlt_may_use(const rlt_prepare_state *p, const char *family);

/* How many threads may run a step at the same time, at least 1. */
uint32_t rlt_most_threads(const rlt_prepare_state *p);

/* The error that algorithms for float convolutions may have, as a share of the largest output; negative: none. */
float rlt_float_tolerance(const rlt_prepare_state *p);

/* The place of a tensor, for a params record: arena refs are placeholders that are patched once memory is planned, so
 * they must lie in the leading `ref_count` words of params. NONE for NULL. A constant is borrowed from the model, or
 * copied into the image where it is unaligned or the plan must be self-contained. */
rlt_ref rlt_ref_of(rlt_prepare_state *p, const rlt_tensor *tensor);

/* Room for packed constants in the image, 64-byte aligned; NULL (prepare has failed) at the memory limit. */
void *rlt_add_constant(rlt_prepare_state *p, size_t bytes, rlt_ref *ref);
/* Room for the values of an output that are known while preparing, in the image; NULL as above. Its shape is set. */
void *rlt_make_constant(rlt_prepare_state *p, rlt_tensor *output);
/* Bytes that rlt_add_constant() can still give: a packed layout much larger than its source must be avoided. */
size_t rlt_constant_room(const rlt_prepare_state *p);

/* Adds a step for `op` and returns its zeroed params record (32-bit fields, `ref_count` refs first), or NULL. */
void *rlt_add_step(rlt_prepare_state *p, const rlt_op *op, uint32_t kernel, size_t params_bytes, uint32_t ref_count,
                   uint32_t tasks);
/* Says of the step added last that it makes `output` in `rows` equal units of rlt_share_of(), in order; or that each of
 * `output`'s elements, the units, needs nothing but that element of operands. Two such steps, the second elementwise, may
 * run by turns. */
void rlt_makes_rows(rlt_prepare_state *p, const rlt_tensor *output, uint32_t rows);
void rlt_makes_elements(rlt_prepare_state *p, const rlt_tensor *output);

/* Says of the step added last that its tasks share `units` equal pieces of `output` (rlt_share_of()), that it cannot fail,
 * and that unit u needs rows [u * stride - before, u * stride - before + reach) of `input`'s `rows` and nothing else that
 * changes: then tasks may go on to it without waiting for all others. */
void rlt_needs_rows(rlt_prepare_state *p, const rlt_tensor *output, uint32_t units, const rlt_tensor *input, int32_t rows,
                    int32_t stride, int32_t before, int64_t reach);

/* Scratch for the step added next or last (same op); alive in this op's steps only. */
rlt_ref rlt_add_scratch(rlt_prepare_state *p, const rlt_op *op, size_t bytes);

/* Eight bytes that start as zeros and keep their value from one invoke to the next. */
rlt_ref rlt_add_counter(rlt_prepare_state *p, const rlt_op *op);

/* Memory relations for the planner. `share`: output is the same bytes as input, no step needed (RESHAPE); for an input
 * that is no variable.
 * `overwrite`: a step may write output over input if input dies here (elementwise in place).
 * `overlap`: a step of one task may run while the two overlap, if input dies here and output starts at least `distance`
 * bytes before it. */
rlt_status rlt_share(rlt_prepare_state *p, rlt_tensor *output, rlt_tensor *input);
void rlt_may_overwrite(rlt_prepare_state *p, const rlt_tensor *output, const rlt_tensor *input);
void rlt_may_overlap(rlt_prepare_state *p, const rlt_tensor *output, const rlt_tensor *input, uint64_t distance);

/* Operators that call subgraphs. `rlt_call` adds all steps of one, whose inputs are the bytes of `arguments`, and gives
 * its outputs. `rlt_add_loop`: the steps from `first` to the last one so far may run again. `rlt_block_of`: the number of
 * the block whose bytes a tensor is; those that a call adds are not below what `rlt_next_block` says before it.
 * `rlt_tensor_list`: room for `count` pointers; NULL after failing. */
rlt_status rlt_call(rlt_prepare_state *p, int32_t subgraph, rlt_tensor *const *arguments, uint32_t count,
                    rlt_tensor **results, uint32_t result_count);
rlt_tensor **rlt_tensor_list(rlt_prepare_state *p, uint32_t count);
uint32_t rlt_next_step(const rlt_prepare_state *p);
rlt_status rlt_add_loop(rlt_prepare_state *p, uint32_t first);
uint32_t rlt_block_of(rlt_prepare_state *p, const rlt_tensor *tensor);
uint32_t rlt_next_block(const rlt_prepare_state *p);

/* Whether a tensor keeps its value from one invoke to the next, so that a step may write it as well as read it. */
int rlt_is_variable(const rlt_prepare_state *p, const rlt_tensor *tensor);
/* Resource variables. `rlt_call_once`: takes first values from a subgraph that only assigns constants.
 * `rlt_open_variable`: what VAR_HANDLE does for its output. `rlt_bind_variable`: checks that `value`, which is read from
 * or assigned to the variable behind `handle`, has the variable's type and shape, or gives it those. */
rlt_status rlt_call_once(rlt_prepare_state *p, int32_t subgraph);
rlt_status rlt_open_variable(rlt_prepare_state *p, const rlt_op *op, rlt_tensor *handle);
rlt_status rlt_bind_variable(rlt_prepare_state *p, const rlt_tensor *handle, rlt_tensor *value);
/* Makes `value`, an output of the current operator, the bytes of variable `handle` (or of a value that is), and returns 1,
 * if nobody reads `value` once the variable may have been written again. */
int rlt_share_variable(rlt_prepare_state *p, rlt_tensor *value, const rlt_tensor *handle);
/* Makes `value`, an input of the graph that the current operator assigns, the bytes of variable `handle`, and returns 1,
 * if that is all that happens to either of them and the variable's place is given: who writes the input writes the
 * variable. */
int rlt_assign_in_place(rlt_prepare_state *p, const rlt_tensor *handle, const rlt_tensor *value);

typedef rlt_status (*rlt_prepare_fn)(rlt_prepare_state *p, const rlt_op *op);
#define RLT_OP(code, options, kind, name) rlt_status rlt_prepare_##name(rlt_prepare_state *p, const rlt_op *op);
#include "../kernels/ops.def"

#endif
