/* Packing of float CONV_2D (packed_f32.h). Host only. */
#include <stddef.h>
#include <string.h>

#include "../common/prepare_common.h"
#include "prepare_pack_f32.h"

enum {
    BAND_FLOATS = 6144,  /* half of a usual first-level cache */
    CHUNK_FLOATS = 4096, /* pixels of a 1x1 convolution whose input stays there while weights pass */
    CHUNK_STEP = 24,     /* whole tiles */
    SHARE_PIXELS = 16,   /* that are worth all weights to a task */
    MOST_TASKS = 16      /* each has a band */
};

static int64_t reach(int32_t kernel, int32_t dilation) {
    return (int64_t)(kernel - 1) * dilation + 1;
}

/* No window leaves the image. */
static int inside(const rlt_window *w) {
    return !w->pad_top && !w->pad_left &&
           (int64_t)(w->out_h - 1) * w->stride_h + reach(w->kernel_h, w->dilation_h) <= w->in_h &&
           (int64_t)(w->out_w - 1) * w->stride_w + reach(w->kernel_w, w->dilation_w) <= w->in_w;
}

static int every_pixel(const rlt_window *w) {
    return w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 && w->stride_w == 1 && w->in_h == w->out_h &&
           w->in_w == w->out_w && (int64_t)w->batches * w->out_h * w->out_w <= INT32_MAX / 2;
}

/* All pixels of the batch as rows that stay in the cache, as many for each task. */
static void flatten(rlt_window *w, uint32_t tasks, int32_t *last_w) {
    const int32_t pixels = w->batches * w->out_h * w->out_w, count = (int32_t)tasks;
    const int32_t share = (pixels + count - 1) / count;
    int32_t width = CHUNK_FLOATS / w->in_c;
    width = width < CHUNK_STEP ? CHUNK_STEP : width - width % CHUNK_STEP;
    if (count > 1 || width > share) {
        const int32_t rows = (share + width - 1) / width;
        width = (share + rows - 1) / rows;
    }
    w->batches = 1;
    w->in_h = w->out_h = (pixels + width - 1) / width;
    w->in_w = w->out_w = width;
    *last_w = pixels - (w->out_h - 1) * width;
}

/* Rows of a band of about BAND_FLOATS. */
static int plan_band(rlt_conv_2d_packed_f32_params *k) {
    const rlt_window *w = &k->window;
    const int64_t columns = (int64_t)(w->out_w - 1) * w->stride_w + reach(w->kernel_w, w->dilation_w);
    const int64_t row = columns * w->in_c, extra = reach(w->kernel_h, w->dilation_h);
    const int64_t rows = row > INT32_MAX / 4 ? 0 : (BAND_FLOATS / row - extra) / w->stride_h + 1;
    k->band_rows = rows < 1 ? 1 : rows > w->out_h ? w->out_h : (int32_t)rows;
    const int64_t floats = row * ((int64_t)(k->band_rows - 1) * w->stride_h + extra);
    if (row > INT32_MAX / 4 || floats > INT32_MAX / 4) return 0;
    k->row_floats = (int32_t)row;
    k->band_floats = (int32_t)((floats + 15) & ~(int64_t)15);
    return 1;
}

int32_t rlt_conv_f32_taps(int32_t out_c, int32_t lanes) {
    const int32_t rest = out_c % lanes;
    return lanes == 16 && (out_c <= 24 || (rest > 0 && rest <= lanes / 2)) ? 2 : 1;
}

static void set_runs(rlt_conv_2d_packed_f32_params *k, int32_t lanes) {
    const rlt_window *w = &k->window;
    const int whole_rows = w->dilation_w == 1;
    k->run_count = w->kernel_h * (whole_rows ? 1 : w->kernel_w);
    k->run_floats = w->in_c * (whole_rows ? w->kernel_w : 1);
    k->taps = rlt_conv_f32_taps(w->out_c, lanes);
    k->vectors = (w->out_c * k->taps + lanes - 1) / lanes;
}

