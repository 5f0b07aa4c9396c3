/* Packing of CONV_2D and FULLY_CONNECTED (packed.h). Host only. */
#include "../common/prepare_channels.h"
#include "../common/prepare_float_scale.h"
#include "prepare_pack.h"
#include "prepare_pixel.h"
#include "prepare_place.h"

enum { PAYING_BYTES = 96, WIDEST_ROW = 1024, SHORTEST_ROW = 48, BAND_BYTES = 16384 };
enum { TERMS_SLACK = 12, CHUNK = 65536 };

/* How a kernel wants its operands: lanes of a vector, vectors of a block at most, input values of a word, bytes of a
 * value in the band, how scaled sums are rounded first, whether paired vectors are understood, up to how many vectors
 * windows may be read directly. */
typedef struct {
    uint32_t isa, kernel, hybrid;
    int32_t lanes, most_vectors, word, wide;
    rlt_first_rounding first;
    int32_t pairs, direct;
} form;

#define NO_HYBRID UINT32_MAX /* then the next form's kernel is used */

/* The one place where a variant is chosen: the first that fits. */
static const form forms[] = {
    {RLT_ISA_AVX512VNNI, RLT_KERNEL_conv_2d_s8_avx512vnni, RLT_KERNEL_conv_2d_hybrid_avx512vnni, 16, 4, 4, 1,
     RLT_FIRST_TO_NEAREST, 1, RLT_CONV_2D_DIRECT_VECTORS},
    {RLT_ISA_AVXVNNI, RLT_KERNEL_conv_2d_s8_avxvnni, NO_HYBRID, 8, 2, 4, 1, RLT_FIRST_TO_ZERO, 0, 0},
    {RLT_ISA_AVX2, RLT_KERNEL_conv_2d_s8_avx2, RLT_KERNEL_conv_2d_hybrid_avx2, 8, 2, 2, 2, RLT_FIRST_TO_ZERO, 0, 0},
};

static const form *form_for(const rlt_prepare_state *p, const rlt_tensor *input) {
    const int hybrid = input->type == RLT_FLOAT32;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (rlt_has(p, forms[i].isa) && !(hybrid && forms[i].hybrid == NO_HYBRID)) return &forms[i];
    }
    return NULL;
}

/* A 1x1 window that touches every pixel sees no rows: the pixels become rows as long as suits cache and tasks.
 * `images`: each image has its own scale. */
static void flatten(rlt_conv_2d_packed_params *k, uint32_t tasks, int images) {
    rlt_window *w = &k->window;
    k->last_w = w->out_w;
    if (w->kernel_h != 1 || w->kernel_w != 1 || w->stride_h != 1 || w->stride_w != 1 || w->pad_top || w->pad_left ||
        w->in_h != w->out_h || w->in_w != w->out_w) {
        return;
    }
    const int64_t pixels = (int64_t)w->batches * w->out_h * w->out_w;
    if (pixels > INT32_MAX || pixels < 1 || (images && w->batches > 1)) return;
    int64_t rows = (pixels + WIDEST_ROW - 1) / WIDEST_ROW;
    if (rows >= tasks) rows = (rows + tasks - 1) / tasks * tasks;
    else rows = pixels / SHORTEST_ROW < tasks ? pixels / SHORTEST_ROW + 1 : tasks;
    const int64_t width = (pixels + rows - 1) / rows;
    rows = (pixels + width - 1) / width;
    w->batches = 1;
    w->in_h = w->out_h = (int32_t)rows;
    w->in_w = w->out_w = (int32_t)width;
    k->last_w = (int32_t)(pixels - (rows - 1) * width);
}

/* Rows are shared out to tasks; where there are more blocks of channels than rows, blocks. */
static uint32_t share(rlt_conv_2d_packed_params *k, uint32_t tasks, int32_t blocks) {
    const int64_t rows = (int64_t)k->window.batches * k->window.out_h;
    k->split_blocks = rows < tasks && rows < blocks;
    const int64_t parts = k->split_blocks ? blocks : rows;
    return parts < tasks ? (uint32_t)parts : tasks;
}

/* Channels of a vector and bytes of a word. */
static int32_t lanes_of(const rlt_conv_2d_packed_params *k, const form *f) { return f->lanes >> k->paired; }
static int32_t word_of(const rlt_conv_2d_packed_params *k, const form *f) { return f->word << k->paired; }

