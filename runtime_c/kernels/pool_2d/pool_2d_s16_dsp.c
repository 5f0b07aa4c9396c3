/* int16 pools with the DSP extension, two channels at a time. Results equal those of pool_2d_s16.c. */
#include "../common/dsp.h"

typedef int16_t element;
#include "pool_2d_walk.h"

/* One channel or two. */
RLT_INLINE uint32_t values_at(const int16_t *from, int two) { return two ? load_word(from) : (uint16_t)*from; }

RLT_INLINE void store(int16_t *to, int32_t lower, int32_t upper, int two) {
    to[0] = (int16_t)lower;
    if (two) to[1] = (int16_t)upper;
}

/* Prepare sees to it that no sum needs more than 32 bits. */
static void average_pixel(const rlt_pool_2d_s8_params *p, const int16_t *image, rlt_pool_box box, int16_t *output) {
    const rlt_window *w = &p->window;
    const int32_t across = box.x1 - box.x0, count = (box.y1 - box.y0) * across;
    for (int32_t c = 0; c < w->out_c; c += 2) {
        const int two = c + 1 < w->out_c;
        const int16_t *row = first_tap(w, image, box, c);
        int32_t lower = 0, upper = 0;
        for (int32_t y = box.y0; y < box.y1; y++, row += w->in_w * w->in_c) {
            const int16_t *from = row;
            for (int32_t x = across; x > 0; x--, from += w->in_c) {
                const uint32_t both = values_at(from, two);
                lower += (int16_t)both;
                upper += (int32_t)both >> 16;
            }
        }
        store(output + c, mean_of(lower, count), mean_of(upper, count), two);
    }
    cut_halves(output, (size_t)w->out_c, p->low, p->high);
}

static void max_pixel(const rlt_pool_2d_s8_params *p, const int16_t *image, rlt_pool_box box, int16_t *output) {
    const rlt_window *w = &p->window;
    for (int32_t c = 0; c < w->out_c; c += 2) {
        const int two = c + 1 < w->out_c;
        const int16_t *row = first_tap(w, image, box, c);
        uint32_t largest = 0x80008000u;
        for (int32_t y = box.y0; y < box.y1; y++, row += w->in_w * w->in_c) {
            const int16_t *from = row;
            for (int32_t x = box.x1 - box.x0; x > 0; x--, from += w->in_c) {
                const uint32_t both = values_at(from, two);
                uint32_t rest;
                __asm__("ssub16 %[rest], %[both], %[largest]\n\t" /* sets a flag of each half for SEL */
                        "sel %[largest], %[both], %[largest]"
                        : [largest] "+r"(largest), [rest] "=&r"(rest)
                        : [both] "r"(both)
                        : "cc");
            }
        }
        store(output + c, (int16_t)largest, (int32_t)largest >> 16, two);
    }
    cut_halves(output, (size_t)w->out_c, p->low, p->high);
}

rlt_status rlt_average_pool_2d_s16_dsp(const rlt_run *run, const void *params) {
    return run_pixels(run, params, average_pixel);
}

rlt_status rlt_max_pool_2d_s16_dsp(const rlt_run *run, const void *params) { return run_pixels(run, params, max_pixel); }
