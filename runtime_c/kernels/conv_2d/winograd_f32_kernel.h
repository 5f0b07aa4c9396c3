/* Float CONV_2D by Winograd's minimal filtering (winograd_f32.h), with ROW_FOR() of the including file. */
#ifndef RLT_CONV_2D_WINOGRAD_F32_KERNEL_H
#define RLT_CONV_2D_WINOGRAD_F32_KERNEL_H

#include <string.h>

#include "packed_f32_row.h"
#include "winograd_f32.h"

/* One row or column of an input tile: its polynomials at the points. `size` is constant where this is inlined. */
RLT_INLINE void winograd_spread(const int size, const rlt_vec d[RLT_WINOGRAD_MOST], rlt_vec to[RLT_WINOGRAD_MOST]) {
    if (size == 2) {
        to[0] = rlt_vec_sub(d[0], d[2]);
        to[1] = rlt_vec_add(d[1], d[2]);
        to[2] = rlt_vec_sub(d[2], d[1]);
        to[3] = rlt_vec_sub(d[3], d[1]);
        return;
    }
    const rlt_vec two = rlt_vec_all(-2.0f), half = rlt_vec_all(-0.5f), both = rlt_vec_all(-2.5f);
    const rlt_vec a = rlt_vec_all((float)RLT_WINOGRAD_A), b = rlt_vec_all((float)RLT_WINOGRAD_B);
    const rlt_vec even_a = rlt_vec_fma(two, d[2], d[4]), odd_a = rlt_vec_mul(a, rlt_vec_fma(two, d[1], d[3]));
    const rlt_vec even_b = rlt_vec_fma(half, d[2], d[4]), odd_b = rlt_vec_mul(b, rlt_vec_fma(half, d[1], d[3]));
    to[0] = rlt_vec_fma(both, d[2], rlt_vec_add(d[0], d[4]));
    to[1] = rlt_vec_add(even_a, odd_a);
    to[2] = rlt_vec_sub(even_a, odd_a);
    to[3] = rlt_vec_add(even_b, odd_b);
    to[4] = rlt_vec_sub(even_b, odd_b);
    to[5] = rlt_vec_fma(both, d[3], rlt_vec_add(d[1], d[5]));
}

/* One row or column of products: `size` output pixels. */
RLT_INLINE void winograd_collect(const int size, const rlt_vec m[RLT_WINOGRAD_MOST], rlt_vec to[4]) {
    const rlt_vec sum_a = rlt_vec_add(m[1], m[2]), difference_a = rlt_vec_sub(m[1], m[2]);
    if (size == 2) {
        to[0] = rlt_vec_add(m[0], sum_a);
        to[1] = rlt_vec_add(difference_a, m[3]);
        return;
    }
    const rlt_vec sum_b = rlt_vec_add(m[3], m[4]), difference_b = rlt_vec_sub(m[3], m[4]);
    const rlt_vec a = rlt_vec_all((float)RLT_WINOGRAD_A), a3 = rlt_vec_all((float)(RLT_WINOGRAD_A / 2));
    const rlt_vec b = rlt_vec_all((float)RLT_WINOGRAD_B), b3 = rlt_vec_all((float)(RLT_WINOGRAD_B * 2));
    to[0] = rlt_vec_add(rlt_vec_add(m[0], sum_a), sum_b);
    to[1] = rlt_vec_fma(b, difference_b, rlt_vec_mul(a, difference_a));
    to[2] = rlt_vec_fma(rlt_vec_all(2.0f), sum_b, rlt_vec_mul(rlt_vec_all(0.5f), sum_a));
    to[3] = rlt_vec_fma(b3, difference_b, rlt_vec_fma(a3, difference_a, m[5]));
}

/* What one task does, and where a tile lies. */
typedef struct {
    const rlt_conv_2d_winograd_f32_params *p;
    const float *input, *weights, *bias, *zeros;
    float *edge; /* a tile that is not whole in the image */
    float *spread, *products, *output;
    uint32_t first_block, last_block;
} winograd_share;