static void lay_out(rlt_conv_2d_packed_params *k, const form *f, int paired) {
    k->paired = paired;
    k->vectors = (k->window.out_c + lanes_of(k, f) - 1) / lanes_of(k, f);
    const int32_t most = paired ? RLT_CONV_2D_MOST_PAIRED : f->most_vectors, blocks = (k->vectors + most - 1) / most;
    k->blocks = (rlt_conv_blocks){blocks, k->vectors / blocks, k->vectors % blocks};
    k->run_words = (k->run_bytes - k->tails + word_of(k, f) - 1) / word_of(k, f);
}

/* Whether half of the last vector would be wasted, as much as a seventh of all or more; joining sums pays for long ones,
 * and where there is but that vector, or three halves. */
static int can_pair(const rlt_conv_2d_packed_params *k, const form *f) {
    const int32_t half = f->lanes / 2, channels = k->window.out_c, halves = (channels + half - 1) / half;
    if (!f->pairs || rlt_conv_is_pixel(k)) return 0;
    if (halves <= 3) return channels == half || channels == 3 * half;
    return (halves == 5 || halves == 7) && k->run_count * k->run_bytes >= PAYING_BYTES;
}

static int can_have_tails(const rlt_conv_2d_packed_params *k, const form *f) {
    return f->pairs && !can_pair(k, f) && k->vectors == RLT_CONV_2D_TAIL_VECTORS && k->window.dilation_w == 1 &&
           k->run_bytes % f->word == 1 && (k->run_count == 3 || k->run_count == 4) &&
           k->window.stride_w * k->window.in_c <= RLT_CONV_2D_TAIL_STEP;
}

static size_t weights_bytes(const rlt_conv_2d_packed_params *k, const form *f) {
    const size_t words = (size_t)k->run_words * (size_t)k->run_count + (size_t)k->tails;
    return (size_t)k->vectors * words * (size_t)(f->lanes * f->word);
}

/* Whether words for what 8 bits do not hold of weights' distances from their zero point cost less than terms. */
static int can_have_excess(const rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t) {
    rlt_conv_excess found[RLT_CONV_2D_MOST_EXCESS];
    if (t->input->type != RLT_INT8) return 0;
    const int32_t count = rlt_conv_find_excess(k, t, found), words = k->run_words * k->run_count;
    return count == 0 || (count > 0 && !rlt_conv_is_pixel(k) && count <= k->blocks.count * (2 + words / 8));
}

static size_t channels_bytes(const rlt_conv_2d_packed_params *k, const form *f) {
    const size_t padded = (size_t)k->vectors * (size_t)f->lanes, factors = (size_t)RLT_ROUNDING_ARRAYS * (size_t)f->lanes;
    return (k->one_scale ? padded + factors : 4 * padded) * sizeof(int32_t);
}

uint32_t rlt_conv_2d_plan(const rlt_prepare_state *p, const rlt_conv_tensors *t, uint32_t tasks,
                          rlt_conv_2d_packed_params *k) {
    const form *f = form_for(p, t->input);
    rlt_window *w = &k->window;
    if (!f || !t->weights->data || t->weights->type != RLT_INT8 || (t->bias && !t->bias->data)) return 0;
    if (!t->output->elements || !rlt_may_use(p, "packed")) return 0;
    if ((int64_t)w->in_c * w->kernel_w >= 1 << 24 || t->weights->elements >= 1u << 30) return 0;
    rlt_column_to_row(w);
    k->band.repeat = 1;
    k->band.wide = f->wide;
    k->band.fill = rlt_zero_point(t->input, 0) + 128;
    tasks = tasks < RLT_BAND_TASKS ? tasks : RLT_BAND_TASKS;
    flatten(k, tasks, t->input->type == RLT_FLOAT32);
    const int whole_rows = w->dilation_w == 1;
    k->run_count = w->kernel_h * (whole_rows ? 1 : w->kernel_w);
    k->run_bytes = w->in_c * (whole_rows ? w->kernel_w : 1);
    lay_out(k, f, 0);
    k->tails = t->input->type == RLT_INT8 && can_have_tails(k, f);
    lay_out(k, f, 0);
    k->weights_zero_point = rlt_zero_point(t->weights, 0);
    if (k->weights_zero_point && can_have_excess(k, t)) k->weights_zero_point = 0;
    if (!rlt_band_plan(&k->band, w, BAND_BYTES)) return 0;
    const int64_t terms = k->weights_zero_point ? (int64_t)k->band.rows * w->out_w * 4 + TERMS_SLACK : 0;
    const int64_t tails = k->tails ? (int64_t)k->band.rows * w->out_w * RLT_CONV_2D_TAIL + RLT_CONV_2D_TAIL_SLACK : 0;
    if (terms > INT32_MAX / 8 || tails > INT32_MAX / 8) return 0;
    k->tails_at = k->band.bytes + (int32_t)((terms + 63) & ~(int64_t)63);
    k->task_bytes = k->tails_at + (int32_t)((tails + 63) & ~(int64_t)63);
    if (weights_bytes(k, f) + channels_bytes(k, f) > rlt_constant_room(p) / 2) return 0;
    return share(k, tasks, k->blocks.count);
}

