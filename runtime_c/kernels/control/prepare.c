/* IF, WHILE and STABLEHLO_COMPOSITE: the steps of the called subgraphs, with jumps between them.
 *
 *     WHILE: loop variables (the outputs) = inputs; again: condition; jump to end unless it holds; body;
 *            loop variables = results of the body; jump to again; end
 *     IF:    jump to other unless the condition holds; then; outputs = its results; jump to end;
 *            other: else; outputs = its results; end */
#include "../common/prepare_common.h"
#include "control.h"

enum { WHILE_CONDITION, WHILE_BODY };
enum { IF_THEN, IF_ELSE };
enum { COMPOSITE_NAME, COMPOSITE_SUBGRAPH };

static rlt_status add_copy(rlt_prepare_state *p, const rlt_op *op, rlt_ref input, rlt_ref output, uint32_t bytes) {
    rlt_copy_params *k = rlt_add_step(p, op, RLT_KERNEL_copy, sizeof *k, RLT_COPY_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = input;
    k->output = output;
    k->bytes = bytes;
    return RLT_OK;
}

/* `output` gets the value of `input`, whose shape it has. */
static rlt_status assign(rlt_prepare_state *p, const rlt_op *op, rlt_tensor *output, rlt_tensor *input) {
    const rlt_ref from = rlt_ref_of(p, input);
    rlt_may_overwrite(p, output, input);
    return add_copy(p, op, from, rlt_ref_of(p, output), output->bytes);
}

/* NULL after failing. */
static rlt_jump_params *add_jump(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *condition) {
    rlt_jump_params *k = rlt_add_step(p, op, RLT_KERNEL_jump, sizeof *k, RLT_JUMP_REFS, 1);
    if (k) k->condition = rlt_ref_of(p, condition);
    return k;
}

static rlt_status need_condition(rlt_prepare_state *p, const rlt_tensor *condition) {
    if (condition->type != RLT_BOOL || condition->elements != 1)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, condition, "a condition is one BOOL");
    return RLT_OK;
}

/* A value that goes from one subgraph to another keeps its type and, since memory is planned beforehand, its shape. */
static rlt_status need_alike(rlt_prepare_state *p, const rlt_tensor *output, const rlt_tensor *result) {
    int same = output->type == result->type && output->rank == result->rank;
    for (uint32_t i = 0; same && i < output->rank; i++) same = output->dims[i] == result->dims[i];
    return same ? RLT_OK : rlt_fail(p, RLT_ERROR_DYNAMIC, output, "a called subgraph gives another shape or type");
}

/* Operands or results as a list; NULL after failing. */
static rlt_tensor **list(rlt_prepare_state *p, const rlt_op *op, uint32_t first, uint32_t count, int are_outputs) {
    rlt_tensor **tensors = rlt_tensor_list(p, count);
    for (uint32_t i = 0; tensors && i < count; i++) {
        tensors[i] = are_outputs ? rlt_output(p, op, i) : rlt_input(p, op, first + i);
        if (tensors[i]) continue;
        rlt_fail(p, RLT_ERROR_FORMAT, NULL, "an operand is missing");
        return NULL;
    }
    return tensors;
}

/* The first values of the loop variables. A variable's handle is the same in all iterations. */
static rlt_status start_loop(rlt_prepare_state *p, const rlt_op *op, rlt_tensor **variables) {
    for (uint32_t i = 0; i < op->input_count; i++) {
        rlt_tensor *input = rlt_input(p, op, i), *variable = variables[i];
        if (!input) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "an operand is missing");
        RLT_TRY(rlt_need_type(p, variable, input->type));
        RLT_TRY(rlt_set_shape(p, variable, input->rank, input->dims));
        if (input->type == RLT_RESOURCE) RLT_TRY(rlt_share(p, variable, input));
        else RLT_TRY(assign(p, op, variable, input));
    }
    return RLT_OK;
}

static int is_passed_on(rlt_prepare_state *p, const rlt_tensor *variable, const rlt_tensor *result) {
    return !result->data && rlt_block_of(p, variable) == rlt_block_of(p, result);
}

/* Loop variables take the body's results. A result that is another variable's old value goes by way of scratch, before
 * any variable changes; such results have blocks from before `body`. */
