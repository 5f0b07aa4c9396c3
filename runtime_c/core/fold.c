/* Constant folding: an operator on few constants is run while preparing, so that shapes which a model computes from
 * those of its inputs (SHAPE, STRIDED_SLICE, PACK, then RESHAPE) are known. Bounded, since a file can hold many
 * operators. */
#include <string.h>

#include "state.h"

enum { MOST_ELEMENTS = 256, MOST_BYTES = 2048, MOST_OUTPUTS = 16, OUTPUT_ALIGNMENT = 16 };

/* Operators that do more than to compute outputs from inputs. */
int rlt_has_effects(int32_t code) {
    switch (code) {
    case CUSTOM:
    case IF:
    case WHILE:
    case COMPOSITE:
    case CALL_ONCE:
    case VAR_HANDLE:
    case READ_VARIABLE:
    case ASSIGN_VARIABLE:
    case RANDOM_NORMAL:
    case RANDOM_UNIFORM: return 1;
    default: return 0;
    }
}

static int has_few_constants(rlt_prepare_state *p, const rlt_op *op) {
    uint64_t elements = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < op->input_count; i++) {
        const rlt_tensor *input = rlt_input(p, op, i);
        if (input == NULL) continue;
        if (input->data == NULL || (p->places[input->index].flags & TENSOR_SPARSE)) return 0;
        elements += input->elements;
        count++;
    }
    return count != 0 && elements <= MOST_ELEMENTS;
}

rlt_folding rlt_start_folding(rlt_prepare_state *p, const rlt_op *op) {
    rlt_folding folding = {.first_step = p->step_count, .constant_count = p->constant_count, .isa = p->config.isa,
                           .front = p->front};
    folding.is_wanted = !rlt_has_effects(op->code) && op->output_count <= MOST_OUTPUTS && has_few_constants(p, op);
    if (folding.is_wanted) p->config.isa = RLT_ISA_SCALAR; /* the plan may be for another CPU than this one */
    return folding;
}

/* Gives each output a place in `memory` of the arena's region; its offsets by operand. 0 if they are too large. */
static int place_outputs(rlt_prepare_state *p, const rlt_op *op, uint32_t *offsets) {
    uint64_t used = 0;
    for (uint32_t i = 0; i < op->output_count; i++) {
        const rlt_tensor *output = rlt_output(p, op, i);
        if (output->data != NULL || output->elements == 0) return 0;
        offsets[i] = (uint32_t)used;
        used += ((uint64_t)output->bytes + OUTPUT_ALIGNMENT - 1) / OUTPUT_ALIGNMENT * OUTPUT_ALIGNMENT;
        if (output->elements > MOST_ELEMENTS || used > MOST_BYTES) return 0;
    }
    return 1;
}

/* Which output a ref is; `output_count` for scratch, and for outputs that share other bytes. */
static uint32_t output_of(rlt_prepare_state *p, const rlt_op *op, rlt_ref ref) {
    uint32_t i = 0;
    while (i < op->output_count && ref != (uint32_t)rlt_output(p, op, i)->index) i++;
    return i;
}

/* Whether the steps from `first` on use no memory of the arena but the outputs'. */
static int may_run(rlt_prepare_state *p, const rlt_op *op, uint32_t first) {
    for (uint32_t s = first; s < p->step_count; s++) {
        const rlt_ref *refs = (const rlt_ref *)(const void *)(p->image + p->steps[s].params);
        for (uint32_t r = 0; r < p->steps[s].ref_count; r++)
            if (RLT_REF_REGION(refs[r]) == RLT_REGION_ARENA && output_of(p, op, refs[r]) == op->output_count) return 0;
    }
    return 1;
}

static rlt_status run_steps(rlt_prepare_state *p, const rlt_op *op, uint32_t first, const uint32_t *offsets,
                            uint8_t *memory) {
    const rlt_run run = {{memory, p->image, (uint8_t *)(uintptr_t)p->file.bytes, NULL}, 0, 0, 1, NULL};
    for (uint32_t s = first; s < p->step_count; s++) {
        rlt_ref *refs = (rlt_ref *)(void *)(p->image + p->steps[s].params);
        for (uint32_t r = 0; r < p->steps[s].ref_count; r++)
            if (RLT_REF_REGION(refs[r]) == RLT_REGION_ARENA)
                refs[r] = RLT_REF(RLT_REGION_ARENA, offsets[output_of(p, op, refs[r])]);
        const rlt_status status = rlt_kernel_of(p->steps[s].kernel)(&run, p->image + p->steps[s].params);
        if (status != RLT_OK) return rlt_fail(p, status, NULL, rlt_status_text(status));
    }
    return RLT_OK;
}

void rlt_fold(rlt_prepare_state *p, const rlt_op *op, const rlt_folding *folding) {
    p->config.isa = folding->isa;
    uint32_t offsets[MOST_OUTPUTS];
    const uint32_t first = folding->first_step;
    if (!folding->is_wanted || p->step_count == first) return;
    if (!place_outputs(p, op, offsets) || !may_run(p, op, first)) return;
    _Alignas(OUTPUT_ALIGNMENT) uint8_t memory[MOST_BYTES];
    memset(memory, 0, sizeof memory);
    if (run_steps(p, op, first, offsets, memory) != RLT_OK) return;
    p->step_count = first;
    rlt_forget_rows(p);
    if (p->constant_count == folding->constant_count) p->front = folding->front; /* nothing but params was added */
    for (uint32_t i = 0; i < op->output_count; i++) {
        rlt_tensor *output = rlt_output(p, op, i);
        uint8_t *kept = rlt_make_constant(p, output);
        if (kept == NULL) return;
        memcpy(kept, memory + offsets[i], output->bytes);
    }
}
