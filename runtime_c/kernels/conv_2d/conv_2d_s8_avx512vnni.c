/* int8 CONV_2D in its packed form (packed.h) with AVX-512 VNNI: tiles of up to 16 sums (pixels x vectors of 16
 * channels), which stay in registers through rounding. More sums at once are slower on AMD Zen 5, measured. */
#include <immintrin.h>

#include "../../simd/requantize_avx512.h"
#include "packed_runs.h"

enum { MOST_PIXELS = 12, UNROLLED = 4 };

#define INLINE static inline __attribute__((always_inline))

/* What is the same for every tile of a row of blocks. */
typedef struct {
    const rlt_conv_2d_packed_params *p;
    const int8_t *weights;
    const int32_t *bias; /* of the block; the other arrays follow at distance `padded` */
    int32_t padded;
    size_t pixel_bytes;
    __mmask64 inside; /* channels of the block that exist */
} block;

typedef __m512i tile_sums[MOST_PIXELS][RLT_CONV_MAX_VECTORS];

INLINE __m512i lanes(const int32_t *from) { return _mm512_loadu_si512(from); }

/* Rounds and stores any sums; `sums` is pixels x vectors. */
static __attribute__((noinline)) void finish_any(const block *b, int pixels, int vectors, const __m512i *sums,
                                                 const uint8_t *window, int8_t *output) {
    const rlt_conv_2d_packed_params *p = b->p;
    const rlt_byte_range range = rlt_load_byte_range(p->output_zero_point, p->low, p->high);
    for (int i = 0; i < pixels; i++) {
        const uint32_t sum = p->weights_zero_point ? (uint32_t)rlt_conv_window_sum(p, window) : 0;
        const __m512i correction = _mm512_set1_epi32((int32_t)((uint32_t)p->weights_zero_point * sum));
        __m512i y[RLT_CONV_MAX_VECTORS];
        for (int v = 0; v < RLT_CONV_MAX_VECTORS; v++) {
            const int32_t *at = b->bias + (v < vectors ? v : 0) * RLT_CONV_LANES + b->padded;
            y[v] = _mm512_sub_epi32(sums[i * vectors + (v < vectors ? v : 0)], correction);
            y[v] = rlt_requantize_avx512(y[v], lanes(at), lanes(at + b->padded), lanes(at + 2 * b->padded));
        }
        _mm512_mask_storeu_epi8(output, b->inside, rlt_to_bytes_avx512(y[0], y[1], y[2], y[3], &range));
        window += b->pixel_bytes;
        output += p->window.out_c;
    }
}

/* The same for sums below 2^30 and right shifts, without a weights zero point. */
INLINE void finish_small(const int pixels, const int vectors, const block *b, tile_sums sum, int8_t *output) {
    const rlt_conv_2d_packed_params *p = b->p;
    const rlt_byte_range range = rlt_load_byte_range(p->output_zero_point, p->low, p->high);
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) {
        const int32_t *multiplier = b->bias + v * RLT_CONV_LANES + b->padded;
        const rlt_small_scale scale = rlt_load_small_scale(multiplier, multiplier + 2 * b->padded);
#pragma GCC unroll 12
        for (int i = 0; i < pixels; i++) sum[i][v] = rlt_requantize_small_avx512(sum[i][v], &scale);
    }
#pragma GCC unroll 12
    for (int i = 0; i < pixels; i++) {
        const __m512i *y = sum[i];
        const __m512i bytes = rlt_to_bytes_avx512(y[0], y[vectors > 1 ? 1 : 0], y[vectors > 2 ? 2 : 0],
                                                  y[vectors > 3 ? 3 : 0], &range);
        _mm512_mask_storeu_epi8(output + (size_t)i * (size_t)p->window.out_c, b->inside, bytes);
    }
}

/* Adds the products of word `word` of a run: 4 bytes of each pixel's window with 4 weights of each channel. */
INLINE void multiply(const int pixels, const int vectors, const int8_t *weights, const uint8_t *const *from,
                     size_t step, int word, tile_sums sum) {
    __m512i w[RLT_CONV_MAX_VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) w[v] = _mm512_loadu_si512(weights + (word * vectors + v) * 64);
#pragma GCC unroll 12
    for (int i = 0; i < pixels; i++) {
        int32_t bytes;
        memcpy(&bytes, from[i / 3] + (size_t)(i % 3) * step + word * 4, 4);
        const __m512i x = _mm512_set1_epi32(bytes);
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) sum[i][v] = _mm512_dpbusd_epi32(sum[i][v], x, w[v]);
    }
}