/* Sum of the distances of values from `zero`: as unsigned bytes, which processors have an instruction for, which
 * compilers do not find for a `zero` that they know. */
static __attribute__((noinline)) uint32_t distance(const int8_t *values, size_t count, int8_t zero) {
    const uint8_t from = (uint8_t)zero ^ 0x80;
    int32_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t value = (uint8_t)values[i] ^ 0x80;
        const int32_t apart = value - from;
        sum += apart < 0 ? -apart : apart;
    }
    return (uint32_t)sum;
}

/* The band holds x + 128 and, in padding, zero point + 128. So sum(w * band) = sum(w * (x - zp)) + (zp + 128) * sum(w),
 * and a weights zero point subtracts wzp * (sum(band) - taps * (zp + 128)). */
static int32_t fold(const rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t, int32_t channel, int64_t *least,
                    int64_t *most) {
    const size_t filter = (size_t)k->run_bytes * (size_t)k->run_count;
    const int8_t *weights = (const int8_t *)t->weights->data + (size_t)channel * filter;
    const int32_t zero_point = rlt_zero_point(t->weights, 0);
    const int32_t own = t->bias ? rlt_const_i32(t->bias, (uint32_t)channel) : 0;
    uint32_t sum = 0;
    int64_t apart = 0;
    for (size_t first = 0; first < filter; first += CHUNK) { /* 32 bits hold a chunk's */
        const size_t bytes = filter - first < CHUNK ? filter - first : CHUNK;
        sum += distance(weights + first, bytes, INT8_MIN);
        sum -= (uint32_t)bytes * (uint32_t)(zero_point - INT8_MIN);
        apart += 255 * (int64_t)distance(weights + first, bytes, (int8_t)zero_point);
    }
    *least = own - apart;
    *most = own + apart;
    return (int32_t)((uint32_t)own - (uint32_t)k->band.fill * sum);
}

/* What one channel's constants come from. */
typedef struct {
    int64_t least, most; /* sums */
    int32_t multiplier, shift;
    double exact; /* factor, with `exact` */
} channel;

/* Constants of a channel, whose sums start with *bias, there and `twin` places on; 0 where it cannot be scaled. */
static int pack_scaled(const rlt_conv_2d_packed_params *k, const form *f, const channel *c, int32_t twin,
                       rlt_first_rounding first, int32_t *bias, float *to) {
    const int32_t low = k->low - k->output_zero_point, high = k->high - k->output_zero_point;
    rlt_float_scale scale;
    if (k->exact) {
        if (c->least <= INT32_MIN || c->most >= INT32_MAX) return 0;
        const double largest = (double)(c->most > -c->least ? c->most : -c->least);
        if (!rlt_float_scale_for(c->exact, 0.5, low, high, largest, first, &scale)) return 0;
    } else if (!rlt_float_scale_sums(c->multiplier, c->shift, low, high, c->least, c->most, first, bias, &scale)) {
        return 0;
    }
    to[RLT_ROUNDING_HIGH * f->lanes] = to[RLT_ROUNDING_HIGH * f->lanes + twin] = scale.high;
    to[RLT_ROUNDING_LOW * f->lanes] = to[RLT_ROUNDING_LOW * f->lanes + twin] = scale.low;
    to[RLT_ROUNDING_OFFSET * f->lanes] = to[RLT_ROUNDING_OFFSET * f->lanes + twin] = scale.offset;
    return 1;
}