typedef struct {
    int32_t batch, y, x; /* of its first output pixel */
} winograd_tile;

static winograd_tile winograd_locate(const rlt_conv_2d_winograd_f32_params *p, int32_t tile) {
    const int32_t columns = (p->window.out_w + p->size - 1) / p->size, rows = (p->window.out_h + p->size - 1) / p->size;
    const int32_t line = tile / columns;
    return (winograd_tile){line / rows, line % rows * p->size, tile % columns * p->size};
}

static winograd_tile winograd_after(const rlt_window *w, int32_t size, winograd_tile tile) {
    tile.x += size;
    if (tile.x < w->out_w) return tile;
    tile.x = 0;
    tile.y += size;
    if (tile.y < w->out_h) return tile;
    return (winograd_tile){tile.batch + 1, 0, 0};
}

/* Copies the pixels of an input tile that lie in the image to one of zeros. */
static void winograd_copy(const rlt_window *w, const float *image, int32_t side, int32_t y, int32_t x, float *tile) {
    const size_t pixel = (size_t)w->in_c;
    const int32_t first = x < 0 ? -x : 0, last = w->in_w - x < side ? w->in_w - x : side;
    const size_t bytes = last > first ? (size_t)(last - first) * pixel * sizeof(float) : 0;
    memset(tile, 0, (size_t)(side * side) * pixel * sizeof(float));
    for (int32_t i = y < 0 ? -y : 0; i < side && y + i < w->in_h && bytes; i++) {
        memcpy(tile + (size_t)(i * side + first) * pixel,
               image + ((size_t)(y + i) * (size_t)w->in_w + (size_t)(x + first)) * pixel, bytes);
    }
}

/* One address that moves on, instead of a register, or a place on the stack, for each that it takes. */
#define WINOGRAD_NEXT(pointer, step) ((pointer) += (step), WINOGRAD_OPAQUE(pointer))
#define WINOGRAD_OPAQUE(pointer) __extension__({ __asm__("" : "+r"(pointer)); })

/* Transforms one tile of the input, whose rows are `line` floats apart. */
RLT_INLINE void winograd_load(const int size, const winograd_share *s, const float *from, size_t line, float *to) {
    const int side = size + 2;
    const size_t pixel = (size_t)s->p->window.in_c, step = rlt_winograd_step(s->p->chunk, s->p->in_floats);
    for (size_t c = 0; c < pixel; c += RLT_LANES) {
        const size_t lanes = pixel - c < RLT_LANES ? pixel - c : RLT_LANES;
        const float *row = from + c;
        float *put = to + c;
        rlt_vec half[RLT_WINOGRAD_MOST][RLT_WINOGRAD_MOST];
#pragma GCC unroll 6
        for (int y = 0; y < side; y++, WINOGRAD_NEXT(row, line)) {
            const float *at = row;
            rlt_vec pixels[RLT_WINOGRAD_MOST], done[RLT_WINOGRAD_MOST];
#pragma GCC unroll 6
            for (int x = 0; x < side; x++, WINOGRAD_NEXT(at, pixel)) pixels[x] = rlt_vec_load_first(at, lanes);
            winograd_spread(size, pixels, done);
#pragma GCC unroll 6
            for (int x = 0; x < side; x++) half[x][y] = done[x];
        }
#pragma GCC unroll 6
        for (int x = 0; x < side; x++) {
            rlt_vec done[RLT_WINOGRAD_MOST];
            winograd_spread(size, half[x], done);
#pragma GCC unroll 6
            for (int y = 0; y < side; y++, WINOGRAD_NEXT(put, step)) rlt_vec_store(put, done[y]);
        }
    }
}

