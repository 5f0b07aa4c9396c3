/* Subgraphs that operators call (IF, WHILE, STABLEHLO_COMPOSITE). A call is laid out in place: its steps follow each
 * other in the one image, its tensors have blocks in the one arena. So a subgraph called twice is laid out twice, and
 * one that calls itself is refused. */
#include <string.h>

#include "state.h"

/* Fields of the options tables that number subgraphs. */
enum { COMPOSITE_SUBGRAPH = 1 };

rlt_status rlt_open_frame(rlt_prepare_state *p, uint32_t number) {
    rlt_file *file = &p->file;
    rlt_table model = rlt_root(file);
    rlt_vector subgraphs = rlt_field_vector(file, &model, MODEL_SUBGRAPHS, 4);
    if (number >= subgraphs.count) return rlt_fail(p, RLT_ERROR_ARGUMENT, NULL, "the file has no such subgraph");
    rlt_table graph = rlt_element_table(file, &subgraphs, number);
    p->frame.tensor_tables = rlt_field_vector(file, &graph, SUBGRAPH_TENSORS, 4);
    p->frame.operator_tables = rlt_field_vector(file, &graph, SUBGRAPH_OPERATORS, 4);
    p->frame.graph_inputs = rlt_field_vector(file, &graph, SUBGRAPH_INPUTS, 4);
    p->frame.graph_outputs = rlt_field_vector(file, &graph, SUBGRAPH_OUTPUTS, 4);
    p->frame.subgraph = number;
    p->frame.first_tensor = p->tensors_used;
    return RLT_OK;
}

int rlt_calls(int32_t code) {
    return code == IF || code == WHILE || code == COMPOSITE;
}

/* The subgraphs that an operator calls: how many, at most 2. */
static uint32_t callees(rlt_prepare_state *p, const rlt_table *op, int32_t code, uint32_t numbers[2]) {
    rlt_table options = rlt_field_table(&p->file, op, code == COMPOSITE ? OPERATOR_OPTIONS_2 : OPERATOR_OPTIONS);
    if (code == COMPOSITE) {
        numbers[0] = rlt_field_u32(&p->file, &options, COMPOSITE_SUBGRAPH, 0);
        return 1;
    }
    if (code != IF && code != WHILE) return 0;
    numbers[0] = rlt_field_u32(&p->file, &options, 0, 0);
    numbers[1] = rlt_field_u32(&p->file, &options, 1, 0);
    return 2;
}

/* What is there once per call may be much more than the file holds: it ends where memory would not suffice anyway. */
static int is_too_much(const rlt_prepare_state *p, const rlt_totals *totals) {
    return (totals->tensors + totals->operators) * sizeof(rlt_tensor) > p->back - p->front;
}

rlt_status rlt_count_frame(rlt_prepare_state *p, uint32_t number, uint32_t depth, rlt_totals *totals) {
    const rlt_frame outer = p->frame;
    if (depth > MOST_DEPTH) return rlt_fail(p, RLT_ERROR_MEMORY, NULL, "more than 8 subgraphs call each other");
    if (rlt_open_frame(p, number) != RLT_OK) return p->status;
    totals->tensors += p->frame.tensor_tables.count;
    totals->operators += p->frame.operator_tables.count;
    if (depth != 0 && is_too_much(p, totals))
        return rlt_fail(p, RLT_ERROR_MEMORY, NULL, "calls of subgraphs need more memory than prepare may take");
    for (uint32_t i = 0; i < p->frame.operator_tables.count; i++) {
        rlt_table op = rlt_element_table(&p->file, &p->frame.operator_tables, i);
        rlt_table table = rlt_element_table(&p->file, &p->code_tables, rlt_field_u32(&p->file, &op, OPERATOR_CODE, 0));
        const int32_t code = rlt_operator_code(&p->file, &table);
        uint64_t operands = (uint64_t)rlt_field_vector(&p->file, &op, OPERATOR_INPUTS, 4).count +
                            rlt_field_vector(&p->file, &op, OPERATOR_OUTPUTS, 4).count;
        if (code == VAR_HANDLE) p->variable_limit++;
        if (code == WHILE) totals->loops++;
        uint32_t numbers[2];
        const uint32_t count = callees(p, &op, code, numbers);
        totals->operands += count != 0 ? 4 * operands + 8 : operands; /* copies and jumps */
        for (uint32_t k = 0; k < count; k++)
            if (rlt_count_frame(p, numbers[k], depth + 1, totals) != RLT_OK) return p->status;
    }
    p->frame = outer;
    return RLT_OK;
}

