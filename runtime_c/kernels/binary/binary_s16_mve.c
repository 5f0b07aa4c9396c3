/* int16 ADD and MUL with Helium, four at a time. The results equal those of binary_s16.c. */
#include "../common/mve.h"
#include "binary.h"

/* The operand of the larger scale is `halved`: its factor is a half, which the shift to the common scale holds. */
typedef struct {
    const int16_t *halved, *other;
    int16_t *to;
    int32_t count, step_halved, step_other; /* bytes from four elements to the next */
    int32_t other_multiplier, other_shift, multiplier, shift; /* negative */
} row;

/* rlt_divide_pot() of q0. */
#define DIVIDE(shift) \
    "vshr.s32 q1, q0, #31\n\t" \
    "vadd.i32 q0, q0, q1\n\t" \
    "vrshl.s32 q0, " shift "\n\t"

/* From q0, `other`, and q1, `halved`, to four results. */
#define ROW(r, combine) \
    __asm__ volatile( \
        "ldm %[from], {r0-r6, r8-r10}\n\t" \
        "dlstp.32 lr, r3\n" \
        "1:\n\t" \
        "vldrh.s32 q0, [r1]\n\t" \
        "add r1, r1, r5\n\t" \
        combine \
        "vqrdmulh.s32 q0, q0, r9\n\t" \
        DIVIDE("r10") \
        "vqmovnb.s32 q0, q0\n\t" \
        "vstrh.32 q0, [r2], #8\n\t" \
        "letp lr, 1b" \
        : \
        : [from] "r"(r) \
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "lr", "q0", "q1", "cc", "memory")

#define HALVED \
    "vldrh.s32 q1, [r0]\n\t" \
    "add r0, r0, r4\n\t"

static void sums(const row *r) {
    ROW(r,
        "vshl.i32 q0, q0, #15\n\t"
        "vqrdmulh.s32 q0, q0, r6\n\t"
        DIVIDE("r8")
        HALVED
        "vshl.i32 q1, q1, #14\n\t"
        "vadd.i32 q0, q0, q1\n\t");
}

static void sums_of_equals(const row *r) {
    ROW(r,
        HALVED
        "vadd.i32 q0, q0, q1\n\t"
        "vshl.i32 q0, q0, #14\n\t");
}

static void products(const row *r) {
    ROW(r,
        HALVED
        "vmul.i32 q0, q0, q1\n\t");
}

static int is_half(const rlt_rescale *r) { return r->multiplier == 1 << 30 && r->shift == 0; }

/* An operand that stands still, or reads on. */
static const int16_t *spread(const int16_t *from, uint32_t step, int16_t still[4]) {
    if (step) return from;
    for (int32_t i = 0; i < 4; i++) still[i] = *from;
    return still;
}

static row row_of(const rlt_binary_s8_params *p, const int16_t *halved, const int16_t *other, void *to, uint32_t count,
                  uint32_t step_halved, uint32_t step_other) {
    return (row){.halved = halved, .other = other, .to = to, .count = (int32_t)count,
                 .step_halved = (int32_t)step_halved * 8, .step_other = (int32_t)step_other * 8,
                 .multiplier = p->multiplier, .shift = p->shift};
}

static void add_row(const void *params, const void *a, const void *b, void *output, uint32_t count, uint32_t step_a,
                    uint32_t step_b) {
    const rlt_binary_s8_params *p = params;
    int16_t still_a[4], still_b[4];
    const int16_t *x = spread(a, step_a, still_a), *y = spread(b, step_b, still_b);
    const int swap = !is_half(&p->rescale_a);
    const rlt_rescale *other = swap ? &p->rescale_a : &p->rescale_b;
    row r = swap ? row_of(p, y, x, output, count, step_b, step_a) : row_of(p, x, y, output, count, step_a, step_b);
    r.other_multiplier = other->multiplier, r.other_shift = other->shift;
    if (is_half(other)) sums_of_equals(&r);
    else sums(&r);
    cut_halves(output, (int32_t)count, p->low, p->high);
}

static void mul_row(const void *params, const void *a, const void *b, void *output, uint32_t count, uint32_t step_a,
                    uint32_t step_b) {
    const rlt_binary_s8_params *p = params;
    int16_t still_a[4], still_b[4];
    const row r = row_of(p, spread(a, step_a, still_a), spread(b, step_b, still_b), output, count, step_a, step_b);
    products(&r);
    cut_halves(output, (int32_t)count, p->low, p->high);
}

#define KERNEL(name) \
    rlt_status rlt_##name##_s16_mve(const rlt_run *run, const void *params) { \
        return rlt_binary_rows(run, params, sizeof(int16_t), name##_row); \
    }

KERNEL(add)
KERNEL(mul)
