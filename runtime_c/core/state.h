/* Inside of prepare: what its files share. Host only.
 *
 * All memory of a prepare is one block of 8 x file size + 64 KiB (2 x where there is no more), so a file can never cost
 * more: enough for float16 weights as packed floats and for transformed filters. What is not written takes no memory on
 * systems that give pages when they are touched. The image grows from
 * its start; tables grow from its end; at the end, what a plan keeps of the tables moves down behind the image and
 * the block is cut there. */
#ifndef RLT_STATE_H
#define RLT_STATE_H

#include "model.h"
#include "planner.h"
#include "prepare.h"
#include "verify.h"

enum { RESERVE_PER_BYTE = 8, RESERVE_LEAST_PER_BYTE = 2, RESERVE_FLOOR = 65536 };

struct rlt_plan {
    uint8_t *image; /* inside this block, RLT_ALIGNMENT-aligned */
    size_t image_bytes, arena_bytes, fast_bytes, scratch_bytes, live_bytes;
    uint32_t tensor_count, step_count, op_count;
    rlt_tensor_info *tensors; /* these four point behind the image */
    uint32_t *step_scratch;
    uint32_t *first_output; /* per operator, and one more: into outputs */
    int32_t *outputs;
    uint32_t variable_count;
    rlt_variable_info *variables;
};

enum {
    TENSOR_READY = 1u << 0,     /* constant, graph input or already computed */
    TENSOR_INPUT = 1u << 1,
    TENSOR_OUTPUT = 1u << 2,
    TENSOR_TRANSIENT = 1u << 3, /* data lies in the tables' part of the block, for the current operator only */
    TENSOR_OPEN = 1u << 4,      /* some dimension is not known yet */
    TENSOR_STATEFUL = 1u << 5,
    TENSOR_FOREIGN = 1u << 6,   /* data in another file */
    TENSOR_SPARSE = 1u << 7,
    TENSOR_DEEP = 1u << 8,      /* more than RLT_MAX_RANK dimensions */
    TENSOR_RESERVED = 1u << 9,  /* sparse, and room for its dense form is held back */
    TENSOR_GIVEN = 1u << 10     /* a variable whose first value is another plan's affair */
};

/* Scratch that keeps its value: once memory is planned, with its offset / 4 in the bits below. */
#define SCRATCH_COUNTER (1u << 31)
enum { COUNTER_BYTES = 8 };

/* Transient constants of an operator may have to move to aligned places, one behind the other. */
enum { MOVE_ROOM = 4 * 64 };

/* A subgraph being laid out: the main one, or one that an operator calls, which then is laid out once per call. Its
 * tensors are those from `first_tensor` on. */
typedef struct {
    rlt_vector tensor_tables, operator_tables, graph_inputs, graph_outputs;
    uint32_t first_tensor;
    uint32_t subgraph;
    int is_resized; /* shapes differ from those in the file */
} rlt_frame;

/* Steps that may run again, both inclusive: what comes into them from before stays alive to their end. */
typedef struct {
    uint32_t first, last;
} rlt_loop;

/* Looking at every block for every loop must stay cheap; calls in calls take stack. */
enum { MOST_LOOPS = 256, MOST_DEPTH = 8 };

/* What prepare knows of a tensor beside rlt_tensor. */
typedef struct {
    uint32_t flags;
    uint32_t parent;     /* towards the root of the tensors that share its bytes */
    rlt_ref copy;        /* its copy in the image, RLT_REF_NONE: not copied; of a variable, its first value */
    const uint8_t *packed; /* 4-bit constant that is unpacked to 8 bits now */
    uint32_t readers;    /* operators of the main subgraph that read it, and 1 if it is an output of that */
    uint32_t dequantize; /* operator + 1 (DEQUANTIZE, DENSIFY) that would make it of a constant and is not yet a step */
    int32_t pad;         /* operator + 1 (PAD) that would make it and is not yet a step; PAD_NOW: it becomes one */
} rlt_place;

typedef struct {
    uint32_t kernel, params;
    uint16_t ref_count;
    uint8_t tasks, link;
    uint32_t op, scratch_bytes;
} rlt_pending_step;

/* How the tasks of step `step` share out what it makes: the block's bytes in `units` equal pieces. 0 units: unknown. */
typedef struct {
    uint32_t step, block, units, bytes;
} rlt_shared_step;

/* A step that is only run piece by piece, by another one. */
typedef struct {
    uint32_t kernel, params, ref_count, op;
} rlt_pending_part;

/* What is known of step `step`: rlt_makes_rows(), rlt_makes_elements(). */
typedef struct {
    uint32_t step, rows;
    int is_elementwise;
    const rlt_tensor *output;
} rlt_row_step;

/* `distance` 0: the output may take over the input's bytes. Else the step may run while both overlap in memory, as
 * long as the output starts at least `distance` bytes before the input. */
