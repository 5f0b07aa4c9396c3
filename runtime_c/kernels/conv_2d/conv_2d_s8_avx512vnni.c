/* int8 CONV_2D in its packed form (packed.h) with AVX-512 VNNI: tiles of up to 12 pixels x 4 vectors of 16 channels,
 * sums and rounding in registers. */
#include <immintrin.h>

#include "../../simd/requantize_avx512.h"
#include "packed_band.h"

enum { MOST_PIXELS = 12 };

#define INLINE static inline __attribute__((always_inline))

/* What is the same for every tile of a row of blocks. */
typedef struct {
    const rlt_conv_2d_packed_params *p;
    const int8_t *weights;
    const int32_t *bias; /* of the block; the other arrays follow at distance `padded` */
    int32_t padded;
    int32_t channels; /* of the block that exist, counted from its first */
    size_t pixel_bytes;
} block;

INLINE __m512i lanes(const int32_t *from) { return _mm512_loadu_si512(from); }

/* Rounds and stores the sums of `pixels` x `vectors`. A function of its own: what is inlined in 38 tiles must be small. */
static __attribute__((noinline)) void finish(const block *b, int pixels, int vectors, const __m512i *sums,
                                             const uint8_t *window, int8_t *output) {
    const rlt_conv_2d_packed_params *p = b->p;
    const __m512i zero_point = _mm512_set1_epi32(p->output_zero_point);
    const __m512i low = _mm512_set1_epi32(p->low), high = _mm512_set1_epi32(p->high);
    const size_t out_c = (size_t)p->window.out_c;
    int32_t correction[MOST_PIXELS] = {0};
    if (p->weights_zero_point) {
        for (int i = 0; i < pixels; i++) {
            const uint32_t sum = (uint32_t)rlt_conv_window_sum(p, window + (size_t)i * b->pixel_bytes);
            correction[i] = (int32_t)((uint32_t)p->weights_zero_point * sum);
        }
    }
    for (int v = 0; v < vectors; v++) {
        const int32_t *at = b->bias + v * RLT_CONV_LANES;
        const __m512i multiplier = lanes(at + b->padded);
        const __m512i left = lanes(at + 2 * b->padded), right = lanes(at + 3 * b->padded);
        const int32_t rest = b->channels - v * RLT_CONV_LANES;
        const __mmask16 inside = rest >= RLT_CONV_LANES ? 0xFFFF : (__mmask16)((1u << rest) - 1);
        for (int i = 0; i < pixels; i++) {
            __m512i y = _mm512_sub_epi32(sums[i * vectors + v], _mm512_set1_epi32(correction[i]));
            y = _mm512_add_epi32(rlt_requantize_avx512(y, multiplier, left, right), zero_point);
            y = _mm512_min_epi32(_mm512_max_epi32(y, low), high);
            _mm512_mask_cvtepi32_storeu_epi8(output + (size_t)i * out_c + v * RLT_CONV_LANES, inside, y);
        }
    }
}

/* `pixels` neighbouring output pixels x `vectors` of channels; both constant where this is inlined. */
INLINE void tile(const int pixels, const int vectors, const block *b, const uint8_t *window, int8_t *output) {
    const rlt_conv_2d_packed_params *p = b->p;
    const size_t step = b->pixel_bytes;
    __m512i sum[MOST_PIXELS][RLT_CONV_MAX_VECTORS];
#pragma GCC unroll 12
    for (int i = 0; i < pixels; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) sum[i][v] = lanes(b->bias + v * RLT_CONV_LANES);
    }
    const int8_t *weights = b->weights;
    for (int32_t run = 0; run < p->run_count; run++) {
        const uint8_t *from0 = window + rlt_conv_run_offset(p, run);
        const uint8_t *from3 = from0 + 3 * step, *from6 = from0 + 6 * step, *from9 = from0 + 9 * step;
        for (int32_t word = p->run_words; word > 0; word--) {
            __m512i w[RLT_CONV_MAX_VECTORS];
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) w[v] = _mm512_loadu_si512(weights + v * 64);
#pragma GCC unroll 12
            for (int i = 0; i < pixels; i++) {
                const uint8_t *from = (i < 3 ? from0 : i < 6 ? from3 : i < 9 ? from6 : from9) + (size_t)(i % 3) * step;
                int32_t bytes;
                memcpy(&bytes, from, 4);
                const __m512i x = _mm512_set1_epi32(bytes);
#pragma GCC unroll 4
                for (int v = 0; v < vectors; v++) sum[i][v] = _mm512_dpbusd_epi32(sum[i][v], x, w[v]);
            }
            weights += vectors * 64;
            from0 += 4, from3 += 4, from6 += 4, from9 += 4;
        }
    }
    __m512i sums[MOST_PIXELS * RLT_CONV_MAX_VECTORS];
