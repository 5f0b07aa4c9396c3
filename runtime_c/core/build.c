/* What prepare functions call to build the image: constants, steps, memory relations, failure. */
#include <string.h>

#include "error.h"
#include "state.h"

enum { CONSTANT_ALIGNMENT = 64 };

static size_t aligned(size_t offset, size_t alignment) {
    return (offset + alignment - 1) & ~(alignment - 1);
}

rlt_status rlt_fail(rlt_prepare_state *p, rlt_status status, const rlt_tensor *tensor, const char *what) {
    if (p->status != RLT_OK) return status; /* the first failure is the cause */
    p->status = status;
    rlt_error *error = p->error;
    int in_op = p->kind != NULL, in_main = p->depth == 0;
    rlt_error_start(error, status, in_op ? (int32_t)p->main_op : -1, tensor && in_main ? tensor->index : -1);
    if (in_op) {
        rlt_error_add_name(error, (const uint8_t *)p->kind, strlen(p->kind));
        rlt_error_add(error, " (operator ");
        rlt_error_add_number(error, p->op_index);
        if (!in_main) rlt_error_add(error, " of subgraph ");
        if (!in_main) rlt_error_add_number(error, p->frame.subgraph);
        rlt_error_add(error, "): ");
    }
    rlt_error_add(error, what);
    if (tensor != NULL) {
        rlt_error_add(error, ": tensor '");
        rlt_error_add_name(error, (const uint8_t *)tensor->name, tensor->name_bytes);
        rlt_error_add(error, "'");
        if (status == RLT_ERROR_UNSUPPORTED_TYPE && tensor->type == RLT_UINT8)
            rlt_error_add(error, "; `rillet convert` rewrites uint8 models to int8");
    }
    return status;
}

void *rlt_take(rlt_prepare_state *p, uint64_t count, size_t bytes) {
    uint64_t need = count * bytes + 7;
    if (need > p->back - p->front) {
        rlt_fail(p, RLT_ERROR_MEMORY, NULL, "the plan needs more memory than prepare may take");
        return NULL;
    }
    p->back = (p->back - (size_t)(count * bytes)) & ~(size_t)7;
    return p->image + p->back;
}

size_t rlt_constant_room(const rlt_prepare_state *p) {
    size_t start = aligned(p->front, CONSTANT_ALIGNMENT) + p->held;
    return start < p->back ? p->back - start : 0;
}

void *rlt_add_constant(rlt_prepare_state *p, size_t bytes, rlt_ref *ref) {
    *ref = RLT_REF_NONE;
    p->constant_count++;
    if (bytes > rlt_constant_room(p)) {
        rlt_fail(p, RLT_ERROR_MEMORY, NULL, "packed constants need more memory than prepare may take");
        return NULL;
    }
    size_t start = aligned(p->front, CONSTANT_ALIGNMENT), before = p->front;
    memset(p->image + p->front, 0, start - p->front);
    p->front = aligned(start + bytes, 4);
    if (p->front > p->back) p->front = p->back;
    memset(p->image + start + bytes, 0, p->front - start - bytes);
    if (p->added_count < MOST_ADDED)
        p->added[p->added_count++] = (rlt_added){.before = before, .start = start, .end = p->front};
    *ref = RLT_REF(RLT_REGION_IMAGE, start);
    return p->image + start;
}

void *rlt_make_constant(rlt_prepare_state *p, rlt_tensor *output) {
    uint8_t *values = rlt_add_constant(p, output->bytes, &p->places[output->index].copy);
    output->data = values;
    return values;
}

/* Moves a transient constant into the image. It may not fit beside itself: then over the gap, towards the front. */
static rlt_ref keep_transient(rlt_prepare_state *p, rlt_tensor *tensor) {
    rlt_ref ref;
    size_t start = aligned(p->front, CONSTANT_ALIGNMENT);
    size_t at = (size_t)(tensor->data - p->image);
    size_t bytes = aligned(tensor->bytes, 8); /* as rlt_expand_half() takes them */
    if (at == p->back && start <= at) p->back = at + bytes;
    void *kept = rlt_add_constant(p, bytes, &ref);
    if (kept == NULL) return RLT_REF_NONE;
    memmove(kept, tensor->data, bytes);
    tensor->data = kept;
    p->places[tensor->index].flags &= ~(uint32_t)TENSOR_TRANSIENT;
    return ref;
}

static rlt_ref constant_ref(rlt_prepare_state *p, const rlt_tensor *tensor) {
    rlt_place *place = &p->places[tensor->index];
    if (place->copy != RLT_REF_NONE) return place->copy;
    if (place->flags & TENSOR_TRANSIENT) {
        place->copy = keep_transient(p, &p->tensors[tensor->index]);
        return place->copy;
    }
    size_t offset = (size_t)(tensor->data - p->file.bytes);
    size_t alignment = rlt_type_bits(tensor->type) > 32 ? 8 : 4;
    if (!(p->config.flags & RLT_SELF_CONTAINED) && offset % alignment == 0) return RLT_REF(RLT_REGION_MODEL, offset);
    void *copy = rlt_add_constant(p, tensor->bytes, &place->copy);
    if (copy != NULL) memcpy(copy, tensor->data, tensor->bytes);
    return place->copy;
}