int rlt_conv_2d_f32_plan_band(rlt_conv_2d_packed_f32_params *k, int32_t lanes, int *in_place) {
    set_runs(k, lanes);
    k->block_vectors = rlt_conv_f32_most_vectors(lanes, k->taps, (uint32_t)k->window.out_h * (uint32_t)k->window.out_w);
    k->last_w = k->window.out_w;
    *in_place = inside(&k->window);
    if (!plan_band(k)) return 0;
    if (*in_place) k->row_floats = k->window.in_w * k->window.in_c;
    return 1;
}

static void pack_weights(const rlt_conv_2d_packed_f32_params *k, const rlt_tensor *weights, int32_t lanes, float *to) {
    const size_t run_floats = (size_t)k->run_floats, filter = run_floats * (size_t)k->run_count;
    const size_t taps = (size_t)k->taps, out_c = (size_t)k->window.out_c, width = (size_t)lanes / taps;
    memset(to, 0, rlt_conv_f32_weights(k) * sizeof(float));
    for (int32_t block = 0; block < rlt_conv_f32_blocks(k); block++) {
        const size_t first = (size_t)rlt_conv_f32_block_start(k, block) * width;
        const size_t after = (size_t)rlt_conv_f32_block_start(k, block + 1) * width;
        const size_t last = after < out_c ? after : out_c;
        for (size_t run = 0; run < (size_t)k->run_count; run++) {
            for (size_t i = 0; i < run_floats; i += taps) {
                for (size_t channel = first; channel < last; channel++, to += taps) {
                    const size_t count = run_floats - i < taps ? run_floats - i : taps;
                    const size_t at = channel * filter + run * run_floats + i;
                    memcpy(to, weights->data + at * sizeof(float), count * sizeof(float));
                }
            }
        }
    }
}

static size_t bias_floats(const rlt_conv_2d_packed_f32_params *k, int32_t lanes) {
    return (size_t)k->vectors * (size_t)lanes;
}

static int is_constant(const rlt_conv_f32 *c) {
    return c->weights->data && (!c->bias || c->bias->data) && !c->flipped;
}

rlt_status rlt_conv_2d_f32_pack_later(rlt_prepare_state *p, const rlt_op *op, const rlt_tensor *weights,
                                      const rlt_tensor *bias, const rlt_pack_filter_f32_params *plan, rlt_ref *packed,
                                      rlt_ref *packed_bias) {
    const rlt_conv_2d_phase *last = &plan->phases[plan->count - 1];
    const size_t bytes = offsetof(rlt_pack_filter_f32_params, phases) + (size_t)plan->count * sizeof *last;
    const uint32_t pieces = (uint32_t)(rlt_conv_f32_blocks(&last->conv) * last->conv.run_count);
    rlt_pack_filter_f32_params *k = rlt_add_step(p, op, RLT_KERNEL_pack_filter_f32, bytes, RLT_PACK_FILTER_F32_REFS,
                                                 rlt_tasks(p, RLT_COST_ELEMENT, weights->elements, pieces));
    if (!k) return RLT_ERROR_MEMORY;
    memcpy(k, plan, bytes);
    k->packed = *packed = rlt_add_scratch(p, op, (last->packed_at + rlt_conv_f32_weights(&last->conv)) * sizeof(float));
    k->packed_bias = *packed_bias = rlt_add_scratch(p, op, bias_floats(&last->conv, plan->lanes) * sizeof(float));
    k->weights = rlt_ref_of(p, weights);
    k->bias = rlt_ref_of(p, bias);
    return RLT_OK;
}

static rlt_status pack_at_run_time(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_f32 *c, int32_t lanes,
                                   rlt_conv_2d_packed_f32_params *plan) {
    const rlt_window *w = &c->window;
    const rlt_pack_filter_f32_params pack = {
        .lanes = lanes, .flipped = c->flipped, .kernel_h = w->kernel_h, .kernel_w = w->kernel_w, .step_h = 1, .step_w = 1,
        .count = 1, .phases = {{.conv = *plan}},
    };
    return rlt_conv_2d_f32_pack_later(p, op, c->weights, c->bias, &pack, &plan->weights, &plan->bias);
}