/* Makes input `i` of the current subgraph the bytes of `argument`. */
static rlt_status bind_input(rlt_prepare_state *p, uint32_t i, rlt_tensor *argument) {
    rlt_tensor *input = rlt_tensor_at(p, rlt_element_i32(&p->file, &p->frame.graph_inputs, i));
    if (argument == NULL) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "an operand of a call is missing");
    if (input->type != argument->type)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, NULL, "an operand of a call has another element type there");
    if (p->places[input->index].flags & TENSOR_STATEFUL)
        return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "an input of a called subgraph is a variable");
    if (input->rank != argument->rank || memcmp(input->dims, argument->dims, input->rank * sizeof *input->dims) != 0)
        p->frame.is_resized = 1;
    input->rank = argument->rank;
    memcpy(input->dims, argument->dims, sizeof input->dims);
    if (rlt_measure(p, input) != RLT_OK) return p->status;
    if (argument->data != NULL) {
        input->data = argument->data;
        p->places[input->index].copy = rlt_ref_of(p, argument);
    } else if (rlt_is_variable(p, argument) && argument->type != RLT_RESOURCE) {
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, NULL, "a variable is an operand of a call");
    } else {
        p->places[input->index].parent = rlt_root_of(p, (uint32_t)argument->index);
    }
    return p->status;
}

rlt_status rlt_call(rlt_prepare_state *p, int32_t subgraph, rlt_tensor *const *arguments, uint32_t count,
                    rlt_tensor **results, uint32_t result_count) {
    const rlt_prepare_state outer = *p;
    if (p->depth == MOST_DEPTH || subgraph <= 0)
        return rlt_fail(p, RLT_ERROR_OPTION, NULL, "it calls a wrong subgraph");
    if (rlt_open_frame(p, (uint32_t)subgraph) != RLT_OK) return p->status;
    p->depth++;
    if (p->frame.tensor_tables.count > p->tensor_count - p->tensors_used)
        return rlt_fail(p, RLT_ERROR_MEMORY, NULL, "more is called than was counted");
    p->tensors_used += p->frame.tensor_tables.count;
    if (p->frame.graph_inputs.count != count || p->frame.graph_outputs.count != result_count)
        return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "the called subgraph has another number of inputs or outputs");
    if (rlt_load_frame(p) != RLT_OK) return p->status;
    for (uint32_t i = 0; i < count; i++)
        if (bind_input(p, i, arguments[i]) != RLT_OK) return p->status;
    if (rlt_prepare_frame(p) != RLT_OK) return p->status;
    for (uint32_t i = 0; i < result_count; i++)
        results[i] = rlt_tensor_at(p, rlt_element_i32(&p->file, &p->frame.graph_outputs, i));
    p->frame = outer.frame;
    p->depth = outer.depth;
    p->kind = outer.kind;
    p->prepare = outer.prepare;
    p->op_index = outer.op_index;
    p->op_inputs = outer.op_inputs;
    p->op_outputs = outer.op_outputs;
    return RLT_OK;
}

rlt_tensor **rlt_tensor_list(rlt_prepare_state *p, uint32_t count) {
    return rlt_take(p, count, sizeof(rlt_tensor *));
}

uint32_t rlt_next_step(const rlt_prepare_state *p) {
    return p->step_count;
}

rlt_status rlt_add_loop(rlt_prepare_state *p, uint32_t first) {
    if (p->loop_count == p->loop_limit) return rlt_fail(p, RLT_ERROR_MEMORY, NULL, "more than 256 loops");
    p->loops[p->loop_count++] = (rlt_loop){first, p->step_count - 1};
    return RLT_OK;
}

uint32_t rlt_block_of(rlt_prepare_state *p, const rlt_tensor *tensor) {
    return rlt_root_of(p, (uint32_t)tensor->index);
}

uint32_t rlt_next_block(const rlt_prepare_state *p) {
    return p->tensors_used;
}
