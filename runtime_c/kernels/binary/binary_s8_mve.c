/* int8 ADD with Helium, for operands that do not stand still. The result equals that of binary_s8.c. */
#include "../common/mve.h"
#include "binary.h"

/* The operand of the larger scale is `halved`: its factor is a half, which the shift to the common scale holds. */
typedef struct {
    const int8_t *halved, *other;
    int8_t *to;
    int32_t count;
    int32_t halved_zero, other_zero; /* on the common scale, negated */
    int32_t other_multiplier, other_shift;
    int32_t multiplier, offset, shift; /* finish.h */
} sum_row;

/* Four sums at a time. Widening and zero point of an operand are one multiplication: by 2^19, or 2^`other_power`. */
#define SUMS(row, other_power, rescale) \
    __asm__ volatile( \
        "mov r0, #0x80000\n\t" \
        "vdup.32 q2, r0\n\t" \
        "mov r0, %[other_one]\n\t" \
        "vdup.32 q3, r0\n\t" \
        "ldm %[from], {r0-r6, r8-r11}\n\t" \
        "dlstp.32 lr, r3\n" \
        "1:\n\t" \
        "vldrb.s32 q0, [r1], #4\n\t" \
        "vmlas.s32 q0, q3, r5\n\t" \
        rescale \
        "vldrb.s32 q1, [r0], #4\n\t" \
        "vmlas.s32 q1, q2, r4\n\t" \
        "vadd.i32 q0, q0, q1\n\t" \
        "vqrdmulh.s32 q0, q0, r9\n\t" \
        "vshr.s32 q1, q0, #31\n\t" \
        "vadd.i32 q0, q0, q1\n\t" \
        "vadd.i32 q0, q0, r10\n\t" \
        "vqshl.s32 q0, r11\n\t" \
        "vshr.s32 q0, q0, #24\n\t" \
        "vstrb.32 q0, [r2], #4\n\t" \
        "letp lr, 1b" \
        : \
        : [from] "r"(row), [other_one] "i"(1 << (other_power)) \
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "lr", "q0", "q1", "q2", "q3", "cc", \
          "memory")

static void sums_of_equals(const sum_row *r) { SUMS(r, 19, ""); }

static void sums(const sum_row *r) {
    SUMS(r, 20,
         "vqrdmulh.s32 q0, q0, r6\n\t"
         "vshr.s32 q1, q0, #31\n\t"
         "vadd.i32 q0, q0, q1\n\t"
         "vrshl.s32 q0, r8\n\t");
}

static int is_half(const rlt_rescale *r) { return r->multiplier == 1 << 30 && r->shift == 0; }

static void add_row(const void *params, const void *a, const void *b, void *output, uint32_t count, uint32_t step_a,
                    uint32_t step_b) {
    const rlt_binary_s8_params *p = params;
    const int swap = !is_half(&p->rescale_a);
    const rlt_rescale *halved = swap ? &p->rescale_b : &p->rescale_a, *other = swap ? &p->rescale_a : &p->rescale_b;
    const int equal = is_half(other);
    (void)step_a, (void)step_b;
    const sum_row r = {
        .halved = swap ? b : a, .other = swap ? a : b, .to = output, .count = (int32_t)count,
        .halved_zero = -halved->zero_point * (1 << 19), .other_zero = -other->zero_point * (1 << (equal ? 19 : 20)),
        .other_multiplier = other->multiplier, .other_shift = other->shift, .multiplier = p->multiplier,
        .offset = (1 << (-p->shift - 1)) + p->zero_point * (1 << -p->shift), .shift = 24 + p->shift,
    };
    if (equal) sums_of_equals(&r);
    else sums(&r);
    cut_bytes(output, (int32_t)count, p->low, p->high);
}

rlt_status rlt_add_s8_mve(const rlt_run *run, const void *params) {
    return rlt_binary_rows(run, params, 1, add_row);
}
