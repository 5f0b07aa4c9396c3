/* int8 CONV_2D with 64-bit sums of Armv7-M: pairs.h. */
#include "../common/pixels.h"
#include "column_mcu.h"
#include "pairs.h"

enum { PIXELS = RLT_CONV_2D_PAIRS_PIXELS, SHIFT = RLT_CONV_2D_PAIRS_SHIFT };

/* Two pixels' sums, of which `low` and `high` are the words of first + 2^23 * second. */
RLT_INLINE void part(uint32_t low, uint32_t high, int32_t *first, int32_t *second) {
    *first = (int32_t)(low << (32 - SHIFT)) >> (32 - SHIFT);
    *second = (int32_t)(((((uint64_t)high << 32) | low) + (1u << (SHIFT - 1))) >> SHIFT);
}

/* Sums of two channels over the columns of four pixels. */
RLT_INLINE void multiply(const int32_t *columns, const int8_t *weights, int32_t depth, int32_t a[PIXELS],
                         int32_t b[PIXELS]) {
    const int32_t *const end = columns + 2 * depth;
    uint32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0, x, y;
    uint32_t w = (uint32_t)(-depth & 7) * 28u; /* 8n - k elements enter the unrolled loop after k */
    __asm__ volatile(
        "adr.w %[x], 1f\n\t"
        "add.w %[x], %[x], %[w]\n\t"
        "orr.w %[x], %[x], #1\n\t"
        "bx %[x]\n\t"
        ".balign 4\n"
        "1:\n\t"
        ".rept 8\n\t" /* 7 instructions of 4 bytes */
        "ldrd %[x], %[y], [%[columns]], #8\n\t"
        "ldrsb.w %[w], [%[weights]], #1\n\t"
        "smlal %[a0], %[a1], %[x], %[w]\n\t"
        "smlal %[a2], %[a3], %[y], %[w]\n\t"
        "ldrsb.w %[w], [%[weights]], #1\n\t"
        "smlal %[b0], %[b1], %[x], %[w]\n\t"
        "smlal %[b2], %[b3], %[y], %[w]\n\t"
        ".endr\n\t"
        "ldr.w %[w], %[end]\n\t"
        "cmp %[columns], %[w]\n\t"
        "bne 1b\n\t"
        : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [b0] "+r"(b0), [b1] "+r"(b1), [b2] "+r"(b2),
          [b3] "+r"(b3), [x] "=&r"(x), [y] "=&r"(y), [w] "+r"(w), [columns] "+r"(columns), [weights] "+r"(weights)
        : [end] "m"(end)
        : "cc", "memory");
    part(a0, a1, &a[0], &a[1]);
    part(a2, a3, &a[2], &a[3]);
    part(b0, b1, &b[0], &b[1]);
    part(b2, b3, &b[2], &b[3]);
}

RLT_INLINE void store(const int32_t sum[PIXELS], rlt_finish f, int8_t *to, int32_t out_c, int32_t pixels) {
    *to = finished(sum[0], f), to += out_c;
    if (pixels > 1) *to = finished(sum[1], f), to += out_c;
    if (pixels > 2) *to = finished(sum[2], f), to += out_c;
    if (pixels > 3) *to = finished(sum[3], f);
}

/* Neighbouring output pixels, up to four. */
RLT_INLINE void some_pixels(const rlt_conv_2d_pairs_params *p, const int32_t *columns, const int8_t *weights,
                            const rlt_finish *channels, int8_t *output, const int32_t pixels) {
    const int32_t out_c = p->window.out_c, depth = p->depth;
    for (int32_t left = out_c; left > 0; left -= 2, weights += 2 * depth) {
        int32_t a[PIXELS], b[PIXELS];
        multiply(columns, weights, depth, a, b);
        store(a, *channels++, output++, out_c, pixels);
        if (left > 1) store(b, *channels++, output++, out_c, pixels);
    }
}

static void four_pixels(const rlt_conv_2d_pairs_params *p, const int32_t *columns, const int8_t *weights,
                        const rlt_finish *channels, int8_t *output) {
    some_pixels(p, columns, weights, channels, output, PIXELS);
}

static void last_pixels(const rlt_conv_2d_pairs_params *p, const int32_t *columns, const int8_t *weights,
                        const rlt_finish *channels, int8_t *output, int32_t pixels) {
    some_pixels(p, columns, weights, channels, output, pixels);
}

static void first_of_pair(const rlt_conv_2d_pairs_params *p, const int8_t *image, int32_t y, int32_t x, int32_t *to) {
    column(&p->window, image, y, x, p->input_zero_point, to, 2, 0);
}

static void second_of_pair(const rlt_conv_2d_pairs_params *p, const int8_t *image, int32_t y, int32_t x, int32_t *to) {
    column(&p->window, image, y, x, p->input_zero_point, to, 2, SHIFT);
}

/* Columns of four pixels that lie side by side. */
static void direct_columns(const int8_t *from, int32_t depth, int32_t *to) {
    const int8_t *other = from + 2 * depth;
    for (const int8_t *const end = from + depth; from != end; from++, other++, to += 2) {
        const int32_t a = from[0], b = from[depth], c = other[0], d = other[depth];
        to[0] = a + b * (1 << SHIFT);
        to[1] = c + d * (1 << SHIFT);
    }
}

rlt_status rlt_conv_2d_s8_v7m(const rlt_run *run, const void *params) {
    const rlt_conv_2d_pairs_params *p = params;
    const rlt_window *w = &p->window;
    const int8_t *image = rlt_in(run, p->input), *weights = rlt_in(run, p->weights);
    const rlt_finish *channels = rlt_in(run, p->channels);
    int32_t *columns = rlt_out(run, p->scratch);
    rlt_pixels at = rlt_share_of_pixels(run, w);
    int8_t *const first = (int8_t *)rlt_out(run, p->output) + at.number * w->out_c, *output = first;
    for (int32_t i = 0; i < 2 * p->depth; i++) columns[i] = 0;
    if (is_direct(w)) { /* the pixels of input and output are the same */
        for (; at.left >= PIXELS; at.left -= PIXELS, output += PIXELS * w->out_c, at.number += PIXELS) {
            direct_columns(image + at.number * w->in_c, p->depth, columns);
            four_pixels(p, columns, weights, channels, output);
        }
        const int32_t inside = (int32_t)(at.number % (size_t)(w->out_h * w->out_w));
        at.y = inside / w->out_w, at.x = inside % w->out_w, at.image = (at.number - inside) * w->in_c;
    }
    while (at.left > 0) {
        const int32_t pixels = at.left < PIXELS ? (int32_t)at.left : PIXELS;
        for (int32_t i = 0; i < pixels; i++, rlt_next_pixel(&at, w)) {
            (i % 2 ? second_of_pair : first_of_pair)(p, image + at.image, at.y, at.x, columns + i / 2);
        }
        if (pixels == PIXELS) four_pixels(p, columns, weights, channels, output);
        else last_pixels(p, columns, weights, channels, output, pixels);
        output += pixels * w->out_c;
    }
    rlt_cut(first, (size_t)(output - first), p->low, p->high);
    return RLT_OK;
}
