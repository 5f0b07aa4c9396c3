/* Questions to a plan, and its export for a firmware. */
#include <stdlib.h>
#include <string.h>

#include "../kernels/strips/strips.h"
#include "state.h"

void rlt_plan_free(rlt_plan *plan) {
    free(plan); /* one block: see state.h */
}

const void *rlt_plan_image(const rlt_plan *plan) { return plan->image; }
size_t rlt_plan_image_bytes(const rlt_plan *plan) { return plan->image_bytes; }
size_t rlt_plan_arena_bytes(const rlt_plan *plan) { return plan->arena_bytes; }
size_t rlt_plan_fast_bytes(const rlt_plan *plan) { return plan->fast_bytes; }
size_t rlt_plan_scratch_bytes(const rlt_plan *plan) { return plan->scratch_bytes; }
size_t rlt_plan_live_bytes(const rlt_plan *plan) { return plan->live_bytes; }
uint32_t rlt_plan_step_count(const rlt_plan *plan) { return plan->step_count; }

static const rlt_image_step *steps_of(const uint8_t *image) {
    return (const rlt_image_step *)(const void *)(image + ((const rlt_image *)(const void *)image)->steps);
}

rlt_status rlt_plan_step(const rlt_plan *plan, uint32_t step, rlt_step_info *info) {
    if (step >= plan->step_count) return RLT_ERROR_ARGUMENT;
    const rlt_image_step *s = &steps_of(plan->image)[step];
    const rlt_strips_params *params = (const rlt_strips_params *)(const void *)(plan->image + s->params);
    *info = (rlt_step_info){s->op, s->kernel, s->tasks, plan->step_scratch[step],
                            plan->first_output[s->op + 1] - plan->first_output[s->op],
                            s->kernel == RLT_KERNEL_strips ? params->count : 1};
    return RLT_OK;
}

rlt_status rlt_plan_step_part(const rlt_plan *plan, uint32_t step, uint32_t k, rlt_step_info *info) {
    if (rlt_plan_step(plan, step, info) != RLT_OK || k >= info->part_count) return RLT_ERROR_ARGUMENT;
    const rlt_image_step *steps = steps_of(plan->image), *whole = &steps[step];
    if (whole->kernel != RLT_KERNEL_strips) return RLT_OK;
    const rlt_strips_params *params = (const rlt_strips_params *)(const void *)(plan->image + whole->params);
    const rlt_image_step *s = &steps[plan->step_count + params->first + k];
    info->op = s->op;
    info->kernel = s->kernel;
    return RLT_OK;
}

int32_t rlt_plan_step_output(const rlt_plan *plan, uint32_t step, uint32_t k) {
    rlt_step_info info;
    if (rlt_plan_step(plan, step, &info) != RLT_OK || k >= info.output_count) return -1;
    return plan->outputs[plan->first_output[info.op] + k];
}

rlt_status rlt_plan_tensor(const rlt_plan *plan, uint32_t tensor, rlt_tensor_info *info) {
    if (tensor >= plan->tensor_count) return RLT_ERROR_ARGUMENT;
    *info = plan->tensors[tensor];
    return RLT_OK;
}

uint32_t rlt_plan_variable_count(const rlt_plan *plan) { return plan->variable_count; }

rlt_status rlt_plan_variable(const rlt_plan *plan, uint32_t variable, rlt_variable_info *info) {
    if (variable >= plan->variable_count) return RLT_ERROR_ARGUMENT;
    *info = plan->variables[variable];
    return RLT_OK;
}

/* CRC-32 (IEEE 802.3, reflected), four bits at a time. */
static uint32_t crc32(const uint8_t *bytes, size_t count) {
    uint32_t table[16], crc = UINT32_MAX;
    for (uint32_t i = 0; i < 16; i++) {
        table[i] = i;
        for (int bit = 0; bit < 4; bit++) table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xEDB88320u : 0);
    }
    for (size_t i = 0; i < count; i++) {
        crc = crc >> 4 ^ table[(crc ^ bytes[i]) & 15];
        crc = crc >> 4 ^ table[(crc ^ bytes[i] >> 4) & 15];
    }
    return ~crc;
}

int32_t rlt_plan_export(const rlt_plan *plan, void *destination, uint32_t *kernels, uint32_t known) {
    const rlt_image *image = (const rlt_image *)(const void *)plan->image;
    if (image->model_bytes != 0) return RLT_ERROR_IMAGE;
    memcpy(destination, plan->image, plan->image_bytes);
    rlt_image *header = destination;
    rlt_image_step *steps = (rlt_image_step *)(void *)((uint8_t *)destination + image->steps);
    uint32_t count = known;
    for (uint32_t i = 0; i < image->step_count + image->part_count; i++) {
        uint32_t k = 0;
        while (k < count && kernels[k] != steps[i].kernel) k++;
        if (k == count) kernels[count++] = steps[i].kernel;
        steps[i].kernel = k;
    }
    header->kernel_limit = count;
    size_t after = offsetof(rlt_image, crc) + sizeof header->crc;
    header->crc = crc32((const uint8_t *)destination + after, plan->image_bytes - after);
    return (int32_t)count;
}