int rlt_conv_2d_f32_can_pack(const rlt_prepare_state *p, const rlt_conv_f32 *c, int32_t lanes) {
    const rlt_window *w = &c->window;
    rlt_conv_2d_packed_f32_params k = {.window = *w};
    if (!w->in_c || w->out_c > (1 << 24) || !rlt_may_use(p, "packed")) return 0;
    if ((int64_t)w->batches * w->out_h > INT32_MAX / 2 || !plan_band(&k)) return 0;
    set_runs(&k, lanes);
    if (!is_constant(c)) return c->weights->elements / (uint32_t)w->out_c <= INT32_MAX / 64;
    const size_t floats = rlt_conv_f32_weights(&k) + bias_floats(&k, lanes);
    const size_t alignment = 2 * 64;
    return c->weights->elements / (uint32_t)w->out_c <= INT32_MAX / 64 &&
           floats * sizeof(float) + alignment <= rlt_constant_room(p);
}

int32_t rlt_conv_f32_most_vectors(int32_t lanes, int32_t taps, uint32_t pixels) {
    if (taps > 1) return RLT_CONV_F32_MAX_VECTORS - 1;
    return lanes == 16 || pixels == 1 ? RLT_CONV_F32_MAX_VECTORS : 2;
}

rlt_status rlt_conv_2d_f32_pack(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_f32 *c, uint32_t kernel,
                                int32_t lanes) {
    const rlt_window *shape = &c->window;
    const int flat = every_pixel(shape) && c->output->elements;
    const uint32_t lines = (uint32_t)(shape->batches * shape->out_h), pixels = lines * (uint32_t)shape->out_w;
    rlt_conv_2d_packed_f32_params plan = {.window = *shape};
    set_runs(&plan, lanes);
    plan.block_vectors = rlt_conv_f32_most_vectors(lanes, plan.taps, pixels);
    const uint32_t rows = flat ? pixels / SHARE_PIXELS : lines, blocks = (uint32_t)rlt_conv_f32_blocks(&plan);
    const uint32_t wanted = c->tasks < MOST_TASKS ? c->tasks : MOST_TASKS;
    plan.split_blocks = rows < wanted && rows < blocks;
    const uint32_t tasks = plan.split_blocks && blocks < wanted ? blocks : wanted;
    if (!is_constant(c)) RLT_TRY(pack_at_run_time(p, op, c, lanes, &plan));
    rlt_conv_2d_packed_f32_params *k = rlt_add_step(p, op, kernel, sizeof *k, RLT_CONV_2D_PACKED_F32_REFS, tasks);
    if (!k) return RLT_ERROR_MEMORY;
    *k = plan;
    k->input = c->values ? *c->values : rlt_ref_of(p, c->input);
    k->output = rlt_ref_of(p, c->output);
    k->low = c->low;
    k->high = c->high;
    k->scratch = RLT_REF_NONE;
    rlt_window *w = &k->window;
    if (flat) flatten(w, k->split_blocks ? 1 : tasks, &k->last_w);
    else k->last_w = w->out_w;
    if (!plan_band(k)) return rlt_fail(p, RLT_ERROR_SHAPE, c->input, "rows are too long");
    if (inside(w)) k->row_floats = w->in_w * w->in_c;
    else k->scratch = rlt_add_scratch(p, op, (size_t)k->band_floats * tasks * sizeof(float));
    if (!is_constant(c)) return RLT_OK;
    float *weights = rlt_add_constant(p, rlt_conv_f32_weights(k) * sizeof(float), &k->weights);
    if (!weights) return RLT_ERROR_MEMORY;
    pack_weights(k, c->weights, lanes, weights);
    float *bias = rlt_add_constant(p, bias_floats(k, lanes) * sizeof(float), &k->bias);
    if (!bias) return RLT_ERROR_MEMORY;
    memset(bias, 0, bias_floats(k, lanes) * sizeof(float));
    for (int32_t i = 0; c->bias && i < w->out_c; i++) {
        memcpy(bias + i * k->taps, c->bias->data + (size_t)i * sizeof(float), sizeof(float));
    }
    const int even = !k->split_blocks && k->last_w == w->out_w;
    if (even) rlt_makes_rows(p, c->output, (uint32_t)w->batches * (uint32_t)w->out_h);
    if (even && !c->values) rlt_needs_window(p, c->output, c->input, w);
    return RLT_OK;
}
