/* CONV_2D of int16 activations and int8 weights with Helium: vectors.h, window_16/finish_16.h. */
#include "vectors_mve.h"

#define WEIGHTS(q) "vldrb.s16 " #q ", [r7], #8\n\t"

static __attribute__((noinline)) void multiply(const pixels *at, const int8_t *weights, const void *channels,
                                               int32_t steps, int32_t out_c) {
    RLT_OPERANDS
    __asm__ volatile(
        RLT_ENTER
        "1:\n\t"
        RLT_SUMS("vldrh.u16", WEIGHTS, "vmladav.s16", "vmladava.s16")
        "vldrw.u32 q3, [r9], #16\n\t" /* biases */
        "ldr r0, %[to0]\n\t"
        "vadd.i32 q5, q5, q3\n\t"
        "vadd.i32 q6, q6, q3\n\t"
        "ldr r2, %[to1]\n\t"
        "vadd.i32 q7, q7, q3\n\t"
        "vldrw.u32 q4, [r9], #16\n\t" /* multipliers */
        "vrmulh.s32 q5, q5, q4\n\t"
        "ldr r4, %[to2]\n\t"
        "vrmulh.s32 q6, q6, q4\n\t"
        "vrmulh.s32 q7, q7, q4\n\t"
        "vqmovnb.s32 q5, q5\n\t"
        "vqmovnb.s32 q6, q6\n\t"
        "vqmovnb.s32 q7, q7\n\t"
        "vctp.32 r12\n\t"
        "vpsttt\n\t"
        "vstrht.32 q5, [r0], #8\n\t"
        "vstrht.32 q6, [r2], #8\n\t"
        "vstrht.32 q7, [r4], #8\n\t"
        "str r0, %[to0]\n\t"
        "str r2, %[to1]\n\t"
        "str r4, %[to2]\n\t"
        "subs r12, r12, #4\n\t"
        "bgt.w 1b\n\t"
        RLT_CONSTRAINTS);
}

rlt_status rlt_conv_2d_s16_mve(const rlt_run *run, const void *params) {
    const rlt_conv_2d_vectors_params *p = params;
    const rlt_window *w = &p->window;
    multiply_all(run, p, multiply, w->out_c * (int32_t)sizeof(int16_t));
    cut_halves(rlt_out(run, p->output), w->batches * w->out_h * w->out_w * w->out_c, p->low, p->high);
    return RLT_OK;
}
