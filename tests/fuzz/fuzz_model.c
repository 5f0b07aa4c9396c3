/* The fuzzing entry: clang -fsanitize=fuzzer,address,undefined fuzz_model.c <runtime>, or linked with mutate.c. */
#include "fuzz_model.h"

#include <stdlib.h>
#include <string.h>

#include "kernels.h"
#include "rillet.h"
#include "state.h"

unsigned long fuzz_refused, fuzz_prepared, fuzz_invoked;

enum { ARENA_LIMIT = 16 << 20 };
/* Elementary operations that one case may ask for: a file of 200 bytes may describe hours of honest work. */
static const double WORK_LIMIT = 3e8;

/* An upper bound of what invoking costs: every output element reads at most the largest tensor. */
static double work_of(const rlt_plan *plan) {
    double largest = 1, written = 0;
    rlt_tensor_info tensor;
    for (uint32_t i = 0; rlt_plan_tensor(plan, i, &tensor) == RLT_OK; i++)
        if (tensor.bytes > largest) largest = tensor.bytes;
    for (uint32_t i = 0; i < rlt_plan_step_count(plan); i++) {
        rlt_step_info step;
        rlt_plan_step(plan, i, &step);
        for (uint32_t k = 0; k < step.output_count; k++) {
            if (rlt_plan_tensor(plan, (uint32_t)rlt_plan_step_output(plan, i, k), &tensor) != RLT_OK) abort();
            written += tensor.bytes;
        }
    }
    return written * largest;
}

/* Loops end when the work is done that one case may ask for: a WHILE of a damaged file may go on for ever. */
static double jumps_left;

static rlt_status jump(const rlt_run *run, const void *params) {
    if (jumps_left-- < 1) return RLT_ERROR_INDEX;
    return rlt_jump(run, params);
}

static const rlt_kernel_fn *kernels(void) {
    static rlt_kernel_fn table[RLT_KERNEL_COUNT];
    for (uint32_t i = 0; i < RLT_KERNEL_COUNT; i++) table[i] = rlt_kernel_of(i);
    table[RLT_KERNEL_jump] = jump;
    return table;
}

static void check_plan(const rlt_plan *plan) {
    rlt_tensor_info tensor;
    for (uint32_t i = 0; rlt_plan_tensor(plan, i, &tensor) == RLT_OK; i++)
        if (tensor.arena_offset != UINT32_MAX && (uint64_t)tensor.arena_offset + tensor.bytes > rlt_plan_arena_bytes(plan))
            abort();
    if (rlt_plan_live_bytes(plan) > rlt_plan_arena_bytes(plan)) abort();
}

static void invoke(const rlt_plan *plan, const void *model) {
    size_t bytes = rlt_plan_arena_bytes(plan);
    /* Exactly as large as asked for, so that AddressSanitizer sees a byte too much. */
    void *arena = NULL;
    if (posix_memalign(&arena, RLT_ALIGNMENT, bytes ? bytes : 1) != 0) return;
    rlt_session session;
    if (rlt_session_open(&session, rlt_plan_image(plan), model, arena, bytes) != RLT_OK) abort();
    session.kernels = kernels();
    jumps_left = 16 + WORK_LIMIT / (1000 + work_of(plan));
    memset(arena, 0x5A, bytes);
    for (uint32_t i = 0; i < rlt_session_input_count(&session); i++) {
        rlt_view input = rlt_session_input(&session, i);
        for (uint32_t b = 0; b < input.bytes; b++) ((uint8_t *)input.data)[b] = (uint8_t)(b * 37 + i);
    }
    if (rlt_session_invoke(&session) == RLT_OK) {
        volatile uint8_t sum = 0;
        for (uint32_t i = 0; i < rlt_session_output_count(&session); i++) {
            rlt_view output = rlt_session_output(&session, i);
            for (uint32_t b = 0; b < output.bytes; b++) sum = (uint8_t)(sum + ((const uint8_t *)output.data)[b]);
        }
        fuzz_invoked++;
    }
    free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *model = malloc(size ? size : 1); /* its own block: reads behind the end are seen */
    if (model == NULL) return 0;
    memcpy(model, data, size);
    rlt_error verify_error, error;
    rlt_plan *plan;
    /* The case itself chooses flags, so that all ways are taken. */
    uint32_t choice = size ? data[size / 2] : 0;
    rlt_config config = {.arena_limit = ARENA_LIMIT, .flags = choice & 7};
    if (choice & 8) config.alignment = 16;
    if (choice & 16) config.isa = RLT_ISA_SCALAR;
    rlt_status verified = rlt_verify(model, size, &verify_error);
    rlt_status prepared = rlt_prepare(model, size, &config, &plan, &error);
    if (verified != RLT_OK && prepared != verified) abort();
    if ((prepared == RLT_OK) != (plan != NULL)) abort();
    if (prepared != RLT_OK && (error.status != prepared || error.text[0] == '\0')) abort();
    if (memcmp(model, data, size) != 0) abort();
    if (plan == NULL) {
        fuzz_refused++;
    } else {
        fuzz_prepared++;
        check_plan(plan);
        if (work_of(plan) <= WORK_LIMIT) invoke(plan, model);
        if (memcmp(model, data, size) != 0) abort();
        rlt_plan_free(plan);
    }
    free(model);
    return 0;
}
