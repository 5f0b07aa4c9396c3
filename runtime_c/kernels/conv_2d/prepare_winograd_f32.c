/* Planning of float CONV_2D by Winograd's minimal filtering (winograd_f32.h). Host only. */
#include <math.h>
#include <string.h>

#include "../common/prepare_common.h"
#include "prepare_winograd_f32.h"
#include "winograd_f32.h"

enum {
    CHUNK_FLOATS = 32768, /* of inputs and products of a chunk: a fraction of a usual second-level cache */
    CHUNK_LEAST = 24,     /* some tiles of registers */
    SHARE_TILES = 6,      /* tiles of a task that make up for reading all weights */
    MOST_TASKS = 16,      /* each has its scratch */
    TOGETHER = 8,         /* output channels: half a cache line or more of every position */
    MOST_CHANNELS = 4096  /* 36 positions of as many tiles of them fit into an int32_t */
};

/* A 3x3 filter's rows or columns at the points; those of the output are in winograd_collect(). */
static const double points_2[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
#define A RLT_WINOGRAD_A
#define B RLT_WINOGRAD_B
static const double points_4[6][3] = {{1, 0, 0},
                                      {-1 / 1.5, -A / 1.5, -0.5 / 1.5},
                                      {-1 / 1.5, A / 1.5, -0.5 / 1.5},
                                      {1 / 6.0, B / 6, 2 / 6.0},
                                      {1 / 6.0, -B / 6, 2 / 6.0},
                                      {0, 0, 1}};

static int32_t positions(int32_t size) {
    return (size + 2) * (size + 2);
}

static int32_t whole(int32_t channels, int32_t lanes) {
    return (channels + lanes - 1) / lanes * lanes;
}

static float filter_at(const rlt_tensor *weights, size_t at) {
    float value;
    memcpy(&value, weights->data + at * sizeof value, sizeof value);
    return value;
}

/* The filters of `count` output channels and an input channel, transformed: `apart` floats apart, those of the next
 * position `step` floats on. Side by side: positions are so far apart that caches hold few of them at a time. */
static void spread_filters(int32_t size, const rlt_tensor *weights, size_t at, size_t in_c, int32_t count, float *to,
                           int32_t apart, size_t step) {
    const double(*points)[3] = size == 2 ? points_2 : points_4;
    double filter[9][TOGETHER] = {{0}}, rows[RLT_WINOGRAD_MOST][3][TOGETHER];
    for (int32_t n = 0; n < count; n++, at += 9 * in_c)
        for (size_t k = 0; k < 9; k++) filter[k][n] = (double)filter_at(weights, at + k * in_c);
    for (int i = 0; i < size + 2; i++) {
        const double *point = points[i];
        for (int x = 0; x < 3; x++)
            for (int n = 0; n < TOGETHER; n++)
                rows[i][x][n] = point[0] * filter[x][n] + point[1] * filter[3 + x][n] + point[2] * filter[6 + x][n];
    }
    for (int i = 0; i < positions(size); i++, to += step) {
        const double *point = points[i / (size + 2)];
        double(*const row)[TOGETHER] = rows[i % (size + 2)];
        float all[TOGETHER];
        for (int n = 0; n < TOGETHER; n++)
            all[n] = (float)(row[0][n] * point[0] + row[1][n] * point[1] + row[2][n] * point[2]);
        if (apart == 1 && count == TOGETHER) memcpy(to, all, sizeof all);
        else for (int32_t n = 0; n < count; n++) to[n * apart] = all[n];
    }
}

static size_t weights_floats(const rlt_conv_2d_winograd_f32_params *k) {
    return (size_t)positions(k->size) * (size_t)k->position_floats + (size_t)(RLT_CONV_F32_SLACK * k->product.taps);
}

/* Each position as pack_weights() of the packed form would have it for a 1x1 window. */
static void pack_filters(const rlt_conv_2d_winograd_f32_params *k, const rlt_tensor *weights, int32_t lanes,
                         float *to) {
    const rlt_conv_2d_packed_f32_params *product = &k->product;
    const int32_t in_c = k->window.in_c, out_c = k->window.out_c, taps = product->taps, width = lanes / taps;
    const size_t step = (size_t)k->position_floats;
    const size_t used = in_c % taps ? 0 : (size_t)positions(k->size) * step; /* of which nothing stays as it is */
    memset(to + used, 0, (weights_floats(k) - used) * sizeof(float));
    for (int32_t block = 0; block < rlt_conv_f32_blocks(product); block++) {
        const int32_t first = rlt_conv_f32_block_start(product, block) * width;
        const int32_t after = rlt_conv_f32_block_start(product, block + 1) * width;
        const int32_t last = after < out_c ? after : out_c;
        for (int32_t i = 0; i < in_c; i += taps) {
            for (int32_t o = first; o < last; o += TOGETHER) {
                const int32_t count = last - o < TOGETHER ? last - o : TOGETHER;
                for (int32_t t = 0; t < taps && i + t < in_c; t++) {
                    const size_t at = (size_t)o * 9 * (size_t)in_c + (size_t)(i + t);
                    spread_filters(k->size, weights, at, (size_t)in_c, count, to + t, taps, step);
                }
                to += count * taps;
            }
        }
    }
}

/* Costs in multiply-accumulates of vectors, fitted to measurements: what a tile's transforms cost for a vector of
 * channels, each position of a tile for a vector of products, and, per float, weights that the second-level cache does
 * not hold. */
typedef struct {
    int32_t size;
    float error; /* not reached by what was measured, as a share of the largest output; docs/numerics.md */
    float spread, collect;
} method;
static const method METHODS[] = {{2, 1e-6f, 90.0f, 60.0f}, {4, 3e-6f, 330.0f, 220.0f}};
static const float POSITION = 8.0f, DIRECT = 1.08f, FAR_FLOAT = 0.08f, NEAR_FLOATS = 196608.0f;

static float cost(const method *m, const rlt_window *w, int32_t taps, int32_t lanes) {
    const float tiles = (float)rlt_winograd_tiles(w, m->size), at = (float)positions(m->size);
    const float vectors = (float)((w->out_c * taps + lanes - 1) / lanes) / (float)taps;
    const float weights = at * (float)w->in_c * (float)w->out_c;
    return tiles * (at * vectors * ((float)w->in_c + POSITION) + vectors * m->collect +
                    (float)((w->in_c + lanes - 1) / lanes) * m->spread) +
           (weights > NEAR_FLOATS ? weights * FAR_FLOAT : 0.0f);
}

static float direct_cost(const rlt_window *w, int32_t taps, int32_t lanes) {
    const float vectors = (float)((w->out_c * taps + lanes - 1) / lanes) / (float)taps;
    return DIRECT * 9.0f * (float)w->in_c * vectors * (float)w->batches * (float)w->out_h * (float)w->out_w;
}

/* The fastest method that is allowed and whose weights fit; 0: none is faster than the packed form. */
static int32_t choose_size(rlt_prepare_state *p, const rlt_window *w, int32_t taps, int32_t lanes, float *least_cost) {
    int32_t size = 0;
    float least = direct_cost(w, taps, lanes);
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++) {
        const method *m = &METHODS[i];
        const uint64_t floats = (uint64_t)positions(m->size) * (uint64_t)(w->in_c + 1) * (uint64_t)w->out_c;
        const float now = cost(m, w, taps, lanes);
        if (m->error > rlt_float_tolerance(p) || now >= least) continue;
        if ((floats + (uint64_t)whole(w->out_c, lanes)) * sizeof(float) + 1024 > rlt_constant_room(p)) continue;
        least = now;
        size = m->size;
    }
    *least_cost = least;
    return size;
}

