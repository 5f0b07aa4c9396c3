/* int8 MUL with Helium, four at a time. The result equals that of binary_s8.c. */
#include "../common/mve.h"
#include "binary.h"

typedef struct {
    const int8_t *a, *b;
    int8_t *to;
    int32_t count, step_a, step_b; /* bytes from four elements to the next */
    int32_t zero_a, zero_b;
    int32_t multiplier, offset, shift; /* finish.h, rlt_finish_four */
} row;

static void products(const row *r) {
    __asm__ volatile(
        "ldm %[from], {r0-r6, r8-r11}\n\t"
        "dlstp.32 lr, r3\n"
        "1:\n\t"
        "vldrb.s32 q0, [r0]\n\t"
        "add r0, r0, r4\n\t"
        "vsub.i32 q0, q0, r6\n\t"
        "vldrb.s32 q1, [r1]\n\t"
        "add r1, r1, r5\n\t"
        "vsub.i32 q1, q1, r8\n\t"
        "vmul.i32 q0, q0, q1\n\t"
        "vqrdmulh.s32 q0, q0, r9\n\t"
        "vshr.s32 q1, q0, #31\n\t"
        "vadd.i32 q0, q0, q1\n\t"
        "vadd.i32 q0, q0, r10\n\t"
        "vqshl.s32 q0, r11\n\t"
        "vshr.s32 q0, q0, #24\n\t"
        "vstrb.32 q0, [r2], #4\n\t"
        "letp lr, 1b"
        :
        : [from] "r"(r)
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "lr", "q0", "q1", "cc", "memory");
}

static void mul_row(const void *params, const void *a, const void *b, void *output, uint32_t count, uint32_t step_a,
                    uint32_t step_b) {
    const rlt_binary_s8_params *p = params;
    int8_t still_a[4], still_b[4]; /* of operands that stand still */
    row r = {.a = a, .b = b, .to = output, .count = (int32_t)count, .step_a = (int32_t)step_a * 4,
             .step_b = (int32_t)step_b * 4, .zero_a = p->rescale_a.zero_point, .zero_b = p->rescale_b.zero_point,
             .multiplier = p->multiplier, .offset = (1 << (-p->shift - 1)) + p->zero_point * (1 << -p->shift),
             .shift = 24 + p->shift};
    for (int32_t i = 0; i < 4; i++) still_a[i] = *r.a, still_b[i] = *r.b;
    if (!step_a) r.a = still_a;
    if (!step_b) r.b = still_b;
    products(&r);
    cut_bytes(output, (int32_t)count, p->low, p->high);
}

rlt_status rlt_mul_s8_mve(const rlt_run *run, const void *params) {
    return rlt_binary_rows(run, params, 1, mul_row);
}