#pragma GCC unroll 12
    for (int i = 0; i < pixels; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) sums[i * vectors + v] = sum[i][v];
    }
    finish(b, pixels, vectors, sums, window, output);
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

#define TILES_6(v) TILE(1, v); TILE(2, v); TILE(3, v); TILE(4, v); TILE(5, v); TILE(6, v);
#define TILES_8(v) TILES_6(v) TILE(7, v); TILE(8, v);
#define TILES_12(v) TILES_8(v) TILE(9, v); TILE(10, v); TILE(11, v); TILE(12, v);

ROW(1, 12)
ROW(2, 12)
ROW(3, 8)
ROW(4, 6)

typedef void (*row_function)(const block *b, const uint8_t *window, int32_t width, int8_t *output);

rlt_status rlt_conv_2d_s8_avx512vnni(const rlt_run *run, const void *params) {
    static const row_function rows[] = {row_1, row_2, row_3, row_4};
    const rlt_conv_2d_packed_params *p = params;
    const rlt_window *w = &p->window;
    const int8_t *input = rlt_in(run, p->input);
    const int8_t *weights = rlt_in(run, p->weights);
    const int32_t *channels = rlt_in(run, p->channels);
    int8_t *output = rlt_out(run, p->output);
    uint8_t *scratch = (uint8_t *)rlt_out(run, p->scratch) + (size_t)run->task * (size_t)p->band_bytes;
    const int32_t total = w->batches * w->out_h, blocks = rlt_conv_block_count(p->vectors);
    const size_t vector_bytes = (size_t)p->run_count * (size_t)p->run_words * 64;
    uint32_t first, end;
    rlt_share_of(run, (uint32_t)total, &first, &end);
    for (int32_t row = (int32_t)first; row < (int32_t)end;) {
        const int32_t image = row / w->out_h, y = row % w->out_h;
        int32_t last = y + p->band_rows < w->out_h ? y + p->band_rows : w->out_h;
        if (last - y > (int32_t)end - row) last = y + (int32_t)end - row;
        /* Only a flattened 1x1 window has a shorter last row; it is then a band of its own. */
        if (p->last_w != w->out_w && last == total && last - y > 1) last--;
        const int32_t width = p->last_w != w->out_w && y == total - 1 ? p->last_w : w->out_w;
        rlt_conv_load_band(p, input + (size_t)image * (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c, y, last, width,
                           scratch);
        for (int32_t i = 0; i < blocks; i++) {
            const int32_t start = rlt_conv_block_start(p->vectors, i), stop = rlt_conv_block_start(p->vectors, i + 1);
            const block b = {
                .p = p,
                .weights = weights + (size_t)start * vector_bytes,
                .bias = channels + start * RLT_CONV_LANES,
                .padded = p->vectors * RLT_CONV_LANES,
                .channels = w->out_c - start * RLT_CONV_LANES,
                .pixel_bytes = (size_t)w->stride_w * (size_t)w->in_c,
            };
            for (int32_t r = y; r < last; r++) {
                rows[stop - start - 1](&b, scratch + (size_t)(r - y) * (size_t)w->stride_h * (size_t)p->row_bytes, width,
                                       output + ((size_t)(row + r - y) * (size_t)w->out_w) * (size_t)w->out_c +
                                           start * RLT_CONV_LANES);
            }
        }
        row += last - y;
    }
    return RLT_OK;
}