static int fits(const rlt_conv_f32 *c) {
    const rlt_window *w = &c->window;
    const int constant = c->weights->data && (!c->bias || c->bias->data) && !c->flipped && !c->values;
    return constant && w->kernel_h == 3 && w->kernel_w == 3 && w->stride_h == 1 && w->stride_w == 1 &&
           w->dilation_h == 1 && w->dilation_w == 1 && w->in_c >= 4 && w->in_c <= MOST_CHANNELS &&
           w->out_c <= MOST_CHANNELS && (int64_t)w->batches * w->out_h * w->out_w <= INT32_MAX / 4;
}

/* Blocks of channels are shared, evenly, where tiles are too few for every task to use weights often. */
static uint32_t share_out(rlt_conv_2d_packed_f32_params *product, uint32_t tiles, uint32_t wanted) {
    const uint32_t tasks = wanted < MOST_TASKS ? wanted : MOST_TASKS, blocks = (uint32_t)rlt_conv_f32_blocks(product);
    const uint32_t even = (blocks + tasks - 1) / tasks * tasks, vectors = (uint32_t)product->vectors;
    product->split_blocks = tasks > 1 && tiles < tasks * SHARE_TILES && vectors >= 2 * even;
    if (product->split_blocks) product->block_vectors = (int32_t)((vectors + even - 1) / even);
    return product->split_blocks || tasks < tiles ? tasks : tiles;
}

