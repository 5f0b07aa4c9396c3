/* int8 CONV_2D with Helium: vectors.h. */
#include "vectors_mve.h"

#define WEIGHTS(q) "vldrw.u32 " #q ", [r7], #16\n\t"

static __attribute__((noinline)) void multiply(const pixels *at, const int8_t *weights, const void *channels,
                                               int32_t steps, int32_t out_c) {
    RLT_OPERANDS
    __asm__ volatile(
        RLT_ENTER
        "1:\n\t"
        RLT_SUMS("vldrb.u8", WEIGHTS, "vmladav.s8", "vmladava.s8")
        "vldrw.u32 q3, [r9], #16\n\t" /* biases */
        "vadd.i32 q5, q5, q3\n\t"
        "vadd.i32 q6, q6, q3\n\t"
        "vadd.i32 q7, q7, q3\n\t"
        "vldrw.u32 q4, [r9], #16\n\t" /* multipliers */
        "vqrdmulh.s32 q5, q5, q4\n\t"
        "vqrdmulh.s32 q6, q6, q4\n\t"
        "vqrdmulh.s32 q7, q7, q4\n\t"
        "vshr.s32 q0, q5, #31\n\t"
        "vshr.s32 q1, q6, #31\n\t"
        "vshr.s32 q2, q7, #31\n\t"
        "vldrw.u32 q3, [r9], #16\n\t" /* offsets */
        "vadd.i32 q5, q5, q0\n\t"
        "vadd.i32 q6, q6, q1\n\t"
        "vadd.i32 q7, q7, q2\n\t"
        "vadd.i32 q5, q5, q3\n\t"
        "vadd.i32 q6, q6, q3\n\t"
        "vadd.i32 q7, q7, q3\n\t"
        "vldrw.u32 q4, [r9], #16\n\t" /* shifts */
        "ldr r0, %[to0]\n\t"
        "vqshl.s32 q5, q5, q4\n\t"
        "ldr r2, %[to1]\n\t"
        "vqshl.s32 q6, q6, q4\n\t"
        "ldr r4, %[to2]\n\t"
        "vqshl.s32 q7, q7, q4\n\t"
        "vshr.s32 q5, q5, #24\n\t"
        "vshr.s32 q6, q6, #24\n\t"
        "vshr.s32 q7, q7, #24\n\t"
        "vctp.32 r12\n\t"
        "vpsttt\n\t"
        "vstrbt.32 q5, [r0], #4\n\t"
        "vstrbt.32 q6, [r2], #4\n\t"
        "vstrbt.32 q7, [r4], #4\n\t"
        "str r0, %[to0]\n\t"
        "str r2, %[to1]\n\t"
        "str r4, %[to2]\n\t"
        "subs r12, r12, #4\n\t"
        "bgt.w 1b\n\t"
        RLT_CONSTRAINTS);
}

rlt_status rlt_conv_2d_s8_mve(const rlt_run *run, const void *params) {
    const rlt_conv_2d_vectors_params *p = params;
    const rlt_window *w = &p->window;
    const int32_t row_bytes = w->out_w * w->out_c;
    uint32_t first, last;
    rlt_share_of(run, (uint32_t)w->batches * (uint32_t)w->out_h, &first, &last);
    multiply_all(run, p, multiply, w->out_c);
    cut_bytes((int8_t *)rlt_out(run, p->output) + (int32_t)first * row_bytes, (int32_t)(last - first) * row_bytes, p->low,
              p->high);
    return RLT_OK;
}
