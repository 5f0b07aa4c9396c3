/* int8 CONV_2D for cores without SIMD: words.h. */
#include "words_mcu.h"

enum { PIXELS = RLT_CONV_2D_WORDS_PIXELS };

RLT_INLINE int32_t pad(int32_t *to, const size_t step, int32_t value, int32_t count) {
    for (int32_t i = 0; i < count; i++, to += step) *to = value;
    return value * count;
}

/* The column of the pixel at `out_y`, `out_x`, its words `step` apart; returns where its sum makes products start. */
static int32_t column(const rlt_conv_2d_words_params *p, const int8_t *image, int32_t out_y, int32_t out_x, int32_t *to,
                      const size_t step) {
    const rlt_window *w = &p->window;
    const int32_t y0 = out_y * w->stride_h - w->pad_top, x0 = out_x * w->stride_w - w->pad_left;
    int32_t first_x, last_x, sum = 0;
    rlt_taps(x0, w->in_w, w->kernel_w, w->dilation_w, &first_x, &last_x);
    const int32_t before = first_x * w->in_c, after = (w->kernel_w - last_x) * w->in_c;
    /* Neighbouring taps are neighbours in memory too, unless dilated. */
    const int32_t taps = w->dilation_w == 1 && last_x > first_x ? last_x - first_x : 1;
    for (int32_t ky = 0; ky < w->kernel_h; ky++) {
        const int32_t y = y0 + ky * w->dilation_h;
        if (y < 0 || y >= w->in_h) {
            sum += pad(to, step, p->input_zero_point, w->kernel_w * w->in_c);
            to += (size_t)(w->kernel_w * w->in_c) * step;
            continue;
        }
        sum += pad(to, step, p->input_zero_point, before);
        to += (size_t)before * step;
        for (int32_t kx = first_x; kx < last_x; kx += taps) {
            const int8_t *from = image + (size_t)(y * w->in_w + x0 + kx * w->dilation_w) * (size_t)w->in_c;
            sum += widen(to, step, from, taps * w->in_c);
            to += (size_t)(taps * w->in_c) * step;
        }
        sum += pad(to, step, p->input_zero_point, after);
        to += (size_t)after * step;
    }
    return -RLT_WEIGHT_OFFSET * sum;
}

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

/* Adds the products of one channel and interleaved columns of four pixels to sum[0..3]. */
RLT_INLINE void multiply(const int32_t *columns, const uint8_t *weights, int32_t depth, int32_t sum[PIXELS]) {
    const int32_t *const end = columns + depth * PIXELS;
#if defined(RLT_THUMB_2)
    register const int32_t *columns_ __asm__("r0") = columns;
    int32_t a = sum[0], b = sum[1], c = sum[2], d = sum[3];
    uint32_t skip = (uint32_t)(-depth & 7) * 24u; /* 8n - k elements enter the unrolled loop after k */
    __asm__ volatile(
        "adr.w r2, 1f\n\t"
        "add.w r2, r2, %[skip]\n\t"
        "orr.w r2, r2, #1\n\t"
        "bx r2\n\t"
        ".balign 4\n"
        "1:\n\t"
        ".rept 8\n\t" /* 6 instructions of 4 bytes */
        "ldmia.w r0!, {r2-r5}\n\t"
        "ldrb.w %[skip], [%[weights]], #1\n\t"
        "mla %[a], r2, %[skip], %[a]\n\t"
        "mla %[b], r3, %[skip], %[b]\n\t"
        "mla %[c], r4, %[skip], %[c]\n\t"
        "mla %[d], r5, %[skip], %[d]\n\t"
        ".endr\n\t"
        "cmp r0, %[end]\n\t"
        "bne 1b\n\t"
        : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [weights] "+r"(weights), [skip] "+r"(skip), "+r"(columns_)
        : [end] "r"(end)
        : "r2", "r3", "r4", "r5", "cc", "memory");
    sum[0] = a, sum[1] = b, sum[2] = c, sum[3] = d;
#elif defined(RLT_THUMB_1)
    const uint32_t skip = (uint32_t)-depth & 7; /* 8n - k elements enter the unrolled loop after k */
    register const int32_t *columns_ __asm__("r0") = columns;
    register const uint8_t *weights_ __asm__("r1") = weights - skip;
    register uint32_t enter __asm__("r2") = skip * 20u;
    register int32_t a __asm__("r8") = sum[0], b __asm__("r9") = sum[1];
    register int32_t c __asm__("r10") = sum[2], d __asm__("r11") = sum[3];
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
    sum[0] = a, sum[1] = b, sum[2] = c, sum[3] = d;
#else
    int32_t a = sum[0], b = sum[1], c = sum[2], d = sum[3];
    for (; columns != end; columns += PIXELS, weights++) {
        const int32_t weight = *weights;
        a += columns[0] * weight, b += columns[1] * weight, c += columns[2] * weight, d += columns[3] * weight;
    }
    sum[0] = a, sum[1] = b, sum[2] = c, sum[3] = d;
#endif
}

/* Four neighbouring output pixels. */
static void four_pixels(const rlt_conv_2d_words_params *p, const int32_t *columns, const int32_t start[PIXELS],
                        const uint8_t *weights, const rlt_finish *channels, int8_t *output) {
    const int32_t out_c = p->window.out_c, depth = p->depth;
    for (int32_t c = 0; c < out_c; c++, weights += depth) {
        int32_t sum[PIXELS] = {start[0], start[1], start[2], start[3]};
        multiply(columns, weights, depth, sum);
        const rlt_finish f = channels[c];
        int8_t *to = output + c;
        to[0] = finished(sum[0], f), to += out_c;
        to[0] = finished(sum[1], f), to += out_c;
        to[0] = finished(sum[2], f), to += out_c;
        to[0] = finished(sum[3], f);
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

rlt_status rlt_conv_2d_s8_mcu(const rlt_run *run, const void *params) {
    const rlt_conv_2d_words_params *p = params;
    const rlt_window *w = &p->window;
    const int8_t *image = rlt_in(run, p->input);
    const uint8_t *weights = rlt_in(run, p->weights);
    const rlt_finish *channels = rlt_in(run, p->channels);
    int32_t *columns = rlt_out(run, p->scratch);
    int8_t *output = rlt_out(run, p->output);
    int32_t left = w->batches * w->out_h * w->out_w, y = 0, x = 0;
    while (left > 0) {
        int32_t start[PIXELS];
        const int32_t pixels = left >= PIXELS ? PIXELS : 1;
        for (int32_t i = 0; i < pixels; i++) {
            start[i] = column(p, image, y, x, columns + i, (size_t)pixels);
            if (++x < w->out_w) continue;
            x = 0;
            if (++y < w->out_h) continue;
            y = 0;
            image += w->in_h * w->in_w * w->in_c;
        }
        if (pixels == 1) {
            one_pixel(p, columns, start[0], weights, channels, output);
        } else {
            four_pixels(p, columns, start, weights, channels, output);
        }
        output += pixels * w->out_c;
        left -= pixels;
    }
    int8_t *const first = rlt_out(run, p->output);
    rlt_cut(first, (size_t)(output - first), p->low, p->high);
    return RLT_OK;
}