/* Transforms channels [first, end) of one tile's products, to rows that are `line` floats apart. */
RLT_INLINE void winograd_store(const int size, const winograd_share *s, const float *from, int32_t first, int32_t end,
                               size_t line, float *to) {
    const int side = size + 2;
    const size_t pixel = (size_t)s->p->window.out_c;
    const size_t step = rlt_winograd_step(s->p->chunk, s->p->product.window.out_c);
    const rlt_vec low = rlt_vec_all(s->p->low), high = rlt_vec_all(s->p->high);
    for (int32_t c = first; c < end; c += RLT_LANES) {
        const rlt_vec bias = rlt_vec_load(s->bias + c);
        const size_t left = (size_t)(end - c);
        const float *at = from + c;
        float *row = to + c;
        rlt_vec half[4][RLT_WINOGRAD_MOST];
#pragma GCC unroll 6
        for (int x = 0; x < side; x++) {
            rlt_vec column[RLT_WINOGRAD_MOST], done[4];
#pragma GCC unroll 6
            for (int y = 0; y < side; y++, WINOGRAD_NEXT(at, step)) column[y] = rlt_vec_load(at);
            winograd_collect(size, column, done);
#pragma GCC unroll 4
            for (int y = 0; y < size; y++) half[y][x] = done[y];
        }
#pragma GCC unroll 4
        for (int y = 0; y < size; y++, WINOGRAD_NEXT(row, line)) {
            float *put = row;
            rlt_vec done[4];
            winograd_collect(size, half[y], done);
#pragma GCC unroll 4
            for (int x = 0; x < size; x++, WINOGRAD_NEXT(put, pixel)) {
                rlt_vec_store_upto(put, rlt_vec_clamp(rlt_vec_add(done[x], bias), low, high), left);
            }
        }
    }
}

/* The products of `count` tiles at every position. Blocks start where rlt_conv_f32_block_start() says. */
static void winograd_multiply(const winograd_share *s, int32_t count) {
    const rlt_conv_2d_winograd_f32_params *p = s->p;
    const rlt_conv_2d_packed_f32_params *product = &p->product;
    const int32_t width = RLT_LANES / product->taps, out_c = p->window.out_c; /* channels of a vector */
    const size_t steps = ((size_t)p->window.in_c + (size_t)product->taps - 1) / (size_t)product->taps;
    const size_t in_step = rlt_winograd_step(p->chunk, p->in_floats);
    const size_t out_step = rlt_winograd_step(p->chunk, product->window.out_c);
    const int positions = (p->size + 2) * (p->size + 2);
    rlt_conv_f32_block b = {.p = product, .bias = s->zeros, .pixel_floats = (size_t)p->in_floats};
    for (int32_t i = (int32_t)s->first_block; i < (int32_t)s->last_block; i++) {
        const int32_t start = rlt_conv_f32_block_start(product, i), stop = rlt_conv_f32_block_start(product, i + 1);
        const int32_t first = start * width, end = stop * width < out_c ? stop * width : out_c;
        const rlt_conv_f32_row row_function = ROW_FOR(product->taps, stop - start);
        const float *inputs = s->spread;
        float *outputs = s->products + first;
        b.weights = s->weights + (size_t)(first * product->taps) * steps;
        b.channels = (size_t)((stop - start) * width);
        b.step_floats = (size_t)((end - first) * product->taps);
        for (int position = 0; position < positions; position++) {
            row_function(&b, inputs, count, outputs);
            b.weights += (size_t)p->position_floats;
            inputs += in_step;
            outputs += out_step;
        }
    }
}

/* The input tile of an output tile, transformed. */
RLT_INLINE void winograd_take(const int size, const winograd_share *s, winograd_tile tile, float *to) {
    const rlt_window *w = &s->p->window;
    const int32_t side = size + 2, y = tile.y - w->pad_top, x = tile.x - w->pad_left;
    const size_t pixel = (size_t)w->in_c, line = (size_t)w->in_w * pixel;
    const float *image = s->input + (size_t)(tile.batch * w->in_h) * line;
    const int inside = y >= 0 && x >= 0 && y + side <= w->in_h && x + side <= w->in_w;
    if (!inside) winograd_copy(w, image, side, y, x, s->edge);
    const float *from = inside ? image + (size_t)y * line + (size_t)x * pixel : s->edge;
    winograd_load(size, s, from, inside ? line : (size_t)side * pixel, to);
}

