/* Tiles of float CONV_2D, over the vectors of the instruction set whose header was included before: sums of some
 * neighbouring output pixels x some vectors of channels stay in registers while the window goes by. */
#ifndef RLT_CONV_2D_PACKED_F32_TILE_H
#define RLT_CONV_2D_PACKED_F32_TILE_H

#include "packed_f32_band.h"
#include "packed_f32_row.h"

enum { RLT_CONV_F32_MOST_PIXELS = 8 };

/* Multiplies one value of each window, or two, with the weights of each channel. */
#define RLT_CONV_F32_MULTIPLY(value) \
    do { \
        rlt_vec w[RLT_CONV_F32_MAX_VECTORS]; \
        _Pragma("GCC unroll 4") for (int v = 0; v < vectors; v++) w[v] = rlt_vec_load(weights + v * RLT_LANES); \
        weights += step_floats; \
        _Pragma("GCC unroll 8") for (int i = 0; i < pixels; i++) { \
            const float *at = from[i / 3] + (size_t)(i % 3) * step; \
            const rlt_vec x = value; \
            _Pragma("GCC unroll 4") for (int v = 0; v < vectors; v++) sum[i][v] = rlt_vec_fma(x, w[v], sum[i][v]); \
        } \
        _Pragma("GCC unroll 3") for (int i = 0; i < 3; i++) from[i] += taps; \
    } while (0)

/* `pixels`, `vectors` and `taps` are constant where this is inlined. */
RLT_INLINE void rlt_conv_f32_tile(const int pixels, const int vectors, const int taps, const rlt_conv_f32_block *b,
                                  const float *window, float *output) {
    const rlt_conv_2d_packed_f32_params *p = b->p;
    const size_t step = b->pixel_floats, step_floats = b->step_floats;
    const float *weights = b->weights;
    rlt_vec sum[RLT_CONV_F32_MOST_PIXELS][RLT_CONV_F32_MAX_VECTORS];
#pragma GCC unroll 8
    for (int i = 0; i < pixels; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) sum[i][v] = rlt_vec_load(b->bias + v * RLT_LANES);
    }
    int32_t run = 0;
    do {
        const float *first = window + rlt_conv_f32_run_offset(p, run);
        /* Every third pixel's address; the others follow by one and two steps. */
        const float *from[3] = {first, first + 3 * step, first + 6 * step};
        uint32_t steps = (uint32_t)p->run_floats / (uint32_t)taps; /* of one value there is at least one */
        if (taps == 1) {
            do RLT_CONV_F32_MULTIPLY(rlt_vec_all(*at));
            while (--steps);
        } else {
            for (; steps > 0; steps--) RLT_CONV_F32_MULTIPLY(rlt_vec_all_pairs(at));
            if (p->run_floats & 1) RLT_CONV_F32_MULTIPLY(rlt_vec_all_even(*at));
        }
    } while (++run < p->run_count);
    const rlt_vec low = rlt_vec_all(p->low), high = rlt_vec_all(p->high);
    const int results = (vectors + taps - 1) / taps; /* vectors */
    const size_t pixel = (size_t)(p->window.out_c + p->out_gap), last = b->channels - (size_t)(results - 1) * RLT_LANES;
#pragma GCC unroll 8
    for (int i = 0; i < pixels; i++, output += pixel) {
#pragma GCC unroll 4
        for (int v = 0; v < results; v++) {
            const int a = taps * v, c = a + 1 < vectors ? a + 1 : a;
            const rlt_vec all = taps == 1 ? sum[i][v] : rlt_vec_add_pairs(sum[i][a], sum[i][c]);
            const rlt_vec y = rlt_vec_clamp(all, low, high);
            if (v + 1 < results) rlt_vec_store(output + v * RLT_LANES, y);
            else rlt_vec_store_upto(output + v * RLT_LANES, y, last);
        }
    }
}

#define RLT_CONV_F32_TILE(pixels, vectors) \
    case pixels: rlt_conv_f32_tile(pixels, vectors, TAPS, b, window, output); break;
#define RLT_CONV_F32_TILES_1(v) RLT_CONV_F32_TILE(1, v)
#define RLT_CONV_F32_TILES_4(v) \
    RLT_CONV_F32_TILES_1(v) RLT_CONV_F32_TILE(2, v) RLT_CONV_F32_TILE(3, v) RLT_CONV_F32_TILE(4, v)
#define RLT_CONV_F32_TILES_6(v) RLT_CONV_F32_TILES_4(v) RLT_CONV_F32_TILE(5, v) RLT_CONV_F32_TILE(6, v)
#define RLT_CONV_F32_TILES_8(v) RLT_CONV_F32_TILES_6(v) RLT_CONV_F32_TILE(7, v) RLT_CONV_F32_TILE(8, v)

/* `name`(): one row of output pixels of a block of `vectors` with TAPS lanes per channel, in tiles as even as can be of
 * at most `most` pixels. */
#define RLT_CONV_F32_ROW(name, vectors, most) \
    static void name(const rlt_conv_f32_block *b, const float *window, int32_t width, float *output) { \
        for (int32_t tiles = (width + most - 1) / most; tiles > 0; tiles--) { \
            const int32_t pixels = (width + tiles - 1) / tiles; \
            switch (pixels) { RLT_CONV_F32_TILES_##most(vectors) } \
            width -= pixels; \
            window += (size_t)pixels * b->pixel_floats; \
            output += (size_t)pixels * (size_t)(b->p->window.out_c + b->p->out_gap); \
        } \
    }

#endif
