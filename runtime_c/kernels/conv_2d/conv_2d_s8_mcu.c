/* int8 CONV_2D for cores without SIMD: words.h. */
#include "../common/pixels.h"
#include "column_mcu.h"
#include "words_mcu.h"

enum { PIXELS = RLT_CONV_2D_WORDS_PIXELS };

#ifdef RLT_THUMB_1
#define FOUR_PRODUCTS(at) /* 10 instructions of 2 bytes */ \
    "ldmia r0!, {r2-r5}\n\t" \
    "ldrb r6, [r1, #" #at "]\n\t" \
    "muls r2, r6, r2\n\t" \
    "muls r3, r6, r3\n\t" \
    "muls r4, r6, r4\n\t" \
    "muls r5, r6, r5\n\t" \
    "add r8, r2\n\t" \
    "add r9, r3\n\t" \
    "add r10, r4\n\t" \
    "add r11, r5\n\t"
#endif

/* Channels at a time: as many as there are registers for their sums. */
#ifdef __riscv
enum { CHANNELS = 3 }; /* of four, some sums would be in memory */
#else
enum { CHANNELS = 1 };
#endif

/* Adds the products of some channels, whose weights lie `depth` apart, and interleaved columns of four pixels. */
RLT_INLINE void multiply(const int32_t *columns, const uint8_t *weights, int32_t depth, const int32_t channels,
                         int32_t sum[][PIXELS]) {
    const int32_t *const end = columns + depth * PIXELS;
#ifdef RLT_THUMB_1
    const uint32_t skip = (uint32_t)-depth & 7; /* 8n - k elements enter the unrolled loop after k */
    register const int32_t *columns_ __asm__("r0") = columns;
    register const uint8_t *weights_ __asm__("r1") = weights - skip;
    register uint32_t enter __asm__("r2") = skip * 20u;
    register int32_t a __asm__("r8") = sum[0][0], b __asm__("r9") = sum[0][1];
    register int32_t c __asm__("r10") = sum[0][2], d __asm__("r11") = sum[0][3];
    register const int32_t *end_ __asm__("r12") = end;
    __asm__ volatile(
        ".syntax unified\n\t"
        "adr r3, 1f\n\t"
        "adds r3, r3, r2\n\t"
        "adds r3, #1\n\t"
        "bx r3\n\t"
        ".balign 4\n"
        "1:\n\t"
        FOUR_PRODUCTS(0) FOUR_PRODUCTS(1) FOUR_PRODUCTS(2) FOUR_PRODUCTS(3)
        FOUR_PRODUCTS(4) FOUR_PRODUCTS(5) FOUR_PRODUCTS(6) FOUR_PRODUCTS(7)
        "adds r1, #8\n\t"
        "cmp r0, r12\n\t"
        "bne 1b\n\t"
        : "+r"(columns_), "+r"(weights_), "+r"(enter), "+r"(a), "+r"(b), "+r"(c), "+r"(d)
        : "r"(end_)
        : "r3", "r4", "r5", "r6", "cc", "memory");
    (void)channels;
    sum[0][0] = a, sum[0][1] = b, sum[0][2] = c, sum[0][3] = d;
#else
    for (; columns != end; columns += PIXELS, weights++) {
        const int32_t a = columns[0], b = columns[1], c = columns[2], d = columns[3];
#pragma GCC unroll 4
        for (int32_t k = 0; k < channels; k++) {
            const int32_t weight = weights[k * depth];
            sum[k][0] += a * weight, sum[k][1] += b * weight, sum[k][2] += c * weight, sum[k][3] += d * weight;
        }
    }
#endif
}

/* Neighbouring output pixels of some channels. */
RLT_INLINE void channels_of_four(const int32_t *columns, const int32_t start[PIXELS], const uint8_t *weights,
                                 int32_t depth, const int32_t channels, const rlt_finish *finishes, int8_t *output,
                                 int32_t out_c) {
    int32_t sum[CHANNELS][PIXELS];
#pragma GCC unroll 4
    for (int32_t k = 0; k < channels; k++) {
        sum[k][0] = start[0], sum[k][1] = start[1], sum[k][2] = start[2], sum[k][3] = start[3];
    }
    multiply(columns, weights, depth, channels, sum);
#pragma GCC unroll 4
    for (int32_t k = 0; k < channels; k++) {
        const rlt_finish f = finishes[k];
        int8_t *to = output + k;
        *to = finished(sum[k][0], f), to += out_c;
        *to = finished(sum[k][1], f), to += out_c;
        *to = finished(sum[k][2], f), to += out_c;
        *to = finished(sum[k][3], f);
    }
}

