/* int16 pools with Helium, 4 or 8 channels at a time. Results equal those of pool_2d_s16.c. */
#include "../common/mve.h"

typedef int16_t element;
#include "pool_2d_walk.h"

enum { SUMS = 4, HALVES = 8 };

/* Prepare sees to it that no sum needs more than 32 bits. */
static void average_pixel(const rlt_pool_2d_s8_params *p, const int16_t *image, rlt_pool_box box, int16_t *output) {
    const rlt_window *w = &p->window;
    const int32_t across = box.x1 - box.x0, count = (box.y1 - box.y0) * across;
    for (int32_t c = 0; c < w->out_c; c += SUMS) {
        const int32_t rest = w->out_c - c;
        const int16_t *row = first_tap(w, image, box, c);
        int32x4_t sums = vdupq_n_s32(0);
        for (int32_t y = box.y0; y < box.y1; y++, row += w->in_w * w->in_c) {
            const int16_t *from = row;
            __asm__ volatile(
                "vctp.32 %[rest]\n\t"
                "wls lr, %[across], 2f\n"
                "1:\n\t"
                "vpst\n\t"
                "vldrht.s32 q0, [%[from]]\n\t"
                "add %[from], %[from], %[bytes]\n\t"
                "vadd.i32 %q[sums], %q[sums], q0\n\t"
                "le lr, 1b\n"
                "2:"
                : [sums] "+w"(sums), [from] "+l"(from)
                : [rest] "r"(rest), [across] "r"(across), [bytes] "r"(w->in_c * 2)
                : "lr", "q0", "p0", "cc", "memory");
        }
        int32_t each[SUMS];
        vstrwq_s32(each, sums);
        for (int32_t i = 0; i < SUMS && i < rest; i++) output[c + i] = (int16_t)mean_of(each[i], count);
    }
    cut_halves(output, w->out_c, p->low, p->high);
}

static void max_pixel(const rlt_pool_2d_s8_params *p, const int16_t *image, rlt_pool_box box, int16_t *output) {
    const rlt_window *w = &p->window;
    const int32_t across = box.x1 - box.x0;
    for (int32_t c = 0; c < w->out_c; c += HALVES) {
        const int16_t *row = first_tap(w, image, box, c);
        int16x8_t largest = vdupq_n_s16(INT16_MIN);
        for (int32_t y = box.y0; y < box.y1; y++, row += w->in_w * w->in_c) {
            const int16_t *from = row;
            __asm__ volatile(
                "vctp.16 %[rest]\n\t"
                "wls lr, %[across], 2f\n"
                "1:\n\t"
                "vpst\n\t"
                "vldrht.u16 q0, [%[from]]\n\t"
                "add %[from], %[from], %[bytes]\n\t"
                "vmax.s16 %q[largest], %q[largest], q0\n\t"
                "le lr, 1b\n"
                "2:"
                : [largest] "+w"(largest), [from] "+r"(from)
                : [rest] "r"(w->out_c - c), [across] "r"(across), [bytes] "r"(w->in_c * 2)
                : "lr", "q0", "p0", "cc", "memory");
        }
        vstrhq_p_s16(output + c, largest, vctp16q((uint32_t)(w->out_c - c)));
    }
    cut_halves(output, w->out_c, p->low, p->high);
}

rlt_status rlt_average_pool_2d_s16_mve(const rlt_run *run, const void *params) {
    return run_pixels(run, params, average_pixel);
}

rlt_status rlt_max_pool_2d_s16_mve(const rlt_run *run, const void *params) { return run_pixels(run, params, max_pixel); }
