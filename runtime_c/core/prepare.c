/* The driver of prepare: verifies, loads tensors, calls each operator's prepare function in order, plans memory and
 * completes the image. */
#include "prepare.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "state.h"

enum { MOST_THREADS = 64 };
static const rlt_config DEFAULTS = {.alignment = 64, .arena_limit = UINT64_C(1) << 32, .float_tolerance = 1e-5f};

static rlt_status check_config(rlt_prepare_state *p) {
    rlt_config *config = &p->config;
    if (config->isa == 0) config->isa = rlt_cpu_isa();
    config->isa |= RLT_ISA_SCALAR;
    if (config->kernels == NULL) config->kernels = getenv("RILLET_KERNELS");
    if (config->threads == 0) config->threads = 1;
    if (config->threads > MOST_THREADS) config->threads = MOST_THREADS;
    if (config->float_tolerance == 0.0f) config->float_tolerance = DEFAULTS.float_tolerance;
    if (config->alignment == 0) config->alignment = DEFAULTS.alignment;
    if (config->arena_limit == 0 || config->arena_limit > DEFAULTS.arena_limit) config->arena_limit = DEFAULTS.arena_limit;
    if (config->alignment < 4 || config->alignment > RLT_ALIGNMENT || (config->alignment & (config->alignment - 1)))
        return rlt_fail(p, RLT_ERROR_ARGUMENT, NULL, "alignment must be a power of two from 4 to 64");
    if ((uintptr_t)p->file.bytes % 8 != 0)
        return rlt_fail(p, RLT_ERROR_ARGUMENT, NULL, "the model's bytes must start at a multiple of 8");
    if (config->variable_bytes % config->alignment != 0 || (config->variable_place_count != 0 && !config->variable_places))
        return rlt_fail(p, RLT_ERROR_ARGUMENT, NULL, "variable_bytes must be a multiple of the alignment");
    if (config->input_shape_count != 0 && config->input_shapes == NULL)
        return rlt_fail(p, RLT_ERROR_ARGUMENT, NULL, "input_shapes is NULL");
    return RLT_OK;
}

static rlt_status open_subgraph(rlt_prepare_state *p) {
    rlt_file *file = &p->file;
    file->work = UINT64_MAX; /* verified: reading on cannot be expensive */
    rlt_table model = rlt_root(file);
    p->code_tables = rlt_field_vector(file, &model, MODEL_CODES, 4);
    p->buffer_tables = rlt_field_vector(file, &model, MODEL_BUFFERS, 4);
    if (rlt_open_frame(p, p->config.subgraph) != RLT_OK) return p->status;
    p->tensors_used = p->frame.tensor_tables.count;
    return RLT_OK;
}

/* Later memory per tensor (see layout.c and finish.c) and per operator (steps' params, mostly below 128 bytes). */
enum { HELD_PER_TENSOR = 176, HELD_PER_OP = 128 };

