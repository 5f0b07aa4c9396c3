/* Sums of eight channels for lanes.h, of two output pixels or one: q0 and q1, q2 and q3 have those of the even and the odd
 * channels. */
#ifndef RLT_DEPTHWISE_CONV_2D_LANE_PRODUCTS_MVE_H
#define RLT_DEPTHWISE_CONV_2D_LANE_PRODUCTS_MVE_H

#include "lanes.h"

/* Eight channels of output pixels: their constants, where they go, and how many of them exist. */
typedef struct {
    const void *channels;
    void *first, *second;
    int32_t rest;
} eight;

/* `load` brings eight values at a register to q5, none beyond the last channel: p0 says where that is. */
#define RLT_LANE_SUMS(load, even, odd) \
    load \
    "vmullb.s16 q6, q5, q4\n\t" \
    "vmullt.s16 q7, q5, q4\n\t" \
    "vadd.i32 " even ", " even ", q6\n\t" \
    "vadd.i32 " odd ", " odd ", q7\n\t"

/* From a function with parameters at, taps, count, weights, from and zero_point. `second`: of the other pixel, with its
 * address in %[y]. */
#define RLT_LANES(load, second, finish) \
    do { \
        uint32_t x, y, w; \
        __asm__ volatile( \
            "ldr %[w], [%[at], #12]\n\t" \
            "vctp.16 %[w]\n\t" \
            "vmov.i32 q0, #0\n\t" \
            "vmov.i32 q1, #0\n\t" \
            "vmov.i32 q2, #0\n\t" \
            "vmov.i32 q3, #0\n\t" \
            "wls lr, %[count], 2f\n" \
            "1:\n\t" \
            "ldrd %[x], %[w], [%[taps]], #8\n\t" \
            "add %[w], %[w], %[weights]\n\t" \
            "vldrb.s16 q4, [%[w]]\n\t" \
            "add %[y], %[x], %[other]\n\t" \
            "add %[x], %[x], %[from]\n\t" \
            RLT_LANE_SUMS(load("%[x]"), "q0", "q1") \
            second \
            "le lr, 1b\n" \
            "2:\n\t" \
            "ldrd %[w], %[x], [%[at]]\n\t" \
            "ldr %[y], [%[at], #8]\n\t" \
            finish \
            : [x] "=&l"(x), [y] "=&l"(y), [w] "=&l"(w), [taps] "+r"(taps) \
            : [at] "r"(at), [count] "r"(count), [weights] "r"(weights), [from] "r"(from), [other] "r"(other), \
              [zero_point] "r"(zero_point) \
            : "lr", "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "p0", "cc", "memory"); \
    } while (0)

#endif
