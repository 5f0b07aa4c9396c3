/* What CONV_2D's kernels for Helium share (vectors.h): the walk over output pixels, their columns, the sums. */
#ifndef RLT_CONV_2D_VECTORS_MVE_H
#define RLT_CONV_2D_VECTORS_MVE_H

#include "../common/mve.h"
#include "vectors.h"

enum { PIXELS = RLT_CONV_2D_VECTOR_PIXELS, VECTOR = RLT_CONV_2D_VECTOR };

/* The column of a window inside the image: `rows` times `count` bytes. */
RLT_INLINE void copy_rows(int8_t *to, const int8_t *from, int32_t row_bytes, int32_t count, int32_t rows) {
    const int8_t *read;
    int8_t *write;
    __asm__ volatile(
        "1:\n\t"
        "mov %[read], %[from]\n\t"
        "mov %[write], %[to]\n\t"
        "dlstp.8 lr, %[count]\n"
        "2:\n\t"
        "vldrb.u8 q0, [%[read]], #16\n\t"
        "vstrb.8 q0, [%[write]], #16\n\t"
        "letp lr, 2b\n\t"
        "add %[from], %[from], %[row_bytes]\n\t"
        "add %[to], %[to], %[count]\n\t"
        "subs %[rows], %[rows], #1\n\t"
        "bne 1b"
        : [to] "+r"(to), [from] "+r"(from), [rows] "+r"(rows), [read] "=&r"(read), [write] "=&r"(write)
        : [row_bytes] "r"(row_bytes), [count] "r"(count)
        : "lr", "q0", "cc", "memory");
}

/* The column of the pixel at `out_y`, `out_x`, wherever its window lies. */
static __attribute__((noinline)) void column(const rlt_conv_2d_vectors_params *p, const int8_t *image, int32_t out_y,
                                             int32_t out_x, int8_t *to) {
    const rlt_window *w = &p->window;
    const int32_t y0 = out_y * w->stride_h - w->pad_top, x0 = out_x * w->stride_w - w->pad_left;
    const int32_t per_row = p->runs / w->kernel_h, across = p->run_bytes / p->pixel_bytes; /* runs, pixels of a run */
    for (int32_t ky = 0; ky < w->kernel_h; ky++) {
        const int32_t y = y0 + ky * w->dilation_h;
        const int8_t *row = image + y * w->in_w * p->pixel_bytes;
        for (int32_t run = 0; run < per_row; run++, to += p->run_bytes) {
            const int32_t x = x0 + run * w->dilation_w;
            if (y < 0 || y >= w->in_h || x + across <= 0 || x >= w->in_w) {
                fill_bytes(to, p->input_zero_point, p->run_bytes);
                continue;
            }
            const int32_t left = x < 0 ? -x * p->pixel_bytes : 0;
            const int32_t right = x + across > w->in_w ? (x + across - w->in_w) * p->pixel_bytes : 0;
            if (left | right) fill_bytes(to, p->input_zero_point, p->run_bytes);
            copy_bytes(to + left, row + x * p->pixel_bytes + left, p->run_bytes - left - right);
        }
    }
}

typedef struct {
    const int8_t *from[PIXELS];
    int8_t *to[PIXELS];
} pixels;

/* All channels of three pixels. */
typedef void (*multiply_function)(const pixels *at, const int8_t *weights, const void *channels, int32_t steps,
                                  int32_t out_c);

/* What a function of that type begins with; the registers that RLT_SUMS and what follows it work on, loaded from memory
 * since there are more than operands can have; and the constraints of the whole. */
#define RLT_OPERANDS \
    int8_t *to0 = at->to[0], *to1 = at->to[1], *to2 = at->to[2]; \
    const int8_t *from0 = at->from[0], *from1 = at->from[1], *from2 = at->from[2]; \
    const int32_t more = steps - 1;
#define RLT_ENTER \
    "ldr r1, %[from0]\n\t" \
    "ldr r3, %[from1]\n\t" \
    "ldr r5, %[from2]\n\t" \
    "ldr r7, %[weights]\n\t" \
    "ldr r9, %[channels]\n\t" \
    "ldr r11, %[more]\n\t" \
    "ldr r12, %[out_c]\n"
#define RLT_CONSTRAINTS \
    : [to0] "+m"(to0), [to1] "+m"(to1), [to2] "+m"(to2) \
    : [from0] "m"(from0), [from1] "m"(from1), [from2] "m"(from2), [weights] "m"(weights), \
      [channels] "m"(channels), [more] "m"(more), [out_c] "m"(out_c) \
    : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "q0", "q1", "q2", "q3", \
      "q4", "q5", "q6", "q7", "p0", "cc", "memory"

/* One vector of three pixels times that of two channels. `next` goes on to the next one. */
#define RLT_PRODUCTS(pixel, weight, product, next) \
    pixel " q0, [r1" next "\n\t" \
    weight(q3) \
    product " r0, q0, q3\n\t" \
    weight(q4) \
    product " r2, q0, q4\n\t" \
    pixel " q1, [r3" next "\n\t" \
    product " r4, q1, q3\n\t" \
    product " r6, q1, q4\n\t" \
    pixel " q2, [r5" next "\n\t" \
    product " r8, q2, q3\n\t" \
    product " r10, q2, q4\n\t"

/* Sums of four channels of the pixels at r1, r3, r5 in q5, q6, q7: weights at r7, r11 + 1 vectors of each channel. Mnemonics
 * of VLDR of a pixel, of VMLADAV and VMLADAVA; weight(q) loads weights and goes on. */