static int32_t chunk_for(const rlt_conv_2d_winograd_f32_params *k, uint32_t share) {
    const int32_t floats = positions(k->size) * (k->in_floats + k->product.window.out_c);
    const uint32_t most = (uint32_t)(CHUNK_FLOATS / floats < CHUNK_LEAST ? CHUNK_LEAST : CHUNK_FLOATS / floats);
    const uint32_t chunks = (share + most - 1) / most;
    return (int32_t)((share + chunks - 1) / chunks);
}

rlt_status rlt_conv_2d_f32_winograd(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_f32 *c, int32_t lanes,
                                    int *done) {
    const rlt_window *w = &c->window;
    const int32_t taps = rlt_conv_f32_taps(w->out_c, lanes);
    float vector_macs = 0;
    const int32_t size = fits(c) && rlt_may_use(p, "winograd") ? choose_size(p, w, taps, lanes, &vector_macs) : 0;
    *done = size != 0;
    if (!size) return RLT_OK;
    const int32_t in_floats = whole(w->in_c, lanes), out_floats = whole(w->out_c, lanes);
    const uint32_t tiles = (uint32_t)rlt_winograd_tiles(w, size);
    const uint64_t macs = (uint64_t)vector_macs * (uint32_t)lanes;
    rlt_conv_2d_winograd_f32_params plan = {
        .product = {.window = {.dilation_w = 1, .out_c = out_floats}, .vectors = (w->out_c * taps + lanes - 1) / lanes,
                    .block_vectors = rlt_conv_f32_most_vectors(lanes, taps, tiles), .taps = taps,
                    .run_floats = w->in_c, .run_count = 1, .low = -INFINITY, .high = INFINITY},
        .window = *w, .size = size, .in_floats = in_floats, .low = c->low, .high = c->high,
        .position_floats = (w->in_c + taps - 1) / taps * taps * w->out_c,
        .edge_floats = positions(size) * (in_floats > out_floats ? in_floats : out_floats)};
    const uint32_t tasks = share_out(&plan.product, tiles, rlt_tasks(p, RLT_COST_CONV_F32, macs, tiles));
    plan.chunk = chunk_for(&plan, plan.product.split_blocks ? tiles : (tiles + tasks - 1) / tasks);
    const size_t floats = rlt_winograd_step(plan.chunk, in_floats) + rlt_winograd_step(plan.chunk, out_floats);
    plan.scratch_floats = RLT_WINOGRAD_ZEROS + plan.edge_floats + positions(size) * (int32_t)floats;
    const uint32_t kernel = lanes == 16 ? RLT_KERNEL_conv_2d_winograd_f32_avx512vnni
                                        : RLT_KERNEL_conv_2d_winograd_f32_avx2;
    rlt_conv_2d_winograd_f32_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_CONV_2D_PACKED_F32_REFS, tasks);
    if (!k) return RLT_ERROR_MEMORY;
    *k = plan;
    k->product.input = rlt_ref_of(p, c->input);
    k->product.output = rlt_ref_of(p, c->output);
    k->product.scratch = rlt_add_scratch(p, op, (size_t)k->scratch_floats * tasks * sizeof(float));
    float *weights = rlt_add_constant(p, weights_floats(k) * sizeof(float), &k->product.weights);
    if (!weights) return RLT_ERROR_MEMORY;
    pack_filters(k, c->weights, lanes, weights);
    const size_t bias_floats = (size_t)(out_floats + lanes);
    float *bias = rlt_add_constant(p, bias_floats * sizeof(float), &k->product.bias);
    if (!bias) return RLT_ERROR_MEMORY;
    memset(bias, 0, bias_floats * sizeof(float));
    if (c->bias) memcpy(bias, c->bias->data, (size_t)w->out_c * sizeof(float));
    return RLT_OK;
}