/* Constants of all channels. *fits: 0, where `k->scaled` is not possible. */
static rlt_status pack_sums(rlt_prepare_state *p, const rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t,
                            const form *f, int32_t *to, int *fits) {
    const size_t padded = (size_t)k->vectors * (size_t)f->lanes;
    float *rounding = (float *)(void *)(to + padded);
    double *factors = (double *)(void *)(to + padded);
    const double x = (double)rlt_scale(t->input, 0), y = (double)rlt_scale(t->output, 0);
    const int32_t lanes = lanes_of(k, f);
    *fits = 1;
    memset(to, 0, channels_bytes(k, f));
    for (int32_t i = 0; i < k->window.out_c && *fits; i++) {
        channel c = {0};
        const int32_t vector = i / lanes, lane = i % lanes;
        int32_t *bias = to + vector * f->lanes + (lane << k->paired);
        *bias = fold(k, t, i, &c.least, &c.most);
        if (k->exact) {
            rlt_exact_factor checked;
            c.exact = x * (double)rlt_scale(t->weights, (uint32_t)i) / y;
            RLT_TRY(rlt_exact(p, c.exact, &checked));
        } else {
            RLT_TRY(rlt_channel_multiplier(p, t->input, t->weights, t->output, (uint32_t)i, &c.multiplier, &c.shift));
        }
        if (k->one_scale) {
            *fits = c.least > INT32_MIN && c.most < INT32_MAX;
        } else if (k->scaled) {
            float *own = rounding + vector * f->lanes * RLT_ROUNDING_ARRAYS + lane;
            const int32_t twin = k->paired ? lanes : 0;
            *fits = (!k->paired && pack_scaled(k, f, &c, twin, RLT_FIRST_ABSENT, bias, own)) ||
                    pack_scaled(k, f, &c, twin, f->first, bias, own);
        } else if (k->exact) {
            factors[i] = c.exact;
        } else {
            int32_t *multiplier = to + padded + i;
            *multiplier = c.multiplier;
            multiplier[padded] = c.shift > 0 ? c.shift : 0;
            multiplier[2 * padded] = c.shift < 0 ? -c.shift : 0;
        }
    }
    return RLT_OK;
}

/* Whether lanes are to be pixels: of images in colours, and results that cannot be below the zero point. */
static int can_be_colours(const rlt_conv_2d_packed_params *k, const form *f) {
    const rlt_window *w = &k->window;
    const int32_t step = w->stride_w * w->in_c;
    return f->pairs && !k->weights_zero_point && !k->exact && k->low == k->output_zero_point &&
           k->run_count == RLT_COLOUR_ROWS && w->kernel_h == RLT_COLOUR_ROWS && k->run_bytes == RLT_COLOUR_BYTES &&
           w->dilation_h == 1 && w->out_c <= RLT_COLOUR_CHANNELS && step % 2 == 0 && step <= RLT_COLOUR_STEP;
}

/* Of scaled sums: whether one operation does for each channel. */
static int is_once(const rlt_conv_2d_packed_params *k, const form *f, const int32_t *channels) {
    const float *low = (const float *)(const void *)(channels + f->lanes) + RLT_ROUNDING_LOW * f->lanes;
    for (int32_t i = 0; i < k->window.out_c; i++) {
        if (low[i] != 0) return 0;
    }
    return 1;
}

/* Without padding, and where no word ends after its run (prepare_pack_weights.h), windows can be read without copying
 * the input first. */
static int can_be_direct(const rlt_conv_2d_packed_params *k, const form *f) {
    const rlt_window *w = &k->window;
    const int is_pixel = f->direct && k->scaled && rlt_conv_is_pixel(k);
    return (k->paired || is_pixel || k->vectors <= f->direct) && !k->weights_zero_point && !w->pad_top && !w->pad_left &&
           (k->run_bytes % word_of(k, f) == 0 || (!is_pixel && !k->tails && k->run_bytes > word_of(k, f))) &&
           (int64_t)(w->out_w - 1) * w->stride_w + (int64_t)(w->kernel_w - 1) * w->dilation_w < w->in_w &&
           (int64_t)(w->out_h - 1) * w->stride_h + (int64_t)(w->kernel_h - 1) * w->dilation_h < w->in_h;
}

/* Room for the constants of all channels, and those. */
static rlt_status add_channels(rlt_prepare_state *p, rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t,
                               const form *f, int32_t **to, int *fits) {
    *to = rlt_add_constant(p, channels_bytes(k, f), &k->channels);
    return *to ? pack_sums(p, k, t, f, *to, fits) : RLT_ERROR_MEMORY;
}

