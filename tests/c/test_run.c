/* Plans and sessions on the tiny model: results, threads, flags, resizing, export, and every refusal. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "rillet.h"
#include "tiny_model.h"

static _Alignas(64) uint8_t model[TINY_MODEL_ROOM];
static _Alignas(64) uint8_t arena[16384];
static tiny_model tiny;

static rlt_plan *prepare(const rlt_config *config) {
    rlt_plan *plan;
    rlt_error error;
    rlt_status status = rlt_prepare(model, tiny.bytes, config, &plan, &error);
    if (status != RLT_OK) fprintf(stderr, "%s\n", error.text);
    CHECK(status == RLT_OK && plan != NULL);
    CHECK(rlt_plan_arena_bytes(plan) <= sizeof arena);
    CHECK((uintptr_t)rlt_plan_image(plan) % RLT_ALIGNMENT == 0);
    return plan;
}

static void check_result(rlt_session *session) {
    rlt_view input = rlt_session_input(session, 0);
    uint32_t pixels = input.bytes / 8;
    for (uint32_t i = 0; i < 2 * pixels; i++) ((float *)input.data)[i] = (float)i / 4;
    CHECK(rlt_session_invoke(session) == RLT_OK);
    rlt_view output = rlt_session_output(session, 0);
    CHECK(output.bytes == 12 * pixels && output.type == RLT_FLOAT32 && output.rank == 4);
    for (uint32_t i = 0; i < pixels; i++) {
        for (uint32_t o = 0; o < 3; o++) {
            float a = (float)(2 * i) / 4, b = (float)(2 * i + 1) / 4;
            float expected = a * (float)(1 + 2 * o) + b * (float)(2 + 2 * o) + 10 * (float)o;
            CHECK(fabsf(((const float *)output.data)[3 * i + o] - expected) < 1e-4f);
        }
    }
}

static void test_result_and_questions(void) {
    rlt_plan *plan = prepare(NULL);
    rlt_session session;
    CHECK(rlt_session_open(&session, rlt_plan_image(plan), model, arena, sizeof arena) == RLT_OK);
    CHECK(rlt_session_input_count(&session) == 1 && rlt_session_output_count(&session) == 1);
    CHECK(rlt_session_input(&session, 1).data == NULL && rlt_session_output(&session, 7).data == NULL);
    check_result(&session);
    session.threads = rlt_threads_open(3);
    for (int i = 0; i < 100; i++) check_result(&session);
    rlt_threads_close(session.threads);
    session.threads = NULL;
    CHECK(rlt_threads_open(1) == NULL && rlt_threads_open(0) == NULL);

    uint64_t ticks[16] = {0};
    CHECK(rlt_plan_step_count(plan) >= 1 && rlt_plan_step_count(plan) <= 16);
    CHECK(rlt_session_profile(&session, ticks) == RLT_OK);
    CHECK(rlt_session_run(&session, 0, rlt_plan_step_count(plan) + 1) == RLT_ERROR_ARGUMENT);
    CHECK(rlt_session_run(&session, 1, UINT32_MAX) == RLT_ERROR_ARGUMENT);

    rlt_step_info step;
    rlt_tensor_info tensor;
    uint32_t last = rlt_plan_step_count(plan) - 1;
    CHECK(rlt_plan_step(plan, last, &step) == RLT_OK && step.op == 0 && step.output_count == 1);
    CHECK(rlt_kernel_name(step.kernel) != NULL && (rlt_kernel_isa(step.kernel) & rlt_cpu_isa()));
    CHECK(rlt_plan_step_output(plan, last, 0) == 3 && rlt_plan_step_output(plan, last, 1) == -1);
    CHECK(rlt_plan_step(plan, last + 1, &step) == RLT_ERROR_ARGUMENT);
    CHECK(rlt_plan_tensor(plan, 3, &tensor) == RLT_OK && tensor.bytes == 192 && tensor.last_step == last);
    CHECK(rlt_plan_tensor(plan, 1, &tensor) == RLT_OK && tensor.arena_offset == UINT32_MAX);
    CHECK(rlt_plan_tensor(plan, 4, &tensor) == RLT_ERROR_ARGUMENT);
    CHECK(rlt_plan_live_bytes(plan) >= 192 + 128 && rlt_plan_live_bytes(plan) <= rlt_plan_arena_bytes(plan));
    CHECK(rlt_kernel_name(UINT32_MAX) == NULL);
    rlt_plan_free(plan);
}

static void test_resizing(void) {
    rlt_input_shape shape = {0, 4, {2, 5, 7, 2}};
    rlt_config config = {.input_shapes = &shape, .input_shape_count = 1};
    rlt_plan *plan = prepare(&config);
    rlt_session session;
    CHECK(rlt_session_open(&session, rlt_plan_image(plan), model, arena, sizeof arena) == RLT_OK);
    rlt_view output = rlt_session_output(&session, 0);
    CHECK(output.dims[0] == 2 && output.dims[1] == 5 && output.dims[2] == 7 && output.dims[3] == 3);
    check_result(&session);
    rlt_plan_free(plan);

    rlt_error error;
    shape.dims[3] = 3; /* not the channels of the weights */
    CHECK(rlt_prepare(model, tiny.bytes, &config, &plan, &error) == RLT_ERROR_SHAPE && plan == NULL);
    CHECK(strstr(error.text, "CONV_2D") != NULL && error.op == 0);
    shape.dims[3] = 0;
    CHECK(rlt_prepare(model, tiny.bytes, &config, &plan, &error) == RLT_ERROR_ARGUMENT);
    shape = (rlt_input_shape){1, 1, {1}};
    CHECK(rlt_prepare(model, tiny.bytes, &config, &plan, &error) == RLT_ERROR_ARGUMENT);
}

