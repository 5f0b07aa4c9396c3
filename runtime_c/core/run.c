/* Running a plan image. With kernel.h, all of core that a microcontroller needs: no allocation, no libc. */
#include "kernel.h"
#include "threads.h"

static const rlt_image *image_of(const rlt_session *session) {
    return (const rlt_image *)session->image;
}

/* Whether a table of `count` entries lies in the image. */
static int holds(const rlt_image *image, uint32_t offset, uint32_t count, uint32_t entry_bytes) {
    return offset % 4 == 0 && offset <= image->bytes && count <= (image->bytes - offset) / entry_bytes;
}

/* Whether each variable lies in the arena, and its first value in the image or the model. */
static int states_fit(const rlt_image *image) {
    const rlt_image_state *states = (const rlt_image_state *)((const uint8_t *)image + image->states);
    for (uint32_t i = 0; i < image->state_count; i++) {
        const rlt_image_state *s = &states[i];
        const size_t at = RLT_REF_OFFSET(s->data), from = RLT_REF_OFFSET(s->first);
        if (RLT_REF_REGION(s->data) != RLT_REGION_ARENA || at > image->arena_bytes ||
            s->bytes > image->arena_bytes - at)
            return 0;
        if (s->first == RLT_REF_NONE) continue;
        const uint32_t region = RLT_REF_REGION(s->first);
        const size_t room = region == RLT_REGION_IMAGE   ? image->bytes
                            : region == RLT_REGION_MODEL ? image->model_bytes
                                                         : 0;
        if (from > room || s->bytes > room - from) return 0;
    }
    return 1;
}

void rlt_session_reset(rlt_session *session) {
    const rlt_image *image = image_of(session);
    const rlt_image_state *states = (const rlt_image_state *)((const uint8_t *)image + image->states);
    for (uint32_t i = 0; i < image->state_count; i++) {
        const rlt_image_state *s = &states[i];
        uint8_t *to = session->base[RLT_REGION_ARENA] + RLT_REF_OFFSET(s->data);
        const uint8_t *from = NULL;
        if (s->first != RLT_REF_NONE) from = session->base[RLT_REF_REGION(s->first)] + RLT_REF_OFFSET(s->first);
        for (uint32_t k = 0; k < s->bytes; k++) to[k] = from != NULL ? from[k] : (uint8_t)s->fill;
    }
}

rlt_status rlt_session_attach_with(rlt_session *session, const void *image, const void *model, void *arena,
                                   size_t arena_bytes, const rlt_kernel_fn *kernels) {
    const rlt_image *head = (const rlt_image *)image;
    if (image == NULL || (uintptr_t)image % 4 != 0) return RLT_ERROR_IMAGE;
    if (head->magic != RLT_IMAGE_MAGIC || head->version != RLT_IMAGE_VERSION) return RLT_ERROR_IMAGE;
    if (head->part_count > head->bytes || head->step_count > head->bytes) return RLT_ERROR_IMAGE;
    const uint32_t step_count = head->step_count + head->part_count;
    if (!holds(head, head->steps, step_count, sizeof(rlt_image_step)) ||
        !holds(head, head->inputs, head->input_count, sizeof(rlt_image_tensor)) ||
        !holds(head, head->outputs, head->output_count, sizeof(rlt_image_tensor)) ||
        !holds(head, head->states, head->state_count, sizeof(rlt_image_state)) || !states_fit(head))
        return RLT_ERROR_IMAGE;
    if (head->model_bytes != 0 && (model == NULL || (uintptr_t)model % 8 != 0)) return RLT_ERROR_ARGUMENT;
    if (head->arena_alignment == 0) return RLT_ERROR_IMAGE;
    const int is_aligned = head->arena_bytes == 0 || (uintptr_t)arena % head->arena_alignment == 0;
    if (arena_bytes < head->arena_bytes || !is_aligned) return RLT_ERROR_ARENA;
    session->image = image;
    session->kernels = kernels;
    session->base[RLT_REGION_ARENA] = (uint8_t *)arena;
    session->base[RLT_REGION_IMAGE] = (uint8_t *)(uintptr_t)image;
    session->base[RLT_REGION_MODEL] = (uint8_t *)(uintptr_t)model;
    session->base[RLT_REGION_FAST] = (uint8_t *)arena;
    session->threads = NULL;
    const rlt_image_step *steps = (const rlt_image_step *)((const uint8_t *)image + head->steps);
    for (uint32_t i = 0; i < step_count; i++)
        if (steps[i].kernel >= head->kernel_limit || steps[i].params >= head->bytes || kernels[steps[i].kernel] == NULL)
            return RLT_ERROR_IMAGE;
    return RLT_OK;
}

