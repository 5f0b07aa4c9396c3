/* Runs a .tflite file: run_model [-s subgraph] [-t threads] [-n runs] [-k] [-i inputs.bin] [-o outputs.bin] [-r seed] model.tflite
 * Inputs are read one after the other from a raw file, or drawn from a seeded generator. Outputs are written one after
 * the other to a raw file; without -o their checksums are printed. -k keeps inputs, -p prints each step's time. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rillet.h"

static void *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    uint8_t *bytes = length >= 0 ? malloc((size_t)length + 1) : NULL;
    *size = bytes != NULL ? fread(bytes, 1, (size_t)length, file) : 0;
    fclose(file);
    return bytes;
}

/* Floats in [-1, 1); any bits elsewhere, small where they may be indices. */
static void draw(rlt_view input, uint64_t *state) {
    for (uint32_t i = 0; i < input.bytes;) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        uint32_t bits = (uint32_t)(*state >> 33);
        if (input.type == RLT_FLOAT32) {
            float value = (float)(bits & 0xFFFFFF) / (float)0x800000 - 1.0f;
            memcpy((uint8_t *)input.data + i, &value, 4);
            i += 4;
        } else if (input.type == RLT_BOOL) {
            ((uint8_t *)input.data)[i++] = bits & 1;
        } else if (input.type == RLT_INT32 || input.type == RLT_INT64) {
            ((uint8_t *)input.data)[i] = i % (input.type == RLT_INT32 ? 4 : 8) ? 0 : bits & 3;
            i++;
        } else {
            ((uint8_t *)input.data)[i++] = (uint8_t)bits;
        }
    }
}

static void print_steps(const rlt_plan *plan, const uint64_t *ticks, int runs) {
    for (uint32_t i = 0; i < rlt_plan_step_count(plan); i++) {
        rlt_step_info info;
        rlt_plan_step(plan, i, &info);
        printf("%4u op %4u %-32s %10.1f us  tasks %u scratch %u\n", i, info.op, rlt_kernel_name(info.kernel),
               (double)ticks[i] / runs * 1e6 / (double)rlt_ticks_per_second(), info.tasks, info.scratch_bytes);
    }
}

int main(int argc, char **argv) {
    const char *input_path = NULL, *output_path = NULL;
    rlt_config config = {0};
    uint64_t seed = 1;
    unsigned threads = 1;
    int runs = 1, profile = 0, option;
    while ((option = getopt(argc, argv, "s:t:n:i:o:r:kp")) != -1) {
        if (option == 's') config.subgraph = (uint32_t)atoi(optarg);
        else if (option == 't') threads = (unsigned)atoi(optarg);
        else if (option == 'n') runs = atoi(optarg);
        else if (option == 'i') input_path = optarg;
        else if (option == 'o') output_path = optarg;
        else if (option == 'r') seed = strtoull(optarg, NULL, 10);
        else if (option == 'k') config.flags |= RLT_KEEP_INPUTS;
        else if (option == 'p') profile = 1;
        else return 2;
    }
    if (optind + 1 != argc) return 2;
    size_t size, input_bytes = 0, used = 0;
    void *model = read_file(argv[optind], &size);
    uint8_t *inputs = input_path ? read_file(input_path, &input_bytes) : NULL;
    if (model == NULL || (input_path && inputs == NULL)) return fprintf(stderr, "cannot read a file\n"), 2;
    if (runs > 1) config.flags |= RLT_KEEP_INPUTS;

    rlt_plan *plan;
    rlt_error error;
    rlt_session session;
    uint64_t before = rlt_ticks();
    if (rlt_prepare(model, size, &config, &plan, &error)) return fprintf(stderr, "%s\n", error.text), 1;
    double prepare_ms = (double)(rlt_ticks() - before) * 1e3 / (double)rlt_ticks_per_second();
    size_t arena_bytes = rlt_plan_arena_bytes(plan);
    void *arena = aligned_alloc(RLT_ALIGNMENT, (arena_bytes + 2 * RLT_ALIGNMENT - 1) & ~(size_t)(RLT_ALIGNMENT - 1));
    rlt_status status = rlt_session_open(&session, rlt_plan_image(plan), model, arena, arena_bytes);
    if (status) return fprintf(stderr, "%s\n", rlt_status_text(status)), 1;
    session.threads = rlt_threads_open(threads);
    for (uint32_t i = 0; i < rlt_session_input_count(&session); i++) {
        rlt_view input = rlt_session_input(&session, i);
        if (inputs == NULL) draw(input, &seed);
        else if (input.bytes > input_bytes - used) return fprintf(stderr, "the input file is too short\n"), 2;
        else memcpy(input.data, inputs + used, input.bytes), used += input.bytes;
    }
    uint64_t *ticks = calloc(rlt_plan_step_count(plan) + 1, sizeof *ticks);
    before = rlt_ticks();
    for (int i = 0; i < runs && status == RLT_OK; i++)
        status = profile ? rlt_session_profile(&session, ticks) : rlt_session_invoke(&session);
    double run_ms = (double)(rlt_ticks() - before) * 1e3 / (double)rlt_ticks_per_second() / runs;
    if (status) return fprintf(stderr, "%s\n", rlt_status_text(status)), 1;
    fprintf(stderr, "prepare %.2f ms, run %.3f ms, image %zu, arena %zu (live %zu), scratch %zu, steps %u\n", prepare_ms,
            run_ms, rlt_plan_image_bytes(plan), arena_bytes, rlt_plan_live_bytes(plan), rlt_plan_scratch_bytes(plan),
            rlt_plan_step_count(plan));
    if (profile) print_steps(plan, ticks, runs);
    FILE *out = output_path ? fopen(output_path, "wb") : NULL;
    for (uint32_t i = 0; i < rlt_session_output_count(&session); i++) {
        rlt_view output = rlt_session_output(&session, i);
        uint32_t sum = 0;
        for (uint32_t b = 0; b < output.bytes; b++) sum = sum * 31 + ((uint8_t *)output.data)[b];
        if (out != NULL) fwrite(output.data, 1, output.bytes, out);
        else printf("output %u: %u bytes, checksum %08x\n", i, output.bytes, sum);
    }
    if (out != NULL) fclose(out);
    rlt_threads_close(session.threads);
    rlt_plan_free(plan);
    free(ticks);
    free(arena);
    free(inputs);
    free(model);
    return 0;
}