/* Takes all tables at once: what operators add is bounded by the count of their operands. */
static rlt_status take_tables(rlt_prepare_state *p) {
    uint32_t ops = p->frame.operator_tables.count;
    uint64_t outputs = 0;
    for (uint32_t i = 0; i < ops; i++) {
        rlt_table op = rlt_element_table(&p->file, &p->frame.operator_tables, i);
        outputs += rlt_field_vector(&p->file, &op, OPERATOR_OUTPUTS, 4).count;
    }
    rlt_totals all = {0};
    if (rlt_count_frame(p, p->config.subgraph, 0, &all) != RLT_OK) return p->status;
    if (all.operands + all.operators > RLT_REF_NONE >> 3 || all.tensors > RLT_REF_NONE >> 3)
        return rlt_fail(p, RLT_ERROR_MEMORY, NULL, "too many operands");
    p->tensor_count = (uint32_t)all.tensors;
    p->loop_limit = all.loops < MOST_LOOPS ? (uint32_t)all.loops : MOST_LOOPS;
    p->step_limit = p->scratch_limit = p->overwrite_limit = (uint32_t)(all.operands + all.operators);
    p->tensors = rlt_take(p, p->tensor_count, sizeof *p->tensors);
    p->places = rlt_take(p, p->tensor_count, sizeof *p->places);
    p->steps = rlt_take(p, p->step_limit, sizeof *p->steps);
    p->scratch = rlt_take(p, p->scratch_limit, sizeof *p->scratch);
    p->part_limit = ops;
    p->parts = rlt_take(p, p->part_limit, sizeof *p->parts);
    p->overwrites = rlt_take(p, p->overwrite_limit, sizeof *p->overwrites);
    p->loops = rlt_take(p, p->loop_limit, sizeof *p->loops);
    p->variables = rlt_take(p, p->variable_limit, sizeof *p->variables);
    p->first_output = rlt_take(p, (uint64_t)ops + 1, sizeof *p->first_output);
    p->outputs = rlt_take(p, outputs, sizeof *p->outputs);
    p->kept = rlt_take(p, KEPT_LIMIT, sizeof *p->kept);
    if (p->kept != NULL) memset(p->kept, 0, KEPT_LIMIT * sizeof *p->kept);
    p->held = (size_t)HELD_PER_TENSOR * p->tensor_count + (size_t)HELD_PER_OP * (size_t)all.operators;
    return p->status;
}

/* Reads operator `index` and makes it the current one. `name` holds the kind of an unknown operator. */
static rlt_op open_op(rlt_prepare_state *p, uint32_t index, char name[64]) {
    rlt_file *file = &p->file;
    rlt_table table = rlt_element_table(file, &p->frame.operator_tables, index);
    rlt_table code = rlt_element_table(file, &p->code_tables, rlt_field_u32(file, &table, OPERATOR_CODE, 0));
    rlt_table options = rlt_field_table(file, &table, OPERATOR_OPTIONS);
    rlt_op op = {.index = index, .code = rlt_operator_code(file, &code)};
    if (op.code == COMPOSITE) options = rlt_field_table(file, &table, OPERATOR_OPTIONS_2);
    if (options.at != 0 && (op.code == COMPOSITE || rlt_field_u8(file, &table, OPERATOR_OPTIONS_TYPE, 0) != 0)) {
        op.options = file->bytes + options.at;
        op.options_room = file->size - options.at;
    }
    rlt_vector custom_options = rlt_field_vector(file, &table, OPERATOR_CUSTOM_OPTIONS, 1);
    op.custom_options = file->bytes + custom_options.at;
    op.custom_bytes = custom_options.count;
    p->op_index = index;
    if (p->depth == 0) p->main_op = index;
    p->op_inputs = rlt_field_vector(file, &table, OPERATOR_INPUTS, 4);
    p->op_outputs = rlt_field_vector(file, &table, OPERATOR_OUTPUTS, 4);
    op.input_count = p->op_inputs.count;
    op.output_count = p->op_outputs.count;

    const rlt_op_kind *kind = rlt_find_op_kind(file, &code);
    p->prepare = kind != NULL ? rlt_prepare_of(kind) : NULL;
    if (kind != NULL) {
        p->kind = rlt_kind_name(kind);
        return op;
    }
    rlt_error text;
    rlt_vector custom = rlt_field_vector(file, &code, CODE_CUSTOM, 1);
    rlt_error_start(&text, RLT_OK, -1, -1);
    rlt_error_add(&text, custom.count ? "custom operator " : "builtin operator ");
    if (custom.count) rlt_error_add_name(&text, file->bytes + custom.at, custom.count);
    else rlt_error_add_number(&text, op.code);
    memcpy(name, text.text, 63);
    name[63] = '\0';
    p->kind = name;
    return op;
}