static rlt_status pack_channels(rlt_prepare_state *p, rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t,
                                const form *f) {
    float scale[RLT_ROUNDING_ARRAYS];
    int32_t *to;
    int fits;
    k->scaled = 1;
    k->colours = can_be_colours(k, f);
    lay_out(k, f, !k->colours && can_pair(k, f));
    if (k->colours) {
        RLT_TRY(add_channels(p, k, t, f, &to, &fits));
        k->colours = fits && is_once(k, f, to);
        if (k->colours) return RLT_OK;
        lay_out(k, f, can_pair(k, f));
    }
    k->pixel = rlt_conv_is_pixel(k) && can_be_direct(k, f);
    k->one_scale = k->pixel && rlt_conv_2d_one_scale(p, k, t, f->first, scale);
    if (k->one_scale) {
        RLT_TRY(add_channels(p, k, t, f, &to, &fits));
        float *factors = (float *)(void *)(to + (size_t)k->vectors * (size_t)f->lanes);
        for (int32_t i = 0; i < RLT_ROUNDING_ARRAYS * f->lanes; i++) factors[i] = scale[i / f->lanes];
        if (fits) return RLT_OK;
    }
    k->one_scale = 0;
    RLT_TRY(add_channels(p, k, t, f, &to, &fits));
    if (fits) return RLT_OK;
    k->scaled = k->pixel = 0;
    lay_out(k, f, 0); /* of no more vectors */
    return pack_sums(p, k, t, f, to, &fits);
}

/* Once vectors are known: where windows and their words are found, and their weights. */
static rlt_status place_words(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t, const form *f,
                              uint32_t tasks, rlt_conv_2d_packed_params *k) {
    const int is_less = t->input->type == RLT_INT8 && !k->weights_zero_point;
    k->direct = k->colours || can_be_direct(k, f);
    k->scratch = k->direct ? RLT_REF_NONE : rlt_add_scratch(p, op, (size_t)k->task_bytes * tasks);
    if (k->direct) k->band.row_bytes = k->window.in_w * k->window.in_c;
    rlt_conv_packing how = {.lanes = lanes_of(k, f), .word = word_of(k, f), .wide = f->wide};
    if (is_less) how.zero_point = rlt_zero_point(t->weights, 0);
    return rlt_conv_2d_place(p, t, &how, k);
}

rlt_status rlt_conv_2d_pack(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t, uint32_t tasks,
                            const rlt_conv_2d_packed_params *plan) {
    const form *f = form_for(p, t->input);
    rlt_conv_2d_packed_params *k = rlt_add_step(p, op, f->kernel, sizeof *k, RLT_CONV_2D_PACKED_REFS, tasks);
    if (!k) return RLT_ERROR_MEMORY;
    *k = *plan;
    k->input = rlt_ref_of(p, t->input);
    k->rows = RLT_REF_NONE;
    k->output = rlt_ref_of(p, t->output);
    k->output_zero_point = rlt_zero_point(t->output, 0);
    RLT_TRY(pack_channels(p, k, t, f));
    RLT_TRY(place_words(p, op, t, f, tasks, k));
    const int even = !k->split_blocks && k->last_w == k->window.out_w;
    if (even) rlt_makes_rows(p, t->output, (uint32_t)k->window.batches * (uint32_t)k->window.out_h);
    if (even) rlt_needs_window(p, t->output, t->input, &k->window);
    return RLT_OK;
}

rlt_status rlt_conv_2d_pack_hybrid(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t, uint32_t tasks,
                                   const rlt_conv_2d_packed_params *plan) {
    const form *f = form_for(p, t->input);
    rlt_conv_2d_packed_params *k = rlt_add_step(p, op, f->hybrid, sizeof *k, RLT_CONV_2D_PACKED_REFS, tasks);
    if (!k) return RLT_ERROR_MEMORY;
    *k = *plan;
    k->weights_zero_point = 0; /* LiteRT does not look at it here */
    k->output = rlt_ref_of(p, t->output);
    RLT_TRY(place_words(p, op, t, f, tasks, k));
    const size_t padded = (size_t)k->vectors * (size_t)f->lanes, filter = (size_t)k->run_bytes * (size_t)k->run_count;
    int32_t *to = rlt_add_constant(p, channels_bytes(k, f), &k->channels);
    if (!to) return RLT_ERROR_MEMORY;
    memset(to, 0, channels_bytes(k, f));
    for (size_t c = 0; c < (size_t)k->window.out_c; c++) {
        const int8_t *weights = (const int8_t *)t->weights->data + c * filter;
        const float scale = rlt_scale(t->weights, (uint32_t)c);
        uint32_t sum = 0;
        for (size_t i = 0; i < filter; i++) sum += (uint32_t)weights[i];
        to[c] = (int32_t)(0u - 128u * sum);
        memcpy(to + padded + c, &scale, sizeof scale);
        if (t->bias) memcpy(to + 2 * padded + c, t->bias->data + c * sizeof(float), sizeof(float));
        to[3 * padded + c] = (int32_t)sum;
    }
    return RLT_OK;
}