#define RLT_SUMS(pixel, weight, product, products) \
    RLT_PRODUCTS(pixel, weight, product, "], #16") \
    "wls lr, r11, 3f\n" \
    "2:\n\t" \
    RLT_PRODUCTS(pixel, weight, products, "], #16") \
    "le lr, 2b\n" \
    "3:\n\t" \
    "vmov q5[2], q5[0], r0, r2\n\t" \
    "vmov q6[2], q6[0], r4, r6\n\t" \
    "vmov q7[2], q7[0], r8, r10\n\t" \
    RLT_PRODUCTS(pixel, weight, product, ", #-16]!") \
    "wls lr, r11, 5f\n" \
    "4:\n\t" \
    RLT_PRODUCTS(pixel, weight, products, ", #-16]!") \
    "le lr, 4b\n" \
    "5:\n\t" \
    "vmov q5[3], q5[1], r0, r2\n\t" \
    "vmov q6[3], q6[1], r4, r6\n\t" \
    "vmov q7[3], q7[1], r8, r10\n\t"

/* The next output pixel. */
typedef struct {
    const int8_t *image;
    const int8_t *window; /* the first byte under its window */
    int32_t y, x, x0;
    int32_t inside; /* no window of this row has padding above or below */
} place;

static __attribute__((noinline)) void start_row(const rlt_conv_2d_vectors_params *p, place *at) {
    const rlt_window *w = &p->window;
    const int32_t y0 = at->y * w->stride_h - w->pad_top;
    at->x = 0;
    at->x0 = -w->pad_left;
    at->inside = p->runs == w->kernel_h && y0 >= 0 && y0 <= p->last_y;
    at->window = at->image + (y0 * w->in_w - w->pad_left) * p->pixel_bytes;
}

RLT_INLINE void go_on(const rlt_conv_2d_vectors_params *p, place *at) {
    const rlt_window *w = &p->window;
    at->x0 += w->stride_w;
    at->window += w->stride_w * p->pixel_bytes;
    if (++at->x < w->out_w) return;
    if (++at->y == w->out_h) at->y = 0, at->image += w->in_h * w->in_w * p->pixel_bytes;
    start_row(p, at);
}

/* Whole threes of the pixels from `done` to `count`, which lie side by side in the images, whose end is `end`. Returns
 * after which pixel that was. */
RLT_INLINE int32_t neighbours(const rlt_run *run, const rlt_conv_2d_vectors_params *p, int32_t done, int32_t count,
                              const int8_t *end, multiply_function multiply, int32_t out_bytes) {
    const int32_t bytes = p->pixel_bytes, steps = p->steps;
    const int8_t *from = (const int8_t *)rlt_in(run, p->input) + done * bytes, *const weights = rlt_in(run, p->weights);
    const void *const channels = rlt_in(run, p->channels);
    int8_t *to = (int8_t *)rlt_out(run, p->output) + done * out_bytes;
    const int8_t *const last = end - 2 * bytes - steps * VECTOR; /* vectors stay inside the images */
    for (; done + PIXELS <= count && from <= last; done += PIXELS) {
        const pixels at = {{from, from + bytes, from + 2 * bytes}, {to, to + out_bytes, to + 2 * out_bytes}};
        multiply(&at, weights, channels, steps, p->window.out_c);
        from += PIXELS * bytes, to += PIXELS * out_bytes;
    }
    return done;
}

/* This call's rows of output pixels, of `out_bytes` each. (Inlined: builds follow calls for the stack's depth.) */
RLT_INLINE void multiply_all(const rlt_run *run, const rlt_conv_2d_vectors_params *p, multiply_function multiply,
                             int32_t out_bytes) {
    const rlt_window *w = &p->window;
    const int32_t row_bytes = w->in_w * p->pixel_bytes, column_bytes = p->steps * VECTOR;
    const int8_t *const input = rlt_in(run, p->input), *const end = input + w->batches * w->in_h * row_bytes;
    int8_t *const output = rlt_out(run, p->output), *const columns = rlt_out(run, p->scratch);
    uint32_t first_row, last_row;
    rlt_share_of(run, (uint32_t)w->batches * (uint32_t)w->out_h, &first_row, &last_row);
    const int32_t count = (int32_t)last_row * w->out_w;
    int32_t done = (int32_t)first_row * w->out_w;
    if (p->direct && w->stride_h == 1 && w->stride_w == 1)
        done = neighbours(run, p, done, count, end, multiply, out_bytes);
    const int32_t row = done / w->out_w, batch = row / w->out_h;
    place next = {.image = input + batch * w->in_h * row_bytes, .y = row - batch * w->out_h};
    start_row(p, &next);
    for (int32_t i = row * w->out_w; i < done; i++) go_on(p, &next);
    for (int8_t *to = output + done * out_bytes; done < count;) {
        pixels at;
        for (int32_t i = 0; i < PIXELS; i++) {
            if (done == count) { /* once more the one before */
                at.from[i] = at.from[i - 1], at.to[i] = at.to[i - 1];
                continue;
            }
            int8_t *const own = columns + i * column_bytes;
            at.from[i] = own, at.to[i] = to;
            if (p->direct && end - next.window >= column_bytes) {
                at.from[i] = next.window;
            } else if (next.inside && next.x0 >= 0 && next.x0 <= p->last_x) {
                copy_rows(own, next.window, row_bytes * w->dilation_h, p->run_bytes, w->kernel_h);
            } else {
                column(p, next.image, next.y, next.x, own);
            }
            to += out_bytes, done++;
            go_on(p, &next);
        }
        multiply(&at, rlt_in(run, p->weights), rlt_in(run, p->channels), p->steps, w->out_c);
    }
}

#endif