/* Whether kernels can work with a tensor at all; what is said here no operator needs to check. */
static rlt_status check_operand(rlt_prepare_state *p, const rlt_tensor *tensor, int may_be_sparse) {
    uint32_t flags = p->places[tensor->index].flags;
    if (flags & TENSOR_DEEP) return rlt_fail(p, RLT_ERROR_SHAPE, tensor, "more than 8 dimensions");
    if ((flags & TENSOR_STATEFUL) && tensor->data != NULL)
        return rlt_fail(p, RLT_ERROR_FORMAT, tensor, "a variable has constant data");
    if ((flags & TENSOR_STATEFUL) && (flags & TENSOR_OPEN))
        return rlt_fail(p, RLT_ERROR_DYNAMIC, tensor, "a variable's shape is not known");
    if (flags & TENSOR_FOREIGN) return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, tensor, "its data is in another file");
    if ((flags & TENSOR_SPARSE) && !may_be_sparse) return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, tensor, "sparse constants have no kernel");
    if (tensor->type == RLT_STRING)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, tensor, "strings are not supported: their sizes are not fixed");
    if (rlt_type_bits(tensor->type) == 0)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, tensor, "elements without a fixed size have no kernel");
    return RLT_OK;
}

static rlt_status check_inputs(rlt_prepare_state *p, const rlt_op *op) {
    for (uint32_t i = 0; i < op->input_count; i++) {
        const rlt_tensor *tensor = rlt_input(p, op, i);
        if (tensor == NULL) continue;
        uint32_t flags = p->places[tensor->index].flags;
        if (!(flags & (TENSOR_READY | TENSOR_STATEFUL)))
            return rlt_fail(p, RLT_ERROR_FORMAT, tensor, "an input is used before anything computes it");
        if (check_operand(p, tensor, op->code == DENSIFY) != RLT_OK) return p->status;
        if (tensor->elements == 0 && tensor->data == NULL && p->places[tensor->index].dequantize == 0)
            return rlt_fail(p, RLT_ERROR_SHAPE, tensor, "an input has no elements");
    }
    return RLT_OK;
}

static rlt_status check_outputs(rlt_prepare_state *p, const rlt_op *op) {
    const int may_be_none = op->code == CALL_ONCE || op->code == ASSIGN_VARIABLE || op->code == CUSTOM;
    if (op->output_count == 0 && !may_be_none)
        return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "the operator has no output");
    for (uint32_t i = 0; i < op->output_count; i++) {
        const rlt_tensor *tensor = rlt_output(p, op, i);
        if (tensor == NULL) return rlt_fail(p, RLT_ERROR_FORMAT, NULL, "an output is missing");
        if (p->places[tensor->index].flags & TENSOR_READY)
            return rlt_fail(p, RLT_ERROR_FORMAT, tensor, "an output is already a constant, an input or computed");
        if (p->places[tensor->index].flags & TENSOR_STATEFUL)
            return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, tensor, "an operator's output is a variable");
        p->places[tensor->index].flags |= TENSOR_READY;
        if (check_operand(p, tensor, 0) != RLT_OK) return p->status;
    }
    return RLT_OK;
}

static rlt_status check_shapes_known(rlt_prepare_state *p, const rlt_op *op) {
    for (uint32_t i = 0; i < op->output_count; i++) {
        const rlt_tensor *tensor = rlt_output(p, op, i);
        if (p->places[tensor->index].flags & TENSOR_OPEN)
            return rlt_fail(p, RLT_ERROR_DYNAMIC, tensor, "an output's shape depends on values");
        if (tensor->elements == 0 && tensor->data == NULL)
            return rlt_fail(p, RLT_ERROR_SHAPE, tensor, "an output has no elements");
    }
    return RLT_OK;
}

static rlt_status call_prepare(rlt_prepare_state *p, const rlt_op *op) {
    rlt_status status = p->prepare(p, op);
    return status != RLT_OK ? rlt_fail(p, status, NULL, rlt_status_text(status)) : p->status;
}

