/* Sums of channels of one output pixel for lanes.h. */
#ifndef RLT_DEPTHWISE_CONV_2D_LANE_PRODUCTS_MVE_H
#define RLT_DEPTHWISE_CONV_2D_LANE_PRODUCTS_MVE_H

#include "lanes.h"

/* A pixel's taps and weights; `count` taps, `filter` weights of sixteen channels, `sixteens` of these. */
typedef struct {
    const rlt_lane_tap *taps;
    const int8_t *weights;
    int32_t count, filter, sixteens, zero_point;
} lane_pixel;

/* Adds q5 times q4 to the sums of the even and the odd of eight channels. */
#define RLT_LANE_PRODUCTS(even, odd) \
    "vmullb.s16 q6, q5, q4\n\t" \
    "vmullt.s16 q7, q5, q4\n\t" \
    "vadd.i32 " even ", " even ", q6\n\t" \
    "vadd.i32 " odd ", " odd ", q7\n\t"

/* All sixteens of a pixel, from a function with parameters at, from, channels and to. load(`offset`) brings eight values from
 * %[x] + 8 elements * offset to q5; `finish` turns the sums, biases included, of eight channels into q0 or q2;
 * `bytes`: of eight channels' constants and of an element. */
#define RLT_LANES(load, finish, store, bytes, size) \
    do { \
        const int8_t *weights = at->weights; \
        const int32_t zero_point = at->zero_point; \
        int32_t left = at->sixteens; \
        const rlt_lane_tap *tap; \
        uint32_t x, w; \
        __asm__ volatile( \
            "1:\n\t" \
            "vldrw.u32 q0, [%[channels]]\n\t" \
            "vldrw.u32 q1, [%[channels], #" bytes " / 2]\n\t" \
            "vldrw.u32 q2, [%[channels], #" bytes "]\n\t" \
            "vldrw.u32 q3, [%[channels], #" bytes " + " bytes " / 2]\n\t" \
            "ldr %[tap], [%[at]]\n\t" \
            "ldr %[x], [%[at], #8]\n\t" \
            "wls lr, %[x], 3f\n" \
            "2:\n\t" \
            "ldrd %[x], %[w], [%[tap]], #8\n\t" \
            "add %[w], %[w], %[weights]\n\t" \
            "vldrb.s16 q4, [%[w]]\n\t" \
            "add %[x], %[x], %[from]\n\t" \
            load("0") \
            RLT_LANE_PRODUCTS("q0", "q1") \
            "vldrb.s16 q4, [%[w], #8]\n\t" \
            load("8 * " size) \
            RLT_LANE_PRODUCTS("q2", "q3") \
            "le lr, 2b\n" \
            "3:\n\t" \
            finish("q0", "q1", "0") \
            finish("q2", "q3", bytes) \
            store("q0", "0") \
            store("q2", "8 * " size) \
            "add %[to], %[to], #16 * " size "\n\t" \
            "add %[from], %[from], #16 * " size "\n\t" \
            "ldr %[x], [%[at], #12]\n\t" \
            "add %[channels], %[channels], #2 * " bytes "\n\t" \
            "add %[weights], %[weights], %[x]\n\t" \
            "subs %[left], %[left], #1\n\t" \
            "bne 1b\n\t" \
            : [x] "=&l"(x), [w] "=&l"(w), [tap] "=&r"(tap), [left] "+r"(left), [weights] "+r"(weights), [from] "+r"(from), \
              [channels] "+r"(channels), [to] "+l"(to) \
            : [at] "r"(at), [zero_point] "r"(zero_point) \
            : "lr", "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "cc", "memory"); \
    } while (0)

/* The same of up to eight channels, `rest` of which exist: load() reads no more. */
#define RLT_LANES_REST(load, finish, store, bytes) \
    do { \
        const rlt_lane_tap *tap = at->taps; \
        uint32_t x, w; \
        __asm__ volatile( \
            "vctp.16 %[rest]\n\t" \
            "vldrw.u32 q0, [%[channels]]\n\t" \
            "vldrw.u32 q1, [%[channels], #" bytes " / 2]\n\t" \
            "wls lr, %[count], 3f\n" \
            "2:\n\t" \
            "ldrd %[x], %[w], [%[tap]], #8\n\t" \
            "add %[w], %[w], %[weights]\n\t" \
            "vldrb.s16 q4, [%[w]]\n\t" \
            "add %[x], %[x], %[from]\n\t" \
            "vpst\n\t" \
            load("0") \
            RLT_LANE_PRODUCTS("q0", "q1") \
            "le lr, 2b\n" \
            "3:\n\t" \
            finish("q0", "q1", "0") \
            "vpst\n\t" \
            store("q0", "0") \
            : [x] "=&l"(x), [w] "=&l"(w), [tap] "+r"(tap) \
            : [count] "r"(at->count), [weights] "r"(at->weights), [from] "r"(from), [channels] "r"(channels), \
              [to] "l"(to), [rest] "r"(rest), [zero_point] "r"(at->zero_point) \
            : "lr", "q0", "q1", "q4", "q5", "q6", "q7", "p0", "cc", "memory"); \
    } while (0)

#endif