static rlt_status end_iteration(rlt_prepare_state *p, const rlt_op *op, rlt_tensor **variables, rlt_tensor **results,
                                uint32_t body) {
    rlt_ref *saved = (rlt_ref *)(void *)rlt_tensor_list(p, op->output_count);
    if (!saved) return RLT_ERROR_MEMORY;
    for (uint32_t i = 0; i < op->output_count; i++) {
        saved[i] = RLT_REF_NONE;
        RLT_TRY(need_alike(p, variables[i], results[i]));
        if (results[i]->data || rlt_block_of(p, results[i]) >= body) continue;
        if (is_passed_on(p, variables[i], results[i])) continue;
        saved[i] = rlt_add_scratch(p, op, results[i]->bytes);
        RLT_TRY(add_copy(p, op, rlt_ref_of(p, results[i]), saved[i], results[i]->bytes));
    }
    for (uint32_t i = 0; i < op->output_count; i++) {
        if (is_passed_on(p, variables[i], results[i])) continue;
        if (variables[i]->type == RLT_RESOURCE)
            return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, variables[i], "a loop changes a variable's handle");
        const rlt_ref from = saved[i] != RLT_REF_NONE ? saved[i] : rlt_ref_of(p, results[i]);
        RLT_TRY(add_copy(p, op, from, rlt_ref_of(p, variables[i]), results[i]->bytes));
    }
    return RLT_OK;
}

rlt_status rlt_prepare_while(rlt_prepare_state *p, const rlt_op *op) {
    const uint32_t count = op->output_count;
    if (op->input_count != count) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "WHILE has as many outputs as inputs");
    rlt_tensor **variables = list(p, op, 0, count, 1), **results = rlt_tensor_list(p, count), *condition;
    if (!variables || !results) return RLT_ERROR_MEMORY;
    RLT_TRY(start_loop(p, op, variables));
    const uint32_t again = rlt_next_step(p);
    RLT_TRY(rlt_call(p, rlt_option_i32(op, WHILE_CONDITION, 0), variables, count, &condition, 1));
    RLT_TRY(need_condition(p, condition));
    rlt_jump_params *leave = add_jump(p, op, condition);
    const uint32_t body = rlt_next_block(p);
    if (!leave) return RLT_ERROR_MEMORY;
    RLT_TRY(rlt_call(p, rlt_option_i32(op, WHILE_BODY, 0), variables, count, results, count));
    RLT_TRY(end_iteration(p, op, variables, results, body));
    rlt_jump_params *back = add_jump(p, op, NULL);
    if (!back) return RLT_ERROR_MEMORY;
    back->target = again;
    leave->target = rlt_next_step(p);
    return rlt_add_loop(p, again);
}

/* One branch of IF. The first gives the outputs their shapes. */
static rlt_status add_branch(rlt_prepare_state *p, const rlt_op *op, int32_t subgraph, rlt_tensor **arguments,
                             int is_first) {
    rlt_tensor **results = rlt_tensor_list(p, op->output_count);
    if (!results) return RLT_ERROR_MEMORY;
    RLT_TRY(rlt_call(p, subgraph, arguments, op->input_count - 1, results, op->output_count));
    for (uint32_t i = 0; i < op->output_count; i++) {
        rlt_tensor *output = rlt_output(p, op, i);
        if (results[i]->type == RLT_RESOURCE)
            return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, output, "a branch gives out a variable's handle");
        if (is_first) RLT_TRY(rlt_set_shape(p, output, results[i]->rank, results[i]->dims));
        RLT_TRY(need_alike(p, output, results[i]));
        RLT_TRY(assign(p, op, output, results[i]));
    }
    return RLT_OK;
}

rlt_status rlt_prepare_if(rlt_prepare_state *p, const rlt_op *op) {
    rlt_tensor *condition = rlt_input(p, op, 0);
    if (!condition) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "the condition is missing");
    RLT_TRY(need_condition(p, condition));
    rlt_tensor **arguments = list(p, op, 1, op->input_count - 1, 0);
    rlt_jump_params *other = arguments ? add_jump(p, op, condition) : NULL;
    if (!other) return RLT_ERROR_MEMORY;
    RLT_TRY(add_branch(p, op, rlt_option_i32(op, IF_THEN, 0), arguments, 1));
    rlt_jump_params *leave = add_jump(p, op, NULL);
    if (!leave) return RLT_ERROR_MEMORY;
    other->target = rlt_next_step(p);
    RLT_TRY(add_branch(p, op, rlt_option_i32(op, IF_ELSE, 0), arguments, 0));
    leave->target = rlt_next_step(p);
    return RLT_OK;
}

/* Whatever the composite is called, its decomposition says what it computes. */
rlt_status rlt_prepare_stablehlo_composite(rlt_prepare_state *p, const rlt_op *op) {
    rlt_tensor **arguments = list(p, op, 0, op->input_count, 0), **results = rlt_tensor_list(p, op->output_count);
    if (!arguments || !results) return RLT_ERROR_MEMORY;
    const int32_t subgraph = rlt_option_i32(op, COMPOSITE_SUBGRAPH, 0);
    RLT_TRY(rlt_call(p, subgraph, arguments, op->input_count, results, op->output_count));
    for (uint32_t i = 0; i < op->output_count; i++) {
        rlt_tensor *output = rlt_output(p, op, i);
        RLT_TRY(rlt_need_type(p, output, results[i]->type));
        RLT_TRY(rlt_set_shape(p, output, results[i]->rank, results[i]->dims));
        RLT_TRY(rlt_share(p, output, results[i]));
    }
    return RLT_OK;
}