typedef struct {
    uint32_t output, input, distance;
    int is_declined; /* two blocks turned out to be better */
} rlt_overwrite;

/* A constant that the current operator added to the image: where the image ended, where it lies, where it goes. */
typedef struct {
    size_t before, start, end, to;
    uint32_t hash;
    int is_equal; /* to one that was there */
} rlt_added;

/* A constant of an earlier operator; bytes 0: none. By hash, so that looking is cheap: the last of a hash counts. */
typedef struct {
    size_t start, bytes;
} rlt_kept;
enum { MOST_ADDED = 16, KEPT_LIMIT = 256 };

/* A resource variable; its memory is the block of its first handle. */
typedef struct {
    rlt_vector container, name;
    uint32_t handle; /* tensor */
    const rlt_variable_place *place; /* NULL: anywhere */
    int is_bound;    /* its type and shape are known: those below */
    uint32_t type, rank;
    int32_t dims[RLT_MAX_RANK];
} rlt_variable;

struct rlt_prepare_state {
    rlt_file file;
    rlt_config config;
    rlt_error *error;
    rlt_status status;

    uint8_t *image;
    size_t front, back; /* offsets from `image`; free memory lies between */
    uint32_t constant_count; /* rlt_add_constant() calls */
    rlt_added added[MOST_ADDED];
    uint32_t added_count; /* the first ones of the current operator */
    rlt_kept *kept;       /* KEPT_LIMIT */
    size_t held;        /* of that, what laying out and finishing will need: not for constants */

    rlt_vector buffer_tables, code_tables;
    rlt_frame frame;      /* the subgraph being prepared */
    uint32_t main_op;     /* operator of the main subgraph that is being prepared, or calls what is */
    uint32_t depth;       /* calls from there to here */

    uint32_t tensor_count; /* of all frames; those of the main subgraph lead */
    uint32_t tensors_used;
    rlt_tensor *tensors;
    rlt_place *places;
    rlt_loop *loops;
    uint32_t loop_count, loop_limit;

    /* The operator being prepared. */
    const char *kind;
    rlt_prepare_fn prepare; /* NULL: it has no kernel */
    uint32_t op_index;
    rlt_vector op_inputs, op_outputs;

    rlt_variable *variables;
    uint32_t variable_count, variable_limit;
    uint32_t scanned; /* operators looked at to find out who writes variables */
    rlt_vector once_tensors, once_operators; /* of the subgraph that gives variables their first values */

    uint32_t step_count, step_limit, scratch_count, scratch_limit, overwrite_count, overwrite_limit;
    rlt_pending_step *steps;
    rlt_pending_part *parts;
    uint32_t part_count, part_limit;
    rlt_row_step row_steps[2]; /* the two added last */
    rlt_shared_step shared_step;
    uint32_t *scratch; /* bytes, or a counter (see below); block tensor_count + i */
    rlt_overwrite *overwrites;

    uint32_t *first_output;
    int32_t *outputs;
    uint64_t arena_bytes, live_bytes;
    uint64_t fast_bytes; /* of the arena, those at its end, for fast memory */
};

/* Memory from the tables' end, 8-byte aligned, not cleared; NULL after failing. */
void *rlt_take(rlt_prepare_state *p, uint64_t count, size_t bytes);
/* Root of the tensors that share tensor `index`'s bytes. */
uint32_t rlt_root_of(rlt_prepare_state *p, uint32_t index);
/* Recomputes elements and bytes from type and dims. */
rlt_status rlt_measure(rlt_prepare_state *p, rlt_tensor *tensor);

/* tensors.c: fills p->tensors from the file: those of the main subgraph with its inputs' shapes as configured, or those
 * of a called one. */
rlt_status rlt_load_tensors(rlt_prepare_state *p);
rlt_status rlt_load_frame(rlt_prepare_state *p);
/* Tensor `index` of the current subgraph; NULL for -1. */
rlt_tensor *rlt_tensor_at(rlt_prepare_state *p, int32_t index);
/* A tensor's table, where it is one of the current subgraph. */
rlt_table rlt_tensor_table(rlt_prepare_state *p, const rlt_tensor *tensor);

/* prepare.c: all operators of the current subgraph, whose outputs then are computed. */
rlt_status rlt_prepare_frame(rlt_prepare_state *p);

/* calls.c. `rlt_open_frame`: makes subgraph `number` the current one. `rlt_count_frame`: what it and all that it calls
 * come to, added to `totals`. */
typedef struct {
    uint64_t tensors, operators, operands, loops;
} rlt_totals;
int rlt_calls(int32_t code); /* IF, WHILE, STABLEHLO_COMPOSITE */
rlt_status rlt_open_frame(rlt_prepare_state *p, uint32_t number);
rlt_status rlt_count_frame(rlt_prepare_state *p, uint32_t number, uint32_t depth, rlt_totals *totals);