/* An output tile of its products. */
RLT_INLINE void winograd_give(const int size, const winograd_share *s, winograd_tile tile, const float *from) {
    const rlt_window *w = &s->p->window;
    const int32_t width = RLT_LANES / s->p->product.taps;
    const int32_t first = rlt_conv_f32_block_start(&s->p->product, (int32_t)s->first_block) * width;
    const int32_t stop = rlt_conv_f32_block_start(&s->p->product, (int32_t)s->last_block) * width;
    const int32_t end = stop < w->out_c ? stop : w->out_c;
    const size_t pixel = (size_t)w->out_c, line = (size_t)w->out_w * pixel;
    float *to = s->output + ((size_t)(tile.batch * w->out_h) + (size_t)tile.y) * line + (size_t)tile.x * pixel;
    const int inside = tile.y + size <= w->out_h && tile.x + size <= w->out_w;
    winograd_store(size, s, from, first, end, inside ? line : (size_t)size * pixel, inside ? to : s->edge);
    for (int32_t y = 0; !inside && y < size && tile.y + y < w->out_h; y++) {
        for (int32_t x = 0; x < size && tile.x + x < w->out_w; x++) {
            memcpy(to + (size_t)y * line + (size_t)x * pixel + first,
                   s->edge + (size_t)(y * size + x) * pixel + first, (size_t)(end - first) * sizeof(float));
        }
    }
}

RLT_INLINE void winograd_tiles(const int size, const winograd_share *s, int32_t tile, int32_t last) {
    const rlt_conv_2d_winograd_f32_params *p = s->p;
    winograd_tile in = winograd_locate(p, tile), out = in;
    for (int32_t count; tile < last; tile += count) {
        count = last - tile < p->chunk ? last - tile : p->chunk;
        for (int32_t i = 0; i < count; i++, in = winograd_after(&p->window, size, in)) {
            winograd_take(size, s, in, s->spread + (size_t)i * (size_t)p->in_floats);
        }
        winograd_multiply(s, count);
        for (int32_t i = 0; i < count; i++, out = winograd_after(&p->window, size, out)) {
            winograd_give(size, s, out, s->products + (size_t)i * (size_t)p->product.window.out_c);
        }
    }
}

static rlt_status run_winograd(const rlt_run *run, const rlt_conv_2d_winograd_f32_params *p) {
    const rlt_conv_2d_packed_f32_params *product = &p->product;
    const size_t positions = (size_t)((p->size + 2) * (p->size + 2));
    float *scratch = (float *)rlt_out(run, product->scratch) + (size_t)run->task * (size_t)p->scratch_floats;
    memset(scratch, 0, RLT_WINOGRAD_ZEROS * sizeof(float));
    winograd_share s = {.p = p, .input = rlt_in(run, product->input), .weights = rlt_in(run, product->weights),
                        .bias = rlt_in(run, product->bias), .zeros = scratch, .edge = scratch + RLT_WINOGRAD_ZEROS,
                        .spread = scratch + RLT_WINOGRAD_ZEROS + p->edge_floats,
                        .output = rlt_out(run, product->output), .last_block = (uint32_t)rlt_conv_f32_blocks(product)};
    s.products = s.spread + positions * rlt_winograd_step(p->chunk, p->in_floats);
    uint32_t tile = 0, last = (uint32_t)rlt_winograd_tiles(&p->window, p->size);
    if (product->split_blocks) rlt_share_of(run, s.last_block, &s.first_block, &s.last_block);
    else rlt_share_of(run, last, &tile, &last);
    if (p->size == 2) winograd_tiles(2, &s, (int32_t)tile, (int32_t)last);
    else winograd_tiles(4, &s, (int32_t)tile, (int32_t)last);
    return RLT_OK;
}

#endif
