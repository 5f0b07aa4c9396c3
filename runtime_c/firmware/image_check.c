#include "image_check.h"

#include <stddef.h>

#include "frame.h"
#include "model.h"

static int outside(uint64_t offset, uint64_t count, uint64_t limit)
{
    return offset > limit || count > limit - offset;
}

/* Whether `bytes` from a place on lie in its region. */
static int place_is_sound(const rlt_image *image, rlt_ref place, uint64_t bytes)
{
    switch (RLT_REF_REGION(place)) {
    case RLT_REGION_ARENA:
    case RLT_REGION_FAST: return !outside(RLT_REF_OFFSET(place), bytes, image->arena_bytes);
    case RLT_REGION_IMAGE: return !outside(RLT_REF_OFFSET(place), bytes, image->bytes);
    default: return 0;
    }
}

static int table_is_sound(const rlt_image *image, uint32_t offset, uint32_t count, uint32_t entry_bytes)
{
    return offset % 4 == 0 && !outside(offset, (uint64_t)count * entry_bytes, image->bytes);
}

static int tensors_are_sound(const rlt_image *image, uint32_t offset, uint32_t count)
{
    const rlt_image_tensor *tensor;
    if (!table_is_sound(image, offset, count, sizeof *tensor)) {
        return 0;
    }
    tensor = (const rlt_image_tensor *)(const void *)((const uint8_t *)image + offset);
    for (; count != 0; --count, ++tensor) {
        if (tensor->rank > RLT_MAX_RANK || RLT_REF_REGION(tensor->data) != RLT_REGION_ARENA ||
            !place_is_sound(image, tensor->data, tensor->bytes)) {
            return 0;
        }
    }
    return 1;
}

static int states_are_sound(const rlt_image *image)
{
    const rlt_image_state *state;
    if (!table_is_sound(image, image->states, image->state_count, sizeof *state)) {
        return 0;
    }
    state = (const rlt_image_state *)(const void *)((const uint8_t *)image + image->states);
    for (uint32_t i = 0; i < image->state_count; ++i, ++state) {
        if (RLT_REF_REGION(state->data) != RLT_REGION_ARENA || !place_is_sound(image, state->data, state->bytes) ||
            (state->first != RLT_REF_NONE && !place_is_sound(image, state->first, state->bytes))) {
            return 0;
        }
    }
    return 1;
}

static int step_is_sound(const rlt_image *image, const rlt_image_step *step)
{
    const rlt_ref *operands;
    if (step->kernel >= image->kernel_limit || fw_kernels[step->kernel] == NULL ||
        !table_is_sound(image, step->params, step->ref_count, sizeof *operands)) {
        return 0;
    }
    operands = (const rlt_ref *)(const void *)((const uint8_t *)image + step->params);
    for (uint32_t i = 0; i < step->ref_count; ++i) {
        if (operands[i] != RLT_REF_NONE && RLT_REF_REGION(operands[i]) != RLT_REGION_TILE &&
            !place_is_sound(image, operands[i], 0)) {
            return 0;
        }
    }
    return 1;
}

static int image_is_sound(const uint8_t *bytes, uint32_t length)
{
    const rlt_image *image = (const rlt_image *)(const void *)bytes;
    const rlt_image_step *steps;
    if (length < sizeof *image || image->magic != RLT_IMAGE_MAGIC || image->version != RLT_IMAGE_VERSION ||
        image->bytes < sizeof *image || image->bytes > length || image->model_bytes != 0 ||
        image->kernel_limit > fw_kernel_count || image->arena_bytes > fw_arena_bytes ||
        fw_crc32(0, bytes + 16, image->bytes - 16) != image->crc ||
        image->part_count > image->bytes || image->step_count > image->bytes ||
        !table_is_sound(image, image->steps, image->step_count + image->part_count, sizeof *steps)) {
        return 0;
    }
    steps = (const rlt_image_step *)(const void *)(bytes + image->steps);
    for (uint32_t i = 0; i < image->step_count + image->part_count; ++i) {
        if (!step_is_sound(image, steps + i)) {
            return 0;
        }
    }
    return tensors_are_sound(image, image->inputs, image->input_count) &&
           tensors_are_sound(image, image->outputs, image->output_count) && states_are_sound(image);
}

int fw_images_are_sound(const uint8_t *bytes, uint32_t length)
{
    uint32_t at = 0;
    while (at < length) {
        const rlt_image *image = (const rlt_image *)(const void *)(bytes + at);
        uint32_t padding;
        if (!image_is_sound(bytes + at, length - at)) {
            return 0;
        }
        at += image->bytes;
        padding = (0u - image->bytes) & (FW_IMAGE_ALIGNMENT - 1u);
        at = padding < length - at ? at + padding : length;
    }
    return length != 0;
}