/* fold.c: an operator on few constants is run while preparing. `rlt_may_fold`: whether the current one may be, before
 * its prepare function is called; `rlt_fold`: does it with the steps from `first_step` on, if they allow it. */
typedef struct {
    int is_wanted;
    uint32_t first_step, constant_count, isa;
    size_t front;
} rlt_folding;
int rlt_has_effects(int32_t code);
rlt_folding rlt_start_folding(rlt_prepare_state *p, const rlt_op *op);
void rlt_fold(rlt_prepare_state *p, const rlt_op *op, const rlt_folding *folding);

/* strips.c: lets the last two steps, if the current operator's only reads what the one before makes and both work row
 * by row, run by turns on a few rows. */
void rlt_join_steps(rlt_prepare_state *p, const rlt_op *op);
void rlt_forget_rows(rlt_prepare_state *p); /* steps were taken back or joined */
/* The parts of a step: NULL and 0 for steps that run no others. */
const rlt_pending_part *rlt_parts_of(const rlt_prepare_state *p, const rlt_pending_step *step, uint32_t *count);

/* half.c: float16 constants behind a DEQUANTIZE, sparse ones behind a DENSIFY, or both. `rlt_defer_half`: whether `op`
 * is such an operator, which is then put off. `rlt_expand_half` puts the values of its output into transient memory if
 * there is room, so that the current operator can pack them; `rlt_drop_halves` ends that for all its inputs. */
int rlt_defer_half(rlt_prepare_state *p, const rlt_op *op);
void rlt_expand_half(rlt_prepare_state *p, rlt_tensor *tensor);
void rlt_drop_halves(rlt_prepare_state *p, size_t back);
float rlt_half_to_float(uint16_t half);

/* pad.c: a PAD that convolutions can do. `rlt_pads_itself`: whether the current operator, a reader of the result of one
 * that was put off, is such a convolution. */
enum { PAD_NOW = -1 };
int rlt_pads_itself(rlt_prepare_state *p, const rlt_op *op, uint32_t i);

/* share.c: drops the constants that the current operator added, with the steps from `first_step` on, and others did. */
void rlt_share_constants(rlt_prepare_state *p, const rlt_op *op, uint32_t first_step);

/* int4.c: 4-bit weights of the current operator become 8-bit ones, transient as above; and back. */
void rlt_unpack_int4(rlt_prepare_state *p, const rlt_op *op, rlt_tensor *tensor);
void rlt_pack_again(rlt_prepare_state *p, rlt_tensor *tensor);

/* sparse.c: calls `put` with each value of a sparse constant and its place in the dense tensor. */
typedef void (*rlt_put_value)(void *to, size_t at, const uint8_t *values, uint32_t i);
rlt_status rlt_expand_sparse(rlt_prepare_state *p, const rlt_tensor *tensor, rlt_put_value put, void *to);

/* layout.c: lifetimes, offsets, and the refs in all params. Fills `infos`, one per tensor. */
rlt_status rlt_lay_out(rlt_prepare_state *p, rlt_tensor_info *infos);

/* given.c: the offsets in the file's metadata OfflineMemoryAllocation (TensorFlow Lite Micro: version, subgraph, count,
 * then an offset per tensor, -1 for none), for each root block of `blocks`; 0 if it gives none for this subgraph. */
int rlt_read_given_offsets(rlt_prepare_state *p, rlt_block *given, uint32_t blocks);

/* links.c, from all lifetimes. `rlt_lengthen_linked`: what linked steps use must be alive in all of them; `words`: room for
 * one per step. `rlt_place_scratch`: gives scratch of two threads its place from offset `at` on; returns the bytes there. */
void rlt_lengthen_linked(const rlt_prepare_state *p, rlt_block *blocks, uint32_t count, uint64_t *words);
uint32_t rlt_place_scratch(const rlt_prepare_state *p, const rlt_block *blocks, uint32_t at, uint32_t *placed);

/* finish.c: plans memory, completes the image, and cuts `block` (from malloc, starting with the rlt_plan) to what the
 * plan keeps. On failure the block is still the caller's. `rlt_image_start`: where the image begins in a block. */
rlt_status rlt_finish(rlt_prepare_state *p, uint8_t *block, rlt_plan **plan);
size_t rlt_image_start(const uint8_t *block);

/* port/pages_posix.c: memory as of malloc(), in whose first half, from the start, about `filled` bytes will be written. */
void *rlt_new_block(size_t bytes, size_t filled);

/* dispatch.c */
rlt_prepare_fn rlt_prepare_of(const rlt_op_kind *kind);
rlt_kernel_fn rlt_kernel_of(uint32_t kernel);

#endif
