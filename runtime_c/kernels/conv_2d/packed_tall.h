/* Packed convolutions: tiles of two output rows of one vector of channels, for windows of three rows of stride 1. Words
 * that both rows read are loaded once: loads are what holds tiles of one row, which need one for each product. */
#ifndef RLT_CONV_2D_PACKED_TALL_H
#define RLT_CONV_2D_PACKED_TALL_H

#include "packed_block.h"

enum { KERNEL_ROWS = RLT_CONV_TALL_ROWS, TALL_PIXELS = 8 };

/* TALL_PIXELS neighbouring pixels of both rows. `width`: of a row of terms. */
RLT_INLINE void tall_tile(const block *b, const uint8_t *window, const int32_t *terms, int32_t width, result *output) {
    const rlt_conv_2d_packed_params *p = b->p;
    const size_t row = (size_t)p->band.row_bytes, run = (size_t)p->run_words * WEIGHTS;
    tile_sums upper, lower;
#pragma GCC unroll 8
    for (int i = 0; i < TALL_PIXELS; i++) upper[i][0] = lower[i][0] = vi_load(b->bias);
    if (terms) {
#pragma GCC unroll 8
        for (int i = 0; i < TALL_PIXELS; i++) {
            upper[i][0] = vi_add(upper[i][0], vi_set(terms[i]));
            lower[i][0] = vi_add(lower[i][0], vi_set(terms[width + i]));
        }
    }
    const vi flip = b->flip;
    const uint8_t *weights = b->weights;
    for (int32_t word = 0; word < p->run_words; word++, weights += WEIGHTS) {
        const uint8_t *from = window + b->offsets[word];
        vi w[KERNEL_ROWS];
#pragma GCC unroll 3
        for (int y = 0; y < KERNEL_ROWS; y++) w[y] = load_weights(weights + (size_t)y * run);
#pragma GCC unroll 4
        for (int y = 0; y <= KERNEL_ROWS; y++, from += row) {
#pragma GCC unroll 8
            for (int i = 0; i < TALL_PIXELS; i++) {
                const vi x = load_word(0, &flip, from + (size_t)i * b->pixel_bytes);
                if (y < KERNEL_ROWS) upper[i][0] = multiply_add(upper[i][0], x, w[y]);
                if (y > 0) lower[i][0] = multiply_add(lower[i][0], x, w[y - 1]);
            }
        }
    }
    finish(TALL_PIXELS, 1, 0, b, upper, output);
    finish(TALL_PIXELS, 1, 0, b, lower, output + (size_t)p->window.out_w * (size_t)p->window.out_c);
}

/* As many of `width` pixels of two rows as tiles hold; how many these are. */
static int32_t tall_rows(const block *b, const uint8_t *window, int32_t width, const int32_t *terms, result *output) {
    int32_t done = 0;
    for (; done + TALL_PIXELS <= width; done += TALL_PIXELS) {
        tall_tile(b, window + (size_t)done * b->pixel_bytes, terms ? terms + done : NULL, width,
                  output + (size_t)done * (size_t)b->p->window.out_c);
    }
    return done;
}

#endif
