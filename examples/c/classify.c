/* Runs a .tflite classifier on zeros and prints the best class.
 *     cmake -S runtime_c -B build/c && cmake --build build/c
 *     cc examples/c/classify.c -Iruntime_c/include build/c/librillet_static.a -lm -lpthread -o classify
 *     ./classify model.tflite */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rillet.h"

int main(int argc, char **argv) {
    FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
    static _Alignas(8) char model[16 << 20];
    size_t size = file ? fread(model, 1, sizeof model, file) : 0;

    rlt_plan *plan;
    rlt_error error;
    rlt_session session;
    if (rlt_prepare(model, size, NULL, &plan, &error)) return fprintf(stderr, "%s\n", error.text), 1;
    size_t arena_bytes = (rlt_plan_arena_bytes(plan) + RLT_ALIGNMENT - 1) / RLT_ALIGNMENT * RLT_ALIGNMENT;
    void *arena = aligned_alloc(RLT_ALIGNMENT, arena_bytes);
    if (!arena || rlt_session_open(&session, rlt_plan_image(plan), model, arena, arena_bytes)) return 1;

    rlt_view input = rlt_session_input(&session, 0), output = rlt_session_output(&session, 0);
    memset(input.data, 0, input.bytes);
    if (rlt_session_invoke(&session)) return 1;

    uint32_t best = 0, classes = output.type == RLT_INT8 ? output.bytes : output.bytes / 4;
    for (uint32_t i = 1; i < classes; i++) {
        int better = output.type == RLT_INT8 ? ((int8_t *)output.data)[i] > ((int8_t *)output.data)[best]
                                             : ((float *)output.data)[i] > ((float *)output.data)[best];
        if (better) best = i;
    }
    printf("class %u of %u, arena %zu bytes\n", best, classes, rlt_plan_arena_bytes(plan));
    free(arena);
    rlt_plan_free(plan);
}
