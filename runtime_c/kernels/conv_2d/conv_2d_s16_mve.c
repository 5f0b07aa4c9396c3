/* CONV_2D of int16 activations and int8 weights with Helium: vectors.h, window_16/finish_16.h. */
#include "vectors_mve.h"

#define WEIGHTS(q) "vldrb.s16 " #q ", [r7], #8\n\t"

static __attribute__((noinline)) void multiply(const pixels *at, const int8_t *weights, const void *channels,
                                               int32_t steps, int32_t out_c) {
    int8_t *to0 = at->to[0], *to1 = at->to[1], *to2 = at->to[2];
    const int8_t *from0 = at->from[0], *from1 = at->from[1], *from2 = at->from[2];
    const int32_t more = steps - 1;
    __asm__ volatile(
        "ldr r1, %[from0]\n\t"
        "ldr r3, %[from1]\n\t"
        "ldr r5, %[from2]\n\t"
        "ldr r7, %[weights]\n\t"
        "ldr r9, %[channels]\n\t"
        "ldr r11, %[more]\n\t"
        "ldr r12, %[out_c]\n"
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
        : [to0] "+m"(to0), [to1] "+m"(to1), [to2] "+m"(to2)
        : [from0] "m"(from0), [from1] "m"(from1), [from2] "m"(from2), [weights] "m"(weights),
          [channels] "m"(channels), [more] "m"(more), [out_c] "m"(out_c)
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "q0", "q1", "q2", "q3",
          "q4", "q5", "q6", "q7", "p0", "cc", "memory");
}

rlt_status rlt_conv_2d_s16_mve(const rlt_run *run, const void *params) {
    const rlt_conv_2d_vectors_params *p = params;
    const rlt_window *w = &p->window;
    multiply_all(run, p, multiply, w->out_c * (int32_t)sizeof(int16_t));
    cut_halves(rlt_out(run, p->output), w->batches * w->out_h * w->out_w * w->out_c, p->low, p->high);
    return RLT_OK;
}