rlt_status rlt_session_open_with(rlt_session *session, const void *image, const void *model, void *arena,
                                 size_t arena_bytes, const rlt_kernel_fn *kernels) {
    const rlt_status status = rlt_session_attach_with(session, image, model, arena, arena_bytes, kernels);
    if (status == RLT_OK) rlt_session_reset(session);
    return status;
}

uint32_t rlt_session_input_count(const rlt_session *session) {
    return image_of(session)->input_count;
}

uint32_t rlt_session_output_count(const rlt_session *session) {
    return image_of(session)->output_count;
}

static rlt_view view(const rlt_session *session, uint32_t table, uint32_t count, uint32_t index) {
    rlt_view seen = {0};
    if (index >= count) return seen;
    const rlt_image_tensor *tensor = (const rlt_image_tensor *)((const uint8_t *)session->image + table) + index;
    seen.data = session->base[RLT_REF_REGION(tensor->data)] + RLT_REF_OFFSET(tensor->data);
    seen.bytes = tensor->bytes;
    seen.type = tensor->type;
    seen.rank = tensor->rank;
    for (uint32_t i = 0; i < RLT_MAX_RANK; i++) seen.dims[i] = tensor->dims[i];
    seen.scale = tensor->scale;
    seen.zero_point = tensor->zero_point;
    return seen;
}

rlt_view rlt_session_input(const rlt_session *session, uint32_t index) {
    const rlt_image *image = image_of(session);
    return view(session, image->inputs, image->input_count, index);
}

rlt_view rlt_session_output(const rlt_session *session, uint32_t index) {
    const rlt_image *image = image_of(session);
    return view(session, image->outputs, image->output_count, index);
}

rlt_run rlt_session_start(const rlt_session *session) {
    rlt_run run = {{session->base[0], session->base[1], session->base[2], session->base[3]}, 0, 0, 1,
                   (const rlt_kernel_fn *)session->kernels};
    return run;
}

rlt_status rlt_session_step(const rlt_session *session, rlt_run *run, uint32_t *index) {
    const rlt_image *image = image_of(session);
    const uint8_t *bytes = (const uint8_t *)image;
    const rlt_image_step *step = (const rlt_image_step *)(bytes + image->steps) + *index;
    const rlt_status status = run->kernels[step->kernel](run, bytes + step->params);
    if (status < 0) return status;
    *index = status == RLT_JUMP ? ((const uint32_t *)(bytes + step->params))[1] : *index + 1;
    return *index > image->step_count ? RLT_ERROR_IMAGE : RLT_OK;
}

rlt_status rlt_session_go(const rlt_session *session, uint32_t *index, uint32_t first, uint32_t count) {
    rlt_threads *threads = session->threads;
    if (threads != NULL) return threads->run(threads, session, index, first, count);
    rlt_run run = rlt_session_start(session);
    while (*index - first < count) {
        const rlt_status status = rlt_session_step(session, &run, index);
        if (status != RLT_OK) return status;
    }
    return RLT_OK;
}

rlt_status rlt_session_run(rlt_session *session, uint32_t first, uint32_t count) {
    const uint32_t steps = image_of(session)->step_count;
    if (first > steps || count > steps - first) return RLT_ERROR_ARGUMENT;
    uint32_t index = first;
    return rlt_session_go(session, &index, first, count);
}

rlt_status rlt_session_invoke(rlt_session *session) {
    return rlt_session_run(session, 0, image_of(session)->step_count);
}
