/* int8 DEPTHWISE_CONV_2D for cores without SIMD: rows.h. */
#include "../common/mcu.h"
#include "rows.h"

enum { BLOCK = RLT_DEPTHWISE_ROWS_BLOCK };

static void fill(int32_t *to, int32_t value, int32_t count) {
    for (int32_t i = 0; i < count; i++) to[i] = value;
}

/* `count` bytes, `step` apart. */
static void widen(int32_t *to, const int8_t *from, size_t step, int32_t count) {
    for (; count >= 4; count -= 4, to += 4) {
        const int32_t a = from[0], b = from[step];
        from += 2 * step;
        const int32_t c = from[0], d = from[step];
        from += 2 * step;
        to[0] = a, to[1] = b, to[2] = c, to[3] = d;
    }
    for (; count > 0; count--, from += step) *to++ = *from;
}

/* The rows that output rows [y, y + rows) read, of the channel whose first pixel is at `image`. Left and right of the
 * image, the plane holds padding already. */
static void load_plane(const rlt_depthwise_rows_params *p, const int8_t *image, int32_t y, int32_t rows, int32_t *to) {
    const rlt_window *w = &p->window;
    const int32_t first = y * w->stride_h - w->pad_top, last = first + (rows - 1) * w->stride_h + w->kernel_h;
    const int32_t inside = w->in_w < p->width - w->pad_left ? w->in_w : p->width - w->pad_left;
    for (int32_t in_y = first; in_y < last; in_y++, to += p->width) {
        if (in_y < 0 || in_y >= w->in_h) {
            fill(to, p->input_zero_point, p->width);
        } else {
            widen(to + w->pad_left, image + (size_t)in_y * (size_t)p->in_row, (size_t)p->in_pixel, inside);
        }
    }
}

/* How many neighbours under 3x3 windows three_by_three() computes. */
RLT_INLINE int32_t block_of_three(const int32_t stride) {
#ifdef RLT_THUMB_1
    return (void)stride, 1;
#else
    return stride == 1 ? 3 : 2;
#endif
}

#if defined(RLT_THUMB_2)
#define THREE_ROWS(row) row "add.w %[x], %[x], %[width]\n\t" row "add.w %[x], %[x], %[width]\n\t" row
#endif