/* Has a put-off DEQUANTIZE done after all, by a step in front of operator `index`, which is the current one again
 * afterwards. */
static rlt_status dequantize_at_run_time(rlt_prepare_state *p, rlt_place *place, uint32_t index, char name[64]) {
    rlt_op dequantize = open_op(p, place->dequantize - 1, name);
    rlt_tensor *source = rlt_input(p, &dequantize, 0);
    size_t back = p->back;
    if (source->data == NULL && p->status == RLT_OK) rlt_expand_half(p, source); /* sparse: made dense once */
    if (source->data == NULL || dequantize.code == DENSIFY)
        return rlt_fail(p, RLT_ERROR_MEMORY, source, "dense weights need more memory than prepare may take");
    place->dequantize = 0;
    rlt_status status = call_prepare(p, &dequantize);
    rlt_drop_halves(p, back);
    open_op(p, index, name);
    return status;
}

/* The same for a put-off PAD. */
static rlt_status pad_at_run_time(rlt_prepare_state *p, rlt_place *place, uint32_t index, char name[64]) {
    const rlt_op pad = open_op(p, (uint32_t)place->pad - 1, name);
    place->pad = PAD_NOW;
    const rlt_status status = call_prepare(p, &pad);
    place->pad = 0;
    open_op(p, index, name);
    return status;
}

/* Calls the current operator's prepare function, its float16 weights at hand. */
static rlt_status run_prepare(rlt_prepare_state *p, const rlt_op *op, char name[64]) {
    size_t back = p->back;
    for (uint32_t i = op->input_count; i-- > 0;) { /* weights lie lowest, so that they may move: see build.c */
        rlt_tensor *tensor = rlt_input(p, op, i);
        if (tensor != NULL) rlt_unpack_int4(p, op, tensor);
        if (tensor != NULL && p->places[tensor->index].pad > 0 && !rlt_pads_itself(p, op, i) &&
            pad_at_run_time(p, &p->places[tensor->index], op->index, name) != RLT_OK)
            return p->status;
        if (tensor == NULL || p->places[tensor->index].dequantize == 0 || tensor->data != NULL) continue;
        rlt_expand_half(p, tensor);
        if (p->status != RLT_OK) return p->status;
        if (tensor->data != NULL && rlt_calls(op->code)) rlt_ref_of(p, tensor); /* for all operators that are called */
        if (tensor->data != NULL) continue;
        if (dequantize_at_run_time(p, &p->places[tensor->index], op->index, name) != RLT_OK) return p->status;
    }
    if (p->status != RLT_OK) return p->status;
    const rlt_folding folding = rlt_start_folding(p, op);
    const uint32_t first_step = p->step_count;
    p->added_count = 0;
    if (call_prepare(p, op) != RLT_OK) return p->status; /* maybe in a called subgraph: that frame is still open */
    rlt_drop_halves(p, back);
    rlt_fold(p, op, &folding);
    if (!folding.is_wanted && p->depth == 0 && !rlt_has_effects(op->code)) rlt_share_constants(p, op, first_step);
    rlt_join_steps(p, op);
    return p->status;
}

static rlt_status prepare_op(rlt_prepare_state *p, uint32_t index) {
    char name[64];
    rlt_op op = open_op(p, index, name);
    p->held -= HELD_PER_OP; /* this one's */
    if (p->depth == 0) p->first_output[index + 1] = p->first_output[index] + op.output_count;
    for (uint32_t i = 0; i < op.output_count && p->depth == 0; i++)
        p->outputs[p->first_output[index] + i] = rlt_element_i32(&p->file, &p->op_outputs, i);
    if (p->prepare == NULL)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_OP, rlt_output(p, &op, 0), "the operator has no kernel");
    if (check_inputs(p, &op) != RLT_OK || check_outputs(p, &op) != RLT_OK) return p->status;
    if (rlt_defer_half(p, &op)) return RLT_OK;
    return run_prepare(p, &op, name) == RLT_OK ? check_shapes_known(p, &op) : p->status;
}

