/* int8 pools with Helium, 8 or 16 channels at a time. Results equal those of average_pool_2d_s8.c, max_pool_2d_s8.c. */
#include "../common/mve.h"

typedef int8_t element;
#include "pool_2d_walk.h"

enum { SUMS = 8, BYTES = 16 };

/* Prepare sees to it that no sum needs more than 16 bits. */
static void average_pixel(const rlt_pool_2d_s8_params *p, const int8_t *image, rlt_pool_box box, int8_t *output) {
    const rlt_window *w = &p->window;
    const int32_t across = box.x1 - box.x0, count = (box.y1 - box.y0) * across;
    for (int32_t c = 0; c < w->out_c; c += SUMS) {
        const int32_t rest = w->out_c - c < SUMS ? w->out_c - c : SUMS;
        const int8_t *row = first_tap(w, image, box, c);
        int16x8_t sums = vdupq_n_s16(0);
        for (int32_t y = box.y0; y < box.y1; y++, row += w->in_w * w->in_c) {
            const int8_t *from = row;
            __asm__ volatile(
                "vctp.16 %[rest]\n\t"
                "wls lr, %[across], 2f\n"
                "1:\n\t"
                "vpst\n\t"
                "vldrbt.s16 q0, [%[from]]\n\t"
                "add %[from], %[from], %[in_c]\n\t"
                "vadd.i16 %q[sums], %q[sums], q0\n\t"
                "le lr, 1b\n"
                "2:"
                : [sums] "+w"(sums), [from] "+l"(from)
                : [rest] "r"(rest), [across] "r"(across), [in_c] "r"(w->in_c)
                : "lr", "q0", "p0", "cc", "memory");
        }
        int16_t each[SUMS];
        vstrhq_s16(each, sums);
        for (int32_t i = 0; i < rest; i++) {
            output[c + i] = (int8_t)rlt_clamp(mean_of(each[i], count), p->low, p->high);
        }
    }
}

static void max_pixel(const rlt_pool_2d_s8_params *p, const int8_t *image, rlt_pool_box box, int8_t *output) {
    const rlt_window *w = &p->window;
    const int32_t across = box.x1 - box.x0;
    for (int32_t c = 0; c < w->out_c; c += BYTES) {
        const int8_t *row = first_tap(w, image, box, c);
        int8x16_t largest = vdupq_n_s8((int8_t)p->low);
        for (int32_t y = box.y0; y < box.y1; y++, row += w->in_w * w->in_c) {
            const int8_t *from = row;
            __asm__ volatile(
                "vctp.8 %[rest]\n\t"
                "wls lr, %[across], 2f\n"
                "1:\n\t"
                "vpst\n\t"
                "vldrbt.u8 q0, [%[from]]\n\t"
                "add %[from], %[from], %[in_c]\n\t"
                "vmax.s8 %q[largest], %q[largest], q0\n\t"
                "le lr, 1b\n"
                "2:"
                : [largest] "+w"(largest), [from] "+r"(from)
                : [rest] "r"(w->out_c - c), [across] "r"(across), [in_c] "r"(w->in_c)
                : "lr", "q0", "p0", "cc", "memory");
        }
        const int8x16_t value = vminq_s8(largest, vdupq_n_s8((int8_t)p->high));
        vstrbq_p_s8(output + c, value, vctp8q((uint32_t)(w->out_c - c)));
    }
}

rlt_status rlt_average_pool_2d_s8_mve(const rlt_run *run, const void *params) {
    return run_pixels(run, params, average_pixel);
}

rlt_status rlt_max_pool_2d_s8_mve(const rlt_run *run, const void *params) { return run_pixels(run, params, max_pixel); }
