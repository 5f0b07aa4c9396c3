/* Float CONV_2D with 3x3 windows, stride 1, by Winograd's minimal filtering (A. Lavin, S. Gray: Fast Algorithms for
 * Convolutional Neural Networks, 2015): F(2x2, 3x3) and F(4x4, 3x3).
 *
 * The output is cut into tiles of size x size pixels, each computed from (size + 2) x (size + 2) pixels of the input.
 * Input tiles and filters are transformed; at each of the (size + 2)^2 positions, what belongs together is multiplied
 * as in a 1x1 convolution, by the tiles of packed_f32_tile.h; the products are transformed back. The transforms are
 * polynomials at the points 0, 1, -1, infinity, and 0, a, -a, b, -b, infinity with a^2 = 1/2, b^2 = 2: of the points
 * tried these have the smallest error (docs/numerics.md).
 *
 * A chunk of tiles at a time: its transformed inputs [position][tile][channel] and products [position][tile][channel]
 * are in scratch. Weights: for each position the blocks of packed_f32.h. */
#ifndef RLT_CONV_2D_WINOGRAD_F32_H
#define RLT_CONV_2D_WINOGRAD_F32_H

#include "packed_f32.h"

enum { RLT_WINOGRAD_MOST = 6, RLT_WINOGRAD_SKEW = 16, RLT_WINOGRAD_ZEROS = 64 };

#define RLT_WINOGRAD_A 0.70710678118654752440
#define RLT_WINOGRAD_B 1.41421356237309504880

typedef struct {
    rlt_conv_2d_packed_f32_params product; /* at one position: pixels are tiles; has all refs */
    rlt_window window;
    int32_t size;           /* output pixels of a tile's side: 2 or 4 */
    int32_t in_floats;      /* channels of a pixel, whole vectors */
    int32_t chunk;          /* tiles computed together */
    int32_t position_floats; /* of weights */
    int32_t edge_floats;    /* for a tile at the edge of the image */
    int32_t scratch_floats; /* of a task */
    float low, high;        /* fused activation */
} rlt_conv_2d_winograd_f32_params;

/* Floats from one position to the next: not a power of two, else positions share lines of the cache. */
static inline size_t rlt_winograd_step(int32_t chunk, int32_t channels) {
    return (size_t)chunk * (size_t)channels + RLT_WINOGRAD_SKEW;
}

static inline int32_t rlt_winograd_tiles(const rlt_window *w, int32_t size) {
    return w->batches * ((w->out_h + size - 1) / size) * ((w->out_w + size - 1) / size);
}

#endif