/* Arena refs are block numbers until memory is planned: the tensor's index, or tensor_count + scratch number. */
rlt_ref rlt_ref_of(rlt_prepare_state *p, const rlt_tensor *tensor) {
    if (tensor == NULL) return RLT_REF_NONE;
    if (tensor->data != NULL) return constant_ref(p, tensor);
    return rlt_root_of(p, (uint32_t)tensor->index);
}

void *rlt_add_step(rlt_prepare_state *p, const rlt_op *op, uint32_t kernel, size_t params_bytes, uint32_t ref_count,
                   uint32_t tasks) {
    size_t start = aligned(p->front, 4), bytes = aligned(params_bytes, 4);
    (void)op;
    if (p->status != RLT_OK) return NULL;
    if (p->step_count == p->step_limit || start + bytes > p->back) {
        rlt_fail(p, RLT_ERROR_MEMORY, NULL, "the plan needs more memory than prepare may take");
        return NULL;
    }
    if (kernel >= RLT_KERNEL_COUNT || 4 * (size_t)ref_count > params_bytes || ref_count > UINT16_MAX) {
        rlt_fail(p, RLT_ERROR_ARGUMENT, NULL, "a step's kernel or params record is out of range");
        return NULL;
    }
    if (tasks == 0) tasks = 1;
    p->steps[p->step_count++] = (rlt_pending_step){
        kernel, (uint32_t)start, (uint16_t)ref_count, (uint8_t)(tasks < UINT8_MAX ? tasks : UINT8_MAX), RLT_LINK_ALL,
        p->main_op, 0};
    memset(p->image + p->front, 0, start + bytes - p->front);
    p->front = start + bytes;
    return p->image + start;
}

rlt_ref rlt_add_scratch(rlt_prepare_state *p, const rlt_op *op, size_t bytes) {
    (void)op;
    if (p->scratch_count == p->scratch_limit || bytes >= SCRATCH_COUNTER) {
        rlt_fail(p, RLT_ERROR_MEMORY, NULL, "too much scratch memory");
        return RLT_REF_NONE;
    }
    p->scratch[p->scratch_count] = (uint32_t)bytes;
    return p->tensor_count + p->scratch_count++;
}

rlt_ref rlt_add_counter(rlt_prepare_state *p, const rlt_op *op) {
    const rlt_ref counter = rlt_add_scratch(p, op, COUNTER_BYTES);
    if (counter != RLT_REF_NONE) p->scratch[counter - p->tensor_count] = SCRATCH_COUNTER;
    return counter;
}

uint32_t rlt_root_of(rlt_prepare_state *p, uint32_t index) {
    while (p->places[index].parent != index) {
        p->places[index].parent = p->places[p->places[index].parent].parent;
        index = p->places[index].parent;
    }
    return index;
}

rlt_status rlt_share(rlt_prepare_state *p, rlt_tensor *output, rlt_tensor *input) {
    const int is_handle = input->type == RLT_RESOURCE; /* whose bytes are the variable's */
    if (rlt_is_variable(p, input) && !is_handle)
        return rlt_fail(p, RLT_ERROR_UNSUPPORTED_TYPE, input, "a variable cannot share its memory");
    if (output->bytes != input->bytes && !is_handle)
        return rlt_fail(p, RLT_ERROR_SHAPE, output, "input and output differ in size");
    if (input->data != NULL) {
        rlt_ref ref = constant_ref(p, input);
        if (p->status != RLT_OK) return p->status;
        output->data = input->data;
        p->places[output->index].copy = ref;
        return RLT_OK;
    }
    p->places[rlt_root_of(p, (uint32_t)output->index)].parent = rlt_root_of(p, (uint32_t)input->index);
    return RLT_OK;
}

void rlt_may_overwrite(rlt_prepare_state *p, const rlt_tensor *output, const rlt_tensor *input) {
    if (output == NULL || input == NULL || output->data != NULL || input->data != NULL) return;
    if (p->overwrite_count == p->overwrite_limit) return; /* only a chance to save memory is lost */
    p->overwrites[p->overwrite_count++] = (rlt_overwrite){(uint32_t)output->index, (uint32_t)input->index, 0, 0};
}

void rlt_may_overlap(rlt_prepare_state *p, const rlt_tensor *output, const rlt_tensor *input, uint64_t distance) {
    if (p->config.threads != 1 || output->data != NULL || input->data != NULL) return;
    if (distance == 0 || distance >= output->bytes || p->overwrite_count == p->overwrite_limit) return;
    p->overwrites[p->overwrite_count++] =
        (rlt_overwrite){(uint32_t)output->index, (uint32_t)input->index, (uint32_t)distance, 0};
}

uint32_t rlt_most_threads(const rlt_prepare_state *p) {
    return p->config.threads;
}

float rlt_float_tolerance(const rlt_prepare_state *p) {
    return p->config.float_tolerance;
}

int rlt_may_use(const rlt_prepare_state *p, const char *family) {
    const size_t length = strlen(family);
    for (const char *at = p->config.kernels; at != NULL && *at; at += strcspn(at, ",")) {
        at += strspn(at, ",");
        if (*at == '-' && strcspn(at, ",") == length + 1 && strncmp(at + 1, family, length) == 0) return 0;
    }
    return 1;
}

int rlt_has(const rlt_prepare_state *p, uint32_t isa) {
    return (p->config.isa & isa) == isa;
}
