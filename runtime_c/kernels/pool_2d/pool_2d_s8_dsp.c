/* int8 pools with the DSP extension, four channels at a time. Results equal those of average_pool_2d_s8.c, max_pool_2d_s8.c. */
#include "../common/dsp.h"

typedef int8_t element;
#include "pool_2d_walk.h"

enum { FOUR = 4 };

/* Prepare sees to it that no sum needs more than 16 bits. */
static void average_pixel(const rlt_pool_2d_s8_params *p, const int8_t *image, rlt_pool_box box, int8_t *output) {
    const rlt_window *w = &p->window;
    const int32_t across = box.x1 - box.x0, count = (box.y1 - box.y0) * across;
    for (int32_t c = 0; c < w->out_c; c += FOUR) {
        const int32_t left = w->out_c - c, channels = left < FOUR ? left : FOUR;
        const int8_t *row = first_tap(w, image, box, c);
        uint32_t even = 0, odd = 0;
        for (int32_t y = box.y0; y < box.y1; y++, row += w->in_w * w->in_c) {
            const int8_t *from = row;
            for (int32_t x = across; x > 0; x--, from += w->in_c) {
                uint32_t four = 0;
                if (channels == FOUR) four = load_word(from);
                else for (int32_t k = 0; k < channels; k++) four |= (uint32_t)(uint8_t)from[k] << (8 * k);
                __asm__("sxtab16 %0, %0, %1" : "+r"(even) : "r"(four));
                __asm__("sxtab16 %0, %0, %1, ror #8" : "+r"(odd) : "r"(four));
            }
        }
        const int32_t sums[FOUR] = {(int16_t)even, (int16_t)odd, (int32_t)even >> 16, (int32_t)odd >> 16};
        for (int32_t k = 0; k < channels; k++) output[c + k] = (int8_t)rlt_clamp(mean_of(sums[k], count), p->low, p->high);
    }
}

static void max_pixel(const rlt_pool_2d_s8_params *p, const int8_t *image, rlt_pool_box box, int8_t *output) {
    const rlt_window *w = &p->window;
    int32_t c = 0;
    for (; c + FOUR <= w->out_c; c += FOUR) {
        const int8_t *row = first_tap(w, image, box, c);
        uint32_t largest = 0x80808080u;
        for (int32_t y = box.y0; y < box.y1; y++, row += w->in_w * w->in_c) {
            const int8_t *from = row;
            for (int32_t x = box.x1 - box.x0; x > 0; x--, from += w->in_c) {
                const uint32_t four = load_word(from);
                uint32_t rest;
                __asm__("ssub8 %[rest], %[four], %[largest]\n\t" /* sets a flag of each byte for SEL */
                        "sel %[largest], %[four], %[largest]"
                        : [largest] "+r"(largest), [rest] "=&r"(rest)
                        : [four] "r"(four)
                        : "cc");
            }
        }
        store_word(output + c, largest);
    }
    for (; c < w->out_c; c++) {
        const int8_t *row = first_tap(w, image, box, c);
        int32_t largest = INT8_MIN;
        for (int32_t y = box.y0; y < box.y1; y++, row += w->in_w * w->in_c) {
            const int8_t *from = row;
            for (int32_t x = box.x1 - box.x0; x > 0; x--, from += w->in_c) largest = *from > largest ? *from : largest;
        }
        output[c] = (int8_t)largest;
    }
    cut(output, (size_t)w->out_c, p->low, p->high);
}

rlt_status rlt_average_pool_2d_s8_dsp(const rlt_run *run, const void *params) {
    return run_pixels(run, params, average_pixel);
}

rlt_status rlt_max_pool_2d_s8_dsp(const rlt_run *run, const void *params) { return run_pixels(run, params, max_pixel); }