/* Sums under 3x3 windows, stride 1 or 2, of neighbours in a row. `width` is the plane's in bytes. */
RLT_INLINE void three_by_three(const int32_t *x, size_t width, const int32_t *weights, const int32_t stride,
                               int32_t sum[BLOCK]) {
    int32_t a = 0, b = 0, c = 0;
#if defined(RLT_THUMB_2)
    if (stride == 1) {
        __asm__(THREE_ROWS("ldmia.w %[x], {r2-r6}\n\t"
                           "ldmia.w %[weights]!, {r8-r10}\n\t"
                           "mla %[a], r2, r8, %[a]\n\t"
                           "mla %[b], r3, r8, %[b]\n\t"
                           "mla %[c], r4, r8, %[c]\n\t"
                           "mla %[a], r3, r9, %[a]\n\t"
                           "mla %[b], r4, r9, %[b]\n\t"
                           "mla %[c], r5, r9, %[c]\n\t"
                           "mla %[a], r4, r10, %[a]\n\t"
                           "mla %[b], r5, r10, %[b]\n\t"
                           "mla %[c], r6, r10, %[c]\n\t")
                : [x] "+r"(x), [weights] "+r"(weights), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c)
                : [width] "r"(width)
                : "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "memory");
    } else {
        __asm__(THREE_ROWS("ldmia.w %[x], {r2-r6}\n\t"
                           "ldmia.w %[weights]!, {r8-r10}\n\t"
                           "mla %[a], r2, r8, %[a]\n\t"
                           "mla %[b], r4, r8, %[b]\n\t"
                           "mla %[a], r3, r9, %[a]\n\t"
                           "mla %[b], r5, r9, %[b]\n\t"
                           "mla %[a], r4, r10, %[a]\n\t"
                           "mla %[b], r6, r10, %[b]\n\t")
                : [x] "+r"(x), [weights] "+r"(weights), [a] "+r"(a), [b] "+r"(b)
                : [width] "r"(width)
                : "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "memory");
    }
#elif defined(RLT_THUMB_1)
#define ONE_ROW \
    "ldmia r0!, {r2-r4}\n\t" \
    "ldmia r1!, {r5-r7}\n\t" \
    "muls r2, r5, r2\n\t" \
    "muls r3, r6, r3\n\t" \
    "muls r4, r7, r4\n\t" \
    "add r8, r2\n\t" \
    "add r8, r3\n\t" \
    "add r8, r4\n\t"
    register const int32_t *x_ __asm__("r0") = x, *weights_ __asm__("r1") = weights;
    register int32_t a_ __asm__("r8") = a;
    register size_t on __asm__("r9") = width - 12;
    __asm__(".syntax unified\n\t" ONE_ROW "add r0, r9\n\t" ONE_ROW "add r0, r9\n\t" ONE_ROW
            : "+r"(x_), "+r"(weights_), "+r"(a_)
            : "r"(on)
            : "r2", "r3", "r4", "r5", "r6", "r7", "cc", "memory");
    (void)stride;
    a = a_;
#else
    for (int32_t row = 0; row < 3; row++, weights += 3, x += width / sizeof *x) {
        const int32_t w0 = weights[0], w1 = weights[1], w2 = weights[2];
        a += x[0] * w0 + x[1] * w1 + x[2] * w2;
        b += x[stride] * w0 + x[stride + 1] * w1 + x[stride + 2] * w2;
        if (stride == 1) c += x[2] * w0 + x[3] * w1 + x[4] * w2;
    }
#endif
    sum[0] = a, sum[1] = b, sum[2] = c;
}

/* Adds the products of a row of the window for four neighbours, `stride` apart. */
static void add_row(const int32_t *x, const int32_t *weights, int32_t count, int32_t stride, int32_t sum[BLOCK]) {
    int32_t a = sum[0], b = sum[1], c = sum[2], d = sum[3];
    for (const int32_t *const end = weights + count; weights != end; weights++, x++) {
        const int32_t w = *weights;
        a += x[0] * w, b += x[stride] * w, c += x[2 * stride] * w, d += x[3 * stride] * w;
    }
    sum[0] = a, sum[1] = b, sum[2] = c, sum[3] = d;
}

RLT_INLINE void store(const int32_t *sum, int32_t count, rlt_finish f, int8_t *to, size_t step) {
    for (int32_t i = 0; i < count; i++, to += step) *to = finished(sum[i], f);
}

/* A row of output pixels under 3x3 windows. */
RLT_INLINE void row_of_three(const rlt_depthwise_rows_params *p, const int32_t *x, const int32_t *weights, rlt_finish f,
                             int8_t *to, const int32_t stride) {
    const int32_t block = block_of_three(stride);
    const size_t width = (size_t)p->width * sizeof *x, step = (size_t)p->out_pixel;
    int32_t left = p->window.out_w, sum[BLOCK];
    for (; left >= block; left -= block, x += block * stride) {
        three_by_three(x, width, weights, stride, sum);
        *to = finished(sum[0], f), to += step;
        if (block > 1) *to = finished(sum[1], f), to += step;
        if (block > 2) *to = finished(sum[2], f), to += step;
    }
    if (left <= 0) return;
    three_by_three(x, width, weights, stride, sum);
    store(sum, left, f, to, step);
}

/* The same under any window. */
static void row_of_any(const rlt_depthwise_rows_params *p, const int32_t *x, const int32_t *weights, rlt_finish f,
                       int8_t *to) {
    const rlt_window *w = &p->window;
    for (int32_t left = w->out_w; left > 0; left -= BLOCK, x += BLOCK * w->stride_w) {
        int32_t sum[BLOCK] = {0};
        for (int32_t ky = 0; ky < w->kernel_h; ky++) {
            add_row(x + ky * p->width, weights + ky * w->kernel_w, w->kernel_w, w->stride_w, sum);
        }
        store(sum, left < BLOCK ? left : BLOCK, f, to, (size_t)p->out_pixel);
        to += BLOCK * p->out_pixel;
    }
}

/* All rows of one output channel that the plane serves. */
static void rows_of(const rlt_depthwise_rows_params *p, const int32_t *plane, const int32_t *weights, rlt_finish f,
                    int32_t rows, int8_t *to) {
    const rlt_window *w = &p->window;
    const int three = w->kernel_h == 3 && w->kernel_w == 3;
    for (; rows > 0; rows--, plane += w->stride_h * p->width, to += p->out_row) {
        if (three && w->stride_w == 1) {
            row_of_three(p, plane, weights, f, to, 1);
        } else if (three && w->stride_w == 2) {
            row_of_three(p, plane, weights, f, to, 2);
        } else {
            row_of_any(p, plane, weights, f, to);
        }
    }
}

/* One input channel of an image; `out_c` is the first of its output channels. */
static void channel(const rlt_depthwise_rows_params *p, const rlt_run *run, const int8_t *from, int32_t out_c,
                    int8_t *to) {
    const rlt_window *w = &p->window;
    const int32_t taps = w->kernel_h * w->kernel_w;
    const int8_t *filter = (const int8_t *)rlt_in(run, p->weights) + out_c * taps;
    const rlt_finish *channels = (const rlt_finish *)rlt_in(run, p->channels) + out_c;
    int32_t *weights = rlt_out(run, p->scratch), *plane = weights + taps;
    for (int32_t y = 0; y < w->out_h; y += p->rows) {
        const int32_t rows = w->out_h - y < p->rows ? w->out_h - y : p->rows;
        load_plane(p, from, y, rows, plane);
        for (int32_t m = 0; m < p->multiplier; m++) {
            widen(weights, filter + m * taps, 1, taps);
            rows_of(p, plane, weights, channels[m], rows, to + y * p->out_row + m);
        }
    }
}

rlt_status rlt_depthwise_conv_2d_s8_mcu(const rlt_run *run, const void *params) {
    const rlt_depthwise_rows_params *p = params;
    const rlt_window *w = &p->window;
    const int8_t *image = rlt_in(run, p->input);
    int8_t *const output = rlt_out(run, p->output);
    const size_t out_bytes = (size_t)w->out_h * (size_t)w->out_w * (size_t)w->out_c;
    const int32_t height = (p->rows - 1) * w->stride_h + w->kernel_h;
    fill((int32_t *)rlt_out(run, p->scratch) + w->kernel_h * w->kernel_w, p->input_zero_point, p->width * height);
    for (int32_t n = 0; n < w->batches; n++, image += w->in_h * w->in_w * w->in_c) {
        for (int32_t c = 0; c < w->in_c; c++) {
            channel(p, run, image + c, c * p->multiplier, output + (size_t)n * out_bytes + c * p->multiplier);
        }
    }
    rlt_cut(output, (size_t)w->batches * out_bytes, p->low, p->high);
    return RLT_OK;
}