/* `pixels` neighbouring output pixels x `vectors` of channels; both constant where this is inlined. */
INLINE void tile(const int pixels, const int vectors, const block *b, const uint8_t *window, int8_t *output) {
    const rlt_conv_2d_packed_params *p = b->p;
    const size_t step = b->pixel_bytes;
    tile_sums sum;
#pragma GCC unroll 12
    for (int i = 0; i < pixels; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) sum[i][v] = lanes(b->bias + v * RLT_CONV_LANES);
    }
    const int8_t *weights = b->weights;
    for (int32_t run = 0; run < p->run_count; run++) {
        const uint8_t *first = window + rlt_conv_run_offset(p, run);
        /* Every third pixel's address; the others follow by one and two steps. */
        const uint8_t *from[4] = {first, first + 3 * step, first + 6 * step, first + 9 * step};
        int32_t words = p->run_words;
        for (; words >= UNROLLED; words -= UNROLLED) {
#pragma GCC unroll 4
            for (int word = 0; word < UNROLLED; word++) multiply(pixels, vectors, weights, from, step, word, sum);
            weights += UNROLLED * vectors * 64;
#pragma GCC unroll 4
            for (int i = 0; i < 4; i++) from[i] += UNROLLED * 4;
        }
        for (; words > 0; words--) {
            multiply(pixels, vectors, weights, from, step, 0, sum);
            weights += vectors * 64;
#pragma GCC unroll 4
            for (int i = 0; i < 4; i++) from[i] += 4;
        }
    }
    if (p->small) {
        finish_small(pixels, vectors, b, sum, output);
        return;
    }
    __m512i sums[MOST_PIXELS * RLT_CONV_MAX_VECTORS];
#pragma GCC unroll 12
    for (int i = 0; i < pixels; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) sums[i * vectors + v] = sum[i][v];
    }
    finish_any(b, pixels, vectors, sums, window, output);
}

#define TILE(pixels, vectors) \
    case pixels: tile(pixels, vectors, b, window, output); break

#define ROW(vectors, most) \
    static void row_##vectors(const block *b, const uint8_t *window, int32_t width, int8_t *output) { \
        for (int32_t tiles = (width + most - 1) / most; tiles > 0; tiles--) { \
            const int32_t pixels = (width + tiles - 1) / tiles; \
            switch (pixels) { TILES_##most(vectors) } \
            width -= pixels; \
            window += (size_t)pixels * b->pixel_bytes; \
            output += (size_t)pixels * (size_t)b->p->window.out_c; \
        } \
    }

#define TILES_4(v) TILE(1, v); TILE(2, v); TILE(3, v); TILE(4, v);
#define TILES_5(v) TILES_4(v) TILE(5, v);
#define TILES_8(v) TILES_5(v) TILE(6, v); TILE(7, v); TILE(8, v);
#define TILES_12(v) TILES_8(v) TILE(9, v); TILE(10, v); TILE(11, v); TILE(12, v);

ROW(1, 12)
ROW(2, 8)
ROW(3, 5)
ROW(4, 4)

typedef void (*row_function)(const block *b, const uint8_t *window, int32_t width, int8_t *output);

static __mmask64 first_channels(int32_t count) { return count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX; }

rlt_status rlt_conv_2d_s8_avx512vnni(const rlt_run *run, const void *params) {
    static const row_function rows[] = {row_1, row_2, row_3, row_4};
    const rlt_conv_2d_packed_params *p = params;
    const rlt_window *w = &p->window;
    const int8_t *input = rlt_in(run, p->input);
    const int8_t *weights = rlt_in(run, p->weights);
    const int32_t *channels = rlt_in(run, p->channels);
    int8_t *output = rlt_out(run, p->output);
    uint8_t *scratch = (uint8_t *)rlt_out(run, p->scratch) + (size_t)run->task * (size_t)p->band.bytes;
    const int32_t total = w->batches * w->out_h, blocks = rlt_conv_block_count(p->vectors);
    const size_t vector_bytes = (size_t)p->run_count * (size_t)p->run_words * 64;
    uint32_t first, end;
    rlt_share_of(run, (uint32_t)total, &first, &end);
    for (int32_t row = (int32_t)first; row < (int32_t)end;) {
        int32_t y, last = rlt_band_next(&p->band, w, row, (int32_t)end, &y);
        /* Only a flattened 1x1 window has a shorter last row; it is then a band of its own. */
        if (p->last_w != w->out_w && last == total && last - y > 1) last--;
        const int32_t width = p->last_w != w->out_w && y == total - 1 ? p->last_w : w->out_w;
        const size_t image = (size_t)(row / w->out_h) * (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
        rlt_band_load(&p->band, w, input + image, y, last, width, scratch);
        for (int32_t i = 0; i < blocks; i++) {
            const int32_t start = rlt_conv_block_start(p->vectors, i), stop = rlt_conv_block_start(p->vectors, i + 1);
            const int32_t channels_end = stop * RLT_CONV_LANES < w->out_c ? stop * RLT_CONV_LANES : w->out_c;
            const block b = {
                .p = p,
                .weights = weights + (size_t)start * vector_bytes,
                .bias = channels + start * RLT_CONV_LANES,
                .padded = p->vectors * RLT_CONV_LANES,
                .pixel_bytes = (size_t)w->stride_w * (size_t)w->in_c,
                .inside = first_channels(channels_end - start * RLT_CONV_LANES),
            };
            for (int32_t r = y; r < last; r++) {
                rows[stop - start - 1](&b, scratch + (size_t)(r - y) * (size_t)w->stride_h * (size_t)p->band.row_bytes, width,
                                       output + ((size_t)(row + r - y) * (size_t)w->out_w) * (size_t)w->out_c +
                                           start * RLT_CONV_LANES);
            }
        }
        row += last - y;
    }
    return RLT_OK;
}
