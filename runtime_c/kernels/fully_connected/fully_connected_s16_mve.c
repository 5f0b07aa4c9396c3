/* FULLY_CONNECTED of int16 activations and int8 weights with Helium: conv_2d/vectors.h, each row of the input a pixel;
 * window_16/finish_16.h. */
#include "../common/mve.h"
#include "../conv_2d/vectors.h"

enum { LANES = 4 };

/* Sums of four units, biases included, over one row; `weights` moves on to the next four. */
RLT_INLINE int32x4_t multiply(const int16_t *row, int32_t depth, const int8_t **weights, const int32_t bias[LANES]) {
    int32x4_t sums;
    const int8_t *w = *weights;
    __asm__ volatile(
        "ldrd r0, r2, [%[bias]]\n\t"
        "ldrd r4, r6, [%[bias], #8]\n\t"
        "dlstp.16 lr, %[depth]\n"
        "1:\n\t"
        "vldrh.u16 q0, [%[row]], #16\n\t"
        "vldrb.s16 q1, [%[weights]], #8\n\t"
        "vmladava.s16 r0, q0, q1\n\t"
        "vldrb.s16 q2, [%[weights]], #8\n\t"
        "vmladava.s16 r2, q0, q2\n\t"
        "vldrb.s16 q1, [%[weights]], #8\n\t"
        "vmladava.s16 r4, q0, q1\n\t"
        "vldrb.s16 q2, [%[weights]], #8\n\t"
        "vmladava.s16 r6, q0, q2\n\t"
        "letp lr, 1b\n\t"
        "vmov %q[sums][2], %q[sums][0], r0, r4\n\t"
        "vmov %q[sums][3], %q[sums][1], r2, r6"
        : [sums] "=&w"(sums), [row] "+l"(row), [weights] "+l"(w)
        : [depth] "r"(depth), [bias] "r"(bias)
        : "r0", "r2", "r4", "r6", "lr", "q0", "q1", "q2", "cc", "memory");
    *weights = w;
    return sums;
}

/* Where the short form cannot tell: the lanes in `where`. */
static __attribute__((noinline)) void exactly(int32x4_t sums, const rlt_exact_factor *factors, uint32_t where,
                                              int16_t *to) {
    int32_t sum[LANES];
    vstrwq_s32(sum, sums);
    for (int32_t k = 0; where; k++, where >>= 4) {
        if (where & 1) to[k] = (int16_t)rlt_clamp(rlt_requantize_exact(sum[k], &factors[k]), INT16_MIN, INT16_MAX);
    }
}

rlt_status rlt_fully_connected_s16_mve(const rlt_run *run, const void *params) {
    const rlt_conv_2d_vectors_params *p = params;
    const int32_t units = p->window.out_c, depth = p->window.in_c;
    const rlt_finish_four *const channels = rlt_in(run, p->channels);
    const rlt_exact_factor *const factors = (const void *)(channels + (units + LANES - 1) / LANES);
    const int16_t *input = rlt_in(run, p->input);
    int16_t *output = rlt_out(run, p->output);
    for (int32_t i = 0; i < p->window.out_w; i++, input += depth, output += units) {
        const int8_t *weights = rlt_in(run, p->weights);
        const rlt_finish_four *f = channels;
        for (int32_t c = 0; c < units; c += LANES, f++) {
            const int32x4_t sums = multiply(input, depth, &weights, f->bias), shift = vldrwq_s32(f->shift);
            const int32x4_t value =
                vaddq_s32(vrmulhq_s32(sums, vldrwq_s32(f->multiplier)), vldrwq_s32(f->offset));
            const mve_pred16_t some = vctp32q((uint32_t)(units - c));
            /* The bits below the result, at the top of a word: in units of its last bit at most 4? */
            const int32x4_t up = vaddq_n_s32(shift, 32);
            const uint32x4_t rest = vreinterpretq_u32_s32(vshlq_s32(value, up));
            const uint32x4_t few = vshlq_u32(vdupq_n_u32(4), up);
            vstrhq_p_s32(output + c, vreinterpretq_s32_s16(vqmovnbq_s32(vdupq_n_s16(0), vshlq_s32(value, shift))), some);
            const uint32_t unsure = vcmpcsq_m_u32(few, rest, some);
            if (unsure) exactly(sums, factors + c, unsure, output + c);
        }
        cut_halves(output, units, p->low, p->high);
    }
    return RLT_OK;
}