static void test_self_contained_and_export(void) {
    rlt_config config = {.flags = RLT_SELF_CONTAINED | RLT_KEEP_INPUTS, .isa = RLT_ISA_SCALAR, .alignment = 16};
    rlt_plan *plan = prepare(&config), *borrowing = prepare(NULL);
    rlt_session session;
    uint8_t intact[TINY_MODEL_ROOM];
    memcpy(intact, model, sizeof model);
    memset(model, 0xAA, sizeof model); /* the plan must not look at it again */
    CHECK(rlt_session_open(&session, rlt_plan_image(plan), NULL, arena, sizeof arena) == RLT_OK);
    check_result(&session);
    memcpy(model, intact, sizeof model);

    _Alignas(64) uint8_t copy[4096];
    uint32_t kernels[16];
    CHECK(rlt_plan_image_bytes(plan) <= sizeof copy);
    CHECK(rlt_plan_export(plan, copy, kernels, 0) >= 1);
    CHECK(rlt_kernel_isa(kernels[0]) == RLT_ISA_SCALAR);
    CHECK(rlt_plan_export(borrowing, copy, kernels, 0) == RLT_ERROR_IMAGE || rlt_plan_image_bytes(borrowing) > 0);
    rlt_plan_free(borrowing);
    rlt_plan_free(plan);
}

static void test_refusals(void) {
    rlt_plan *plan = prepare(NULL);
    rlt_session session;
    const void *image = rlt_plan_image(plan);
    size_t need = rlt_plan_arena_bytes(plan);
    CHECK(rlt_session_open(&session, image, model, arena, need - 1) == RLT_ERROR_ARENA);
    CHECK(rlt_session_open(&session, image, model, arena + 4, need) == RLT_ERROR_ARENA);
    CHECK(rlt_session_open(&session, model, model, arena, need) == RLT_ERROR_IMAGE);
    CHECK(rlt_session_open(&session, NULL, model, arena, need) == RLT_ERROR_IMAGE);
    rlt_plan_free(plan);

    rlt_error error;
    rlt_config config = {.arena_limit = 64};
    CHECK(rlt_prepare(model, tiny.bytes, &config, &plan, &error) == RLT_ERROR_MEMORY);
    config = (rlt_config){.alignment = 48};
    CHECK(rlt_prepare(model, tiny.bytes, &config, &plan, &error) == RLT_ERROR_ARGUMENT);
    config = (rlt_config){.subgraph = 1};
    CHECK(rlt_prepare(model, tiny.bytes, &config, &plan, &error) == RLT_ERROR_ARGUMENT);
    CHECK(rlt_prepare(NULL, 0, NULL, &plan, NULL) == RLT_ERROR_ARGUMENT && plan == NULL);
    CHECK(strcmp(rlt_status_text(RLT_ERROR_ARENA), "arena too small or not aligned") == 0);
    CHECK(strcmp(rlt_status_text((rlt_status)-99), "unknown status") == 0);
}

int main(void) {
    tiny = write_tiny_model(model);
    test_result_and_questions();
    test_resizing();
    test_self_contained_and_export();
    test_refusals();
    return 0;
}
