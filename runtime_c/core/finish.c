/* The end of prepare: the image's tables and header, the plan's own tables behind the image, and the cut. */
#include <stdlib.h>
#include <string.h>

#include "state.h"

/* Room at the image's end; NULL after failing. Everything is a multiple of 4 bytes. */
static void *append(rlt_prepare_state *p, uint64_t count, size_t bytes) {
    if (count * bytes > p->back - p->front) {
        rlt_fail(p, RLT_ERROR_MEMORY, NULL, "the plan needs more memory than prepare may take");
        return NULL;
    }
    void *room = p->image + p->front;
    p->front += (size_t)(count * bytes);
    return room;
}

static rlt_tensor *element(rlt_prepare_state *p, const rlt_vector *indices, uint32_t i) {
    return &p->tensors[rlt_element_i32(&p->file, indices, i)];
}

static void fill_io(rlt_prepare_state *p, const rlt_vector *indices, const rlt_tensor_info *infos,
                    rlt_image_tensor *entries) {
    for (uint32_t i = 0; i < indices->count; i++) {
        const rlt_tensor *tensor = element(p, indices, i);
        rlt_image_tensor entry = {.bytes = tensor->bytes, .type = tensor->type, .rank = tensor->rank};
        if (tensor->data != NULL) entry.data = rlt_ref_of(p, tensor);
        else entry.data = RLT_REF(RLT_REGION_ARENA, infos[tensor->index].arena_offset);
        memcpy(entry.dims, tensor->dims, sizeof entry.dims);
        if (tensor->scale_count != 0) {
            entry.scale = rlt_scale(tensor, 0);
            entry.zero_point = rlt_zero_point(tensor, 0);
        }
        entries[i] = entry;
    }
}

/* Variables, by their root tensor; `states` NULL: only counts. */
static uint32_t fill_states(rlt_prepare_state *p, const rlt_tensor_info *infos, rlt_image_state *states) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->tensor_count; i++) {
        const rlt_tensor *tensor = &p->tensors[i];
        if (!(p->places[i].flags & TENSOR_STATEFUL) || tensor->data != NULL || p->places[i].parent != i) continue;
        if (infos[i].arena_offset == UINT32_MAX || (p->places[i].flags & TENSOR_GIVEN)) continue;
        if (states != NULL) {
            states[count] = (rlt_image_state){RLT_REF(RLT_REGION_ARENA, infos[i].arena_offset), p->places[i].copy,
                                              tensor->bytes, 0};
            /* As LiteRT does: only int8 starts at its zero point (tflite/core/api/tensor_utils.cc). */
            if (tensor->type == RLT_INT8) states[count].fill = (uint8_t)rlt_zero_point(tensor, 0);
        }
        count++;
    }
    for (uint32_t i = 0; i < p->scratch_count; i++) {
        if (!(p->scratch[i] & SCRATCH_COUNTER)) continue;
        const size_t offset = (size_t)(p->scratch[i] & ~SCRATCH_COUNTER) << 2;
        if (states != NULL)
            states[count] = (rlt_image_state){RLT_REF(RLT_REGION_ARENA, offset), RLT_REF_NONE, COUNTER_BYTES, 0};
        count++;
    }
    return count;
}

static rlt_status complete_image(rlt_prepare_state *p, const rlt_tensor_info *infos) {
    /* Constants that are outputs may have to be copied, which must come before the tables. */
    for (uint32_t i = 0; i < p->frame.graph_outputs.count; i++) {
        const rlt_tensor *tensor = element(p, &p->frame.graph_outputs, i);
        if (tensor->data != NULL) rlt_ref_of(p, tensor);
    }
    rlt_image_step *steps = append(p, (uint64_t)p->step_count + p->part_count, sizeof *steps);
    rlt_image_tensor *inputs = append(p, p->frame.graph_inputs.count, sizeof *inputs);
    rlt_image_tensor *outputs = append(p, p->frame.graph_outputs.count, sizeof *outputs);
    const uint32_t state_count = fill_states(p, infos, NULL);
    rlt_image_state *states = append(p, state_count, sizeof *states);
    if (p->status != RLT_OK) return p->status;
    fill_states(p, infos, states);
    for (uint32_t i = 0; i < p->step_count; i++) {
        const rlt_pending_step *step = &p->steps[i];
        steps[i] = (rlt_image_step){step->kernel, step->params, step->ref_count, step->tasks, step->link, step->op};
    }
    for (uint32_t i = 0; i < p->part_count; i++) {
        const rlt_pending_part *part = &p->parts[i];
        steps[p->step_count + i] =
            (rlt_image_step){part->kernel, part->params, (uint16_t)part->ref_count, 1, RLT_LINK_ALL, part->op};
    }
    fill_io(p, &p->frame.graph_inputs, infos, inputs);
    fill_io(p, &p->frame.graph_outputs, infos, outputs);
    rlt_image header = {
        .magic = RLT_IMAGE_MAGIC,
        .version = RLT_IMAGE_VERSION,
        .bytes = (uint32_t)p->front,
        .arena_bytes = (uint32_t)p->arena_bytes,
        .arena_alignment = p->config.alignment,
        .model_bytes = p->config.flags & RLT_SELF_CONTAINED ? 0 : p->file.size,
        .kernel_limit = RLT_KERNEL_COUNT,
        .step_count = p->step_count,
        .part_count = p->part_count,
        .steps = (uint32_t)((uint8_t *)steps - p->image),
        .input_count = p->frame.graph_inputs.count,
        .inputs = (uint32_t)((uint8_t *)inputs - p->image),
        .output_count = p->frame.graph_outputs.count,
        .outputs = (uint32_t)((uint8_t *)outputs - p->image),
        .state_count = state_count,
        .states = (uint32_t)((uint8_t *)states - p->image),
    };
    memcpy(p->image, &header, sizeof header);
    return RLT_OK;
}

