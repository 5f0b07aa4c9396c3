/* gemm_f32.h over the vectors of the instruction set whose header was included before. */
#ifndef RLT_GEMM_F32_KERNEL_H
#define RLT_GEMM_F32_KERNEL_H

#include "gemm_f32.h"

enum { GEMM_VECTORS = 3 };

typedef void (*gemm_tile_fn)(const rlt_gemm_f32 *g, const float *a, const float *b, float *c, size_t last);

/* `rows` and `vectors` are constant where this is inlined; `last` values of the last vector are columns. */
RLT_INLINE void gemm_tile(const int rows, const int vectors, const rlt_gemm_f32 *g, const float *a, const float *b,
                          float *c, size_t last) {
    const size_t row = g->a_row, step = g->a_inner;
    rlt_vec sum[RLT_GEMM_F32_ROWS][GEMM_VECTORS];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) {
            const float *at = c + (size_t)r * g->c_row + v * RLT_LANES;
            sum[r][v] = rlt_vec_all(0.0f);
            if (g->accumulate) sum[r][v] = v + 1 < vectors ? rlt_vec_load(at) : rlt_vec_load_first(at, last);
        }
    }
    for (size_t i = 0; i < g->outer; i++, a += g->a_outer, b += g->b_outer) {
        /* Every third row's address; the others follow by one and two rows. */
        const float *from[3] = {a, a + 3 * row, a + 6 * row}, *y = b;
        for (size_t j = g->inner; j > 0; j--, y += g->b_inner) {
            rlt_vec w[GEMM_VECTORS];
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++) {
                const float *at = y + v * RLT_LANES;
                w[v] = v + 1 < vectors ? rlt_vec_load(at) : rlt_vec_load_first(at, last);
            }
#pragma GCC unroll 8
            for (int r = 0; r < rows; r++) {
                const rlt_vec x = rlt_vec_all(from[r / 3][(size_t)(r % 3) * row]);
#pragma GCC unroll 3
                for (int v = 0; v < vectors; v++) sum[r][v] = rlt_vec_fma(x, w[v], sum[r][v]);
            }
#pragma GCC unroll 3
            for (int k = 0; k < 3; k++) from[k] += step;
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) {
            float *at = c + (size_t)r * g->c_row + v * RLT_LANES;
            if (v + 1 < vectors) rlt_vec_store(at, sum[r][v]);
            else rlt_vec_store_upto(at, sum[r][v], last);
        }
    }
}

#define GEMM_TILE(rows, vectors) \
    static void tile_##rows##_##vectors(const rlt_gemm_f32 *g, const float *a, const float *b, float *c, size_t last) { \
        gemm_tile(rows, vectors, g, a, b, c, last); \
    }
#define GEMM_TILES(rows) GEMM_TILE(rows, 1) GEMM_TILE(rows, 2) GEMM_TILE(rows, 3)
#define GEMM_TILE_NAMES(rows) {tile_##rows##_1, tile_##rows##_2, tile_##rows##_3}

/* All tiles of a product; tiles[i] are those of most / 2^i rows. */
static void gemm_run(const rlt_gemm_f32 *g, const gemm_tile_fn tiles[][GEMM_VECTORS], size_t most) {
    size_t vectors = (g->columns + RLT_LANES - 1) / RLT_LANES, n = 0;
    for (size_t parts = (vectors + GEMM_VECTORS - 1) / GEMM_VECTORS; parts > 0; parts--) {
        const size_t width = (vectors + parts - 1) / parts, end = n + width * RLT_LANES;
        const size_t last = end <= g->columns ? RLT_LANES : RLT_LANES - (end - g->columns);
        size_t rows = most, shape = 0;
        for (size_t m = 0; m < g->rows; m += rows) {
            while (g->rows - m < rows) rows /= 2, shape++;
            tiles[shape][width - 1](g, g->a + m * g->a_row, g->b + n, g->c + m * g->c_row + n, last);
        }
        vectors -= width;
        n = end;
    }
}

#endif
