/* Helium (MVE) in the int8 kernels. GCC 12 spills vectors and keeps pointers apart, so inner loops are assembly. */
#ifndef RLT_MVE_H
#define RLT_MVE_H

#include <arm_mve.h>
#include <stddef.h>

#include "finish.h"

#define RLT_INLINE static inline __attribute__((always_inline))

/* Tail-predicated loops touch no byte beyond `count`. */
RLT_INLINE void copy_bytes(int8_t *to, const int8_t *from, int32_t count) {
    __asm__ volatile(
        "wlstp.8 lr, %[count], 2f\n"
        "1:\n\t"
        "vldrb.u8 q0, [%[from]], #16\n\t"
        "vstrb.8 q0, [%[to]], #16\n\t"
        "letp lr, 1b\n"
        "2:"
        : [to] "+l"(to), [from] "+l"(from)
        : [count] "r"(count)
        : "lr", "q0", "cc", "memory");
}

RLT_INLINE void fill_bytes(int8_t *to, int32_t value, int32_t count) {
    __asm__ volatile(
        "vdup.8 q0, %[value]\n\t"
        "wlstp.8 lr, %[count], 2f\n"
        "1:\n\t"
        "vstrb.8 q0, [%[to]], #16\n\t"
        "letp lr, 1b\n"
        "2:"
        : [to] "+l"(to)
        : [count] "r"(count), [value] "r"(value)
        : "lr", "q0", "cc", "memory");
}

/* Activations that end inside int8's range: values are saturated first and cut here. */
RLT_INLINE void cut_bytes(int8_t *values, int32_t count, int32_t low, int32_t high) {
    if (low <= INT8_MIN && high >= INT8_MAX) return;
    const int8x16_t least = vdupq_n_s8((int8_t)low), most = vdupq_n_s8((int8_t)high);
    for (; count > 0; count -= 16, values += 16) {
        const mve_pred16_t some = vctp8q((uint32_t)count);
        vstrbq_p_s8(values, vminq_s8(vmaxq_s8(vldrbq_z_s8(values, some), least), most), some);
    }
}

/* The same of int16. */
RLT_INLINE void cut_halves(int16_t *values, int32_t count, int32_t low, int32_t high) {
    if (low <= INT16_MIN && high >= INT16_MAX) return;
    __asm__ volatile(
        "vdup.16 q1, %[low]\n\t"
        "vdup.16 q2, %[high]\n\t"
        "wlstp.16 lr, %[count], 2f\n"
        "1:\n\t"
        "vldrh.u16 q0, [%[values]]\n\t"
        "vmax.s16 q0, q0, q1\n\t"
        "vmin.s16 q0, q0, q2\n\t"
        "vstrh.16 q0, [%[values]], #16\n\t"
        "letp lr, 1b\n"
        "2:"
        : [values] "+l"(values)
        : [count] "r"(count), [low] "r"(low), [high] "r"(high)
        : "lr", "q0", "q1", "q2", "cc", "memory");
}

#endif