static void four_pixels(const rlt_conv_2d_words_params *p, const int32_t *columns, const int32_t start[PIXELS],
                        const uint8_t *weights, const rlt_finish *finishes, int8_t *output) {
    const int32_t out_c = p->window.out_c, depth = p->depth;
    int32_t left = out_c;
    for (; left >= CHANNELS; left -= CHANNELS, weights += CHANNELS * depth, finishes += CHANNELS, output += CHANNELS) {
        channels_of_four(columns, start, weights, depth, CHANNELS, finishes, output, out_c);
    }
    for (; left > 0; left--, weights += depth) {
        channels_of_four(columns, start, weights, depth, 1, finishes++, output++, out_c);
    }
}

static void one_pixel(const rlt_conv_2d_words_params *p, int32_t *column, int32_t start, const uint8_t *weights,
                      const rlt_finish *channels, int8_t *output) {
    const int32_t depth = p->depth, *const end = round_up(column, depth);
    for (int32_t left = p->window.out_c; left > 0; left -= 2, weights += 2 * (size_t)depth) {
        const two_sums sums = multiply_one(column, end, weights, left > 1 ? weights + depth : weights, start);
        *output++ = finished(sums.a, *channels++);
        if (left > 1) *output++ = finished(sums.b, *channels++);
    }
}

/* Columns of four pixels that lie side by side. */
static void direct_columns(const int8_t *from, int32_t depth, int32_t *to, int32_t start[PIXELS]) {
    int32_t sum_a = 0, sum_b = 0, sum_c = 0, sum_d = 0;
    const int8_t *other = from + 2 * depth;
    for (const int8_t *const end = from + depth; from != end; from++, other++, to += PIXELS) {
        const int32_t a = from[0], b = from[depth], c = other[0], d = other[depth];
        to[0] = a, to[1] = b, to[2] = c, to[3] = d;
        sum_a += a, sum_b += b, sum_c += c, sum_d += d;
    }
    start[0] = -RLT_WEIGHT_OFFSET * sum_a, start[1] = -RLT_WEIGHT_OFFSET * sum_b;
    start[2] = -RLT_WEIGHT_OFFSET * sum_c, start[3] = -RLT_WEIGHT_OFFSET * sum_d;
}

rlt_status rlt_conv_2d_s8_mcu(const rlt_run *run, const void *params) {
    const rlt_conv_2d_words_params *p = params;
    const rlt_window *w = &p->window;
    const int8_t *image = rlt_in(run, p->input);
    const uint8_t *weights = rlt_in(run, p->weights);
    const rlt_finish *channels = rlt_in(run, p->channels);
    int32_t *columns = rlt_out(run, p->scratch);
    rlt_pixels at = rlt_share_of_pixels(run, w);
    int8_t *const first = (int8_t *)rlt_out(run, p->output) + at.number * w->out_c, *output = first;
    const int direct = is_direct(w);
    if (direct) image += at.number * w->in_c;
    for (; direct && at.left >= PIXELS; at.left -= PIXELS, output += PIXELS * w->out_c, image += PIXELS * w->in_c) {
        int32_t start[PIXELS];
        direct_columns(image, p->depth, columns, start);
        four_pixels(p, columns, start, weights, channels, output);
    }
    for (; direct && at.left > 0; at.left--, output += w->out_c, image += w->in_c) {
        const int32_t sum = widen(columns, 1, image, p->depth, 0);
        one_pixel(p, columns, -RLT_WEIGHT_OFFSET * sum, weights, channels, output);
    }
    while (at.left > 0) {
        int32_t start[PIXELS];
        const int32_t pixels = at.left >= PIXELS ? PIXELS : 1;
        for (int32_t i = 0; i < pixels; i++, rlt_next_pixel(&at, w)) {
            const int8_t *const own = image + at.image;
            const int32_t sum = column(w, own, at.y, at.x, p->input_zero_point, columns + i, (size_t)pixels, 0);
            start[i] = -RLT_WEIGHT_OFFSET * sum;
        }
        if (pixels == 1) {
            one_pixel(p, columns, start[0], weights, channels, output);
        } else {
            four_pixels(p, columns, start, weights, channels, output);
        }
        output += pixels * w->out_c;
    }
    rlt_cut(first, (size_t)(output - first), p->low, p->high);
    return RLT_OK;
}