size_t rlt_image_start(const uint8_t *block) {
    uintptr_t start = (uintptr_t)block + sizeof(rlt_plan);
    return (size_t)(((start + RLT_ALIGNMENT - 1) & ~(uintptr_t)(RLT_ALIGNMENT - 1)) - (uintptr_t)block);
}

/* Cuts the block behind `used` bytes of image and tables. A moved block may need the image moved to stay aligned. */
static rlt_plan *cut(uint8_t *block, size_t start, size_t used) {
    uint8_t *kept = realloc(block, start + used + RLT_ALIGNMENT);
    if (kept == NULL) kept = block; /* cutting failed: it stays long */
    size_t now = rlt_image_start(kept);
    if (now != start) memmove(kept + now, kept + start, used);
    return (rlt_plan *)(void *)kept;
}

/* Behind the plan's other tables: the variables that have memory, `kept` of them, and their names; returns where. */
static rlt_variable_info *append_variables(rlt_prepare_state *p, const rlt_tensor_info *infos, uint32_t *kept,
                                           char **names) {
    uint64_t text = 0;
    *kept = 0;
    for (uint32_t i = 0; i < p->variable_count; i++) {
        text += p->variables[i].name.count;
        *kept += p->variables[i].is_bound && infos[p->variables[i].handle].arena_offset != UINT32_MAX;
    }
    rlt_variable_info *variables = append(p, *kept, sizeof *variables);
    char *name = append(p, (text + 7) & ~(uint64_t)7, 1);
    *names = name;
    if (p->status != RLT_OK) return NULL;
    rlt_variable_info *info = variables;
    for (uint32_t i = 0; i < p->variable_count; i++) {
        const rlt_variable *v = &p->variables[i];
        if (!v->is_bound || infos[v->handle].arena_offset == UINT32_MAX) continue;
        *info = (rlt_variable_info){.name_bytes = v->name.count, .arena_offset = infos[v->handle].arena_offset,
                                    .bytes = p->tensors[v->handle].bytes, .type = v->type, .rank = v->rank};
        memcpy(info->dims, v->dims, sizeof v->dims);
        memcpy(name, p->file.bytes + v->name.at, v->name.count);
        name += v->name.count;
        info++;
    }
    return variables;
}

rlt_status rlt_finish(rlt_prepare_state *p, uint8_t *block, rlt_plan **plan) {
    p->held = 0;
    rlt_tensor_info *infos = rlt_take(p, p->tensor_count, sizeof *infos);
    if (infos == NULL || rlt_lay_out(p, infos) != RLT_OK || complete_image(p, infos) != RLT_OK) return p->status;

    size_t start = (size_t)(p->image - block), image_bytes = p->front;
    rlt_plan head = {.image_bytes = image_bytes, .arena_bytes = (size_t)p->arena_bytes,
                     .fast_bytes = (size_t)p->fast_bytes, .live_bytes = (size_t)p->live_bytes, .tensor_count = p->frame.tensor_tables.count,
                     .step_count = p->step_count, .op_count = p->frame.operator_tables.count};
    uint32_t output_count = p->first_output[head.op_count];
    uint32_t *step_scratch = append(p, head.step_count, sizeof *step_scratch);
    uint32_t *first_output = append(p, (uint64_t)head.op_count + 1, sizeof *first_output);
    int32_t *outputs = append(p, output_count, sizeof *outputs);
    rlt_tensor_info *tensors = append(p, head.tensor_count, sizeof *tensors);
    if (p->front % 8 != 0) append(p, 8 - p->front % 8, 1); /* they hold pointers */
    char *names;
    rlt_variable_info *variables = append_variables(p, infos, &head.variable_count, &names);
    append(p, RLT_ALIGNMENT, 1); /* for cut() */
    if (p->status != RLT_OK) return p->status;
    for (uint32_t i = 0; i < head.step_count; i++) {
        step_scratch[i] = p->steps[i].scratch_bytes;
        if (step_scratch[i] > head.scratch_bytes) head.scratch_bytes = step_scratch[i];
    }
    memcpy(first_output, p->first_output, ((size_t)head.op_count + 1) * sizeof *first_output);
    memcpy(outputs, p->outputs, output_count * sizeof *outputs);
    memcpy(tensors, infos, head.tensor_count * sizeof *tensors);

    size_t scratch_at = (size_t)((uint8_t *)step_scratch - p->image);
    size_t first_at = (size_t)((uint8_t *)first_output - p->image);
    size_t outputs_at = (size_t)((uint8_t *)outputs - p->image), tensors_at = (size_t)((uint8_t *)tensors - p->image);
    size_t variables_at = (size_t)((uint8_t *)variables - p->image), name_at = (size_t)((uint8_t *)names - p->image);
    rlt_plan *kept = cut(block, start, p->front - RLT_ALIGNMENT);
    *kept = head;
    kept->image = (uint8_t *)kept + rlt_image_start((uint8_t *)kept);
    kept->step_scratch = (uint32_t *)(void *)(kept->image + scratch_at);
    kept->first_output = (uint32_t *)(void *)(kept->image + first_at);
    kept->outputs = (int32_t *)(void *)(kept->image + outputs_at);
    kept->tensors = (rlt_tensor_info *)(void *)(kept->image + tensors_at);
    kept->variables = (rlt_variable_info *)(void *)(kept->image + variables_at);
    for (uint32_t i = 0; i < kept->variable_count; name_at += kept->variables[i++].name_bytes)
        kept->variables[i].name = (const char *)kept->image + name_at;
    *plan = kept;
    return RLT_OK;
}