static rlt_status check_graph_outputs(rlt_prepare_state *p) {
    if (p->depth == 0) p->kind = NULL;
    for (uint32_t i = 0; i < p->frame.graph_outputs.count; i++) {
        const rlt_tensor *tensor = rlt_tensor_at(p, rlt_element_i32(&p->file, &p->frame.graph_outputs, i));
        if (!(p->places[tensor->index].flags & TENSOR_READY))
            return rlt_fail(p, RLT_ERROR_FORMAT, tensor, "nothing computes this output of the model");
        if (check_operand(p, tensor, 0) != RLT_OK) return p->status;
        if (tensor->type == RLT_RESOURCE && p->depth == 0)
            return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, tensor, "a variable's handle has no value to give out");
    }
    return RLT_OK;
}

rlt_status rlt_prepare_frame(rlt_prepare_state *p) {
    for (uint32_t i = 0; i < p->frame.operator_tables.count; i++)
        if (prepare_op(p, i) != RLT_OK) return p->status;
    return check_graph_outputs(p);
}

static void count_readers(rlt_prepare_state *p) {
    for (uint32_t i = 0; i < p->frame.operator_tables.count; i++) {
        const rlt_table op = rlt_element_table(&p->file, &p->frame.operator_tables, i);
        const rlt_vector inputs = rlt_field_vector(&p->file, &op, OPERATOR_INPUTS, 4);
        for (uint32_t k = 0; k < inputs.count; k++) {
            const rlt_tensor *tensor = rlt_tensor_at(p, rlt_element_i32(&p->file, &inputs, k));
            if (tensor != NULL) p->places[tensor->index].readers++;
        }
    }
    for (uint32_t i = 0; i < p->frame.graph_outputs.count; i++) {
        const rlt_tensor *tensor = rlt_tensor_at(p, rlt_element_i32(&p->file, &p->frame.graph_outputs, i));
        p->places[tensor->index].readers++;
    }
}

static rlt_status prepare_subgraph(rlt_prepare_state *p) {
    if (check_config(p) != RLT_OK || open_subgraph(p) != RLT_OK || take_tables(p) != RLT_OK) return p->status;
    if (rlt_load_tensors(p) != RLT_OK) return p->status;
    p->first_output[0] = 0;
    count_readers(p);
    return rlt_prepare_frame(p);
}

rlt_status rlt_prepare(const void *model, size_t size, const rlt_config *config, rlt_plan **plan, rlt_error *error) {
    *plan = NULL;
    rlt_prepare_state p = {.config = config != NULL ? *config : DEFAULTS, .error = error};
    rlt_error_start(error, RLT_OK, -1, -1);
    rlt_status status = rlt_file_open(&p.file, model, size, error);
    if (status == RLT_OK) status = rlt_verify_file(&p.file, error);
    if (status != RLT_OK) return status;

    uint64_t reserve = 0;
    uint8_t *block = NULL;
    for (uint64_t times = RESERVE_PER_BYTE; block == NULL && times >= RESERVE_LEAST_PER_BYTE; times /= 2) {
        reserve = (uint64_t)size * times + RESERVE_FLOOR;
        block = reserve <= SIZE_MAX ? rlt_new_block((size_t)reserve, size) : NULL;
    }
    if (block == NULL) return rlt_fail(&p, RLT_ERROR_MEMORY, NULL, "twice the file's size is not to be had");
    size_t start = rlt_image_start(block);
    p.image = block + start;
    p.front = sizeof(rlt_image);
    p.back = ((size_t)reserve - start) & ~(size_t)7;
    status = prepare_subgraph(&p);
    if (status == RLT_OK) status = rlt_finish(&p, block, plan);
    if (status != RLT_OK) free(block);
    return status;
}
