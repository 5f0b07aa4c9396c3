/* Packing of int8 DEPTHWISE_CONV_2D by blocks of channels (blocks.h). Host only. */
#include "../common/fixed_point.h"
#include "../common/prepare_channels.h"
#include "prepare_blocks.h"

/* Blocks of 64 bytes of rows before their places among channels repeat; 0 where they are too many, or halves do. */
static int32_t flat_blocks(const rlt_window *w) {
    enum { MOST = 8 };
    const int64_t row = ((int64_t)w->out_w * w->out_c + RLT_BLOCK - 1) / RLT_BLOCK;
    int32_t own = w->out_c;
    for (int32_t i = RLT_BLOCK; i > 1 && own % 2 == 0; i /= 2) own /= 2;
    if (w->stride_w == 2 || w->out_c >= RLT_BLOCK || w->out_c == RLT_BLOCK / 2 || (own > MOST && row > MOST)) return 0;
    return row < own ? (int32_t)row : own;
}

/* Whether padding is no wider than a column at either end, and windows are those that the kernel knows. Blocks of 16
 * alone gain over packed.h only where windows move by two. */
static int fits(const rlt_window *w) {
    const int64_t past = (int64_t)(w->out_w - 1) * w->stride_w + 3 - w->pad_left - w->in_w;
    return w->kernel_h == 3 && w->kernel_w == 3 && w->dilation_h == 1 && w->dilation_w == 1 && w->stride_h <= 2 &&
           w->stride_h == w->stride_w && w->pad_left <= 1 && past <= 1 && w->out_w > 0 && w->out_h > 0 &&
           w->batches > 0 && (w->out_c >= RLT_BLOCK / 2 || w->stride_w == 2 || flat_blocks(w));
}

/* Whether two columns at once, down the image, cost less than two rows: each time some is lost at the ends, which is as
 * much as that of five pixels. The first cache must hold all rows of a block. */
static int is_turned(const rlt_window *w) {
    enum { LOST = 5, MOST_BYTES = 24576 };
    const int32_t by_rows = (w->out_h + 1) / 2 * (w->out_w + LOST), by_columns = (w->out_w + 1) / 2 * (w->out_h + LOST);
    return by_columns * 10 < by_rows * 9 && w->out_w >= 4 && !flat_blocks(w) &&
           (int64_t)w->in_h * w->in_w * RLT_BLOCK <= MOST_BYTES;
}

/* Whether signed bytes do not hold all weights of a channel. */
static int is_wide(const rlt_window *w, const rlt_depthwise_tensors *t, int32_t c) {
    const int32_t zero = rlt_zero_point(t->weights, 0);
    for (int32_t tap = 0; zero && tap < 9; tap++) {
        const int32_t weight = rlt_depthwise_value(w, t, zero, tap, c);
        if (weight != (int8_t)weight) return 1;
    }
    return 0;
}

/* How channels are cut: blocks of each kind, and vectors of all blocks and of more weights. */
typedef struct {
    int32_t of[RLT_BLOCK_KINDS], all, vectors;
} blocks;

static const int32_t CHANNELS[RLT_BLOCK_KINDS] = {RLT_BLOCK, RLT_BLOCK / 2, RLT_BLOCK_LANES};

static blocks blocks_of(const rlt_window *w) {
    const int32_t c = w->out_c, rest = c % RLT_BLOCK, enough = c >= RLT_BLOCK / 2, flat = flat_blocks(w);
    if (flat) return (blocks){.of = {flat}, .all = flat};
    blocks b = {.of = {c / RLT_BLOCK}};
    if (rest > 48 && c > RLT_BLOCK) b.of[RLT_BLOCK_WHOLE]++;
    else if (rest > 48) b.of[RLT_BLOCK_HALF] = 2;
    else b.of[RLT_BLOCK_HALF] = rest > RLT_BLOCK_LANES && enough;
    const int32_t covered = b.of[RLT_BLOCK_WHOLE] * RLT_BLOCK + b.of[RLT_BLOCK_HALF] * RLT_BLOCK / 2;
    if (covered < c) b.of[RLT_BLOCK_SMALL] = (c - covered + RLT_BLOCK_LANES - 1) / RLT_BLOCK_LANES;
    b.all = b.of[RLT_BLOCK_WHOLE] + b.of[RLT_BLOCK_HALF] + b.of[RLT_BLOCK_SMALL];
    return b;
}

/* The last ones may begin earlier than where the one before ends, and a pixel may have less channels. */
typedef struct {
    int32_t kind, channel, channels;
    int32_t vector; /* its first one */
} block;

static block block_at(const rlt_window *w, const blocks *b, int32_t at) {
    block own = {0};
    int32_t begin = 0;
    if (flat_blocks(w)) return (block){0, at * RLT_BLOCK, RLT_BLOCK, at * RLT_BLOCK_VECTORS};
    for (;; own.kind++) {
        const int32_t before = at < b->of[own.kind] ? at : b->of[own.kind], size = CHANNELS[own.kind];
        begin += before * size;
        own.vector += before * (own.kind == RLT_BLOCK_SMALL ? 1 : RLT_BLOCK_VECTORS);
        own.channel = begin + size <= w->out_c ? begin : w->out_c > size ? w->out_c - size : 0;
        own.channels = size < w->out_c ? size : w->out_c;
        if (at < b->of[own.kind]) return own;
        at -= before;
    }
}

/* Where byte `i` of a block has its constants: the vector of all, and the lane. */
static int32_t vector_of(const block *b, int32_t i) {
    return b->vector + (b->kind == RLT_BLOCK_SMALL ? 0 : i % 16 / 4);
}
static int32_t lane_of(const block *b, int32_t i) { return b->kind == RLT_BLOCK_SMALL ? i : i / 16 * 4 + i % 4; }

/* Counts all vectors, with those for weights that signed bytes do not hold, and notes in `to`, if not NULL, where
 * blocks begin and where those vectors are. */
static void place(const rlt_window *w, const rlt_depthwise_tensors *t, blocks *b, rlt_depthwise_vector *to) {
    b->vectors = (b->all - b->of[RLT_BLOCK_SMALL]) * RLT_BLOCK_VECTORS + b->of[RLT_BLOCK_SMALL];
    for (int32_t n = 0; n < b->all; n++) {
        const block own = block_at(w, b, n);
        uint32_t found = 0; /* bits of vectors */
        if (to) to[own.vector].channel = own.channel;
        for (int32_t i = 0; i < own.channels; i++) {
            const int32_t at = vector_of(&own, i);
            const uint32_t bit = 1u << (at - own.vector);
            if (found & bit || !is_wide(w, t, (own.channel + i) % w->out_c)) continue;
            found |= bit;
            if (to) to[at].more = b->vectors - at;
            b->vectors++;
        }
    }
}

/* Writes weight `tap` of channel `c` into its lane of a vector, and what a byte cannot hold of it into another. */
static void put_weight(const rlt_window *w, int32_t tap, int32_t weight, int32_t lane, rlt_depthwise_vector *to) {
    const int32_t apart = w->stride_h == 1; /* rows that the second row's windows lie lower in the same words */
    const int32_t set = tap % 3 * 2, row = tap / 3, held = rlt_clamp(weight, -128, 127);
    to->weights[set][lane][row] = to->weights[set + 1][lane][row + apart] = (int8_t)held;
    if (to->more) put_weight(w, tap, weight - held, lane, to + to->more);
}

static void put_channel(const rlt_window *w, const rlt_depthwise_tensors *t, int32_t c,
                        const rlt_depthwise_channel *from, int32_t lane, rlt_depthwise_vector *to) {
    const int32_t zero = rlt_zero_point(t->weights, 0), turned = is_turned(w);
    for (int32_t tap = 0; tap < 9; tap++) {
        const int32_t weight = rlt_depthwise_value(w, t, zero, turned ? tap % 3 * 3 + tap / 3 : tap, c);
        put_weight(w, tap, weight, lane, to);
    }
    to->bias[lane] = from->fast_bias;
    to->factor[lane] = from->scale.high;
    to->offset[lane] = from->scale.offset;
}

/* *fast: whether one operation scales the sums of each channel; else `to` is of no use. */
static rlt_status pack(rlt_prepare_state *p, const rlt_depthwise_packed_params *k, const rlt_depthwise_tensors *t,
                       const rlt_depthwise_form *form, const blocks *b, rlt_depthwise_vector *to, int *fast) {
    const rlt_window *w = &k->window;
    rlt_depthwise_form once = *form;
    once.first = RLT_FIRST_ABSENT;
    *fast = 1;
    for (int32_t n = 0; n < b->all; n++) {
        const block own = block_at(w, b, n);
        const int32_t end = own.kind == RLT_BLOCK_HALF ? RLT_BLOCK : own.channels; /* bytes: halves have all twice */
        const int32_t channels = flat_blocks(w) ? w->out_c : own.channels;
        for (int32_t i = 0; i < channels && *fast; i++) {
            const int32_t c = (own.channel + i) % w->out_c;
            rlt_depthwise_channel from;
            RLT_TRY(rlt_depthwise_channel_of(p, k, t, &once, c, &from, fast));
            for (int32_t at = i; at < end; at += channels) {
                put_channel(w, t, c, &from, lane_of(&own, at), to + vector_of(&own, at));
            }
        }
    }
    return RLT_OK;
}

rlt_status rlt_depthwise_blocks(rlt_prepare_state *p, const rlt_op *op, const rlt_depthwise_packed_params *k,
                                const rlt_depthwise_tensors *t, const rlt_depthwise_form *form, uint32_t tasks,
                                int *done) {
    const rlt_window *w = &k->window;
    *done = 0;
    if (!rlt_has(p, RLT_ISA_AVX512VNNI) || k->band.repeat != 1 || k->pieces > 2 || !fits(w)) return RLT_OK;
    if (k->low != k->output_zero_point) return RLT_OK;
    blocks b = blocks_of(w);
    place(w, t, &b, NULL);
    const size_t bytes = (size_t)b.vectors * sizeof(rlt_depthwise_vector);
    if (bytes >= rlt_constant_room(p) / 2) return RLT_OK;
    rlt_ref ref;
    rlt_depthwise_vector *to = rlt_add_constant(p, bytes, &ref);
    if (!to) return RLT_ERROR_MEMORY;
    memset(to, 0, bytes);
    place(w, t, &b, to);
    RLT_TRY(pack(p, k, t, form, &b, to, done));
    if (!*done) return RLT_OK;
    rlt_depthwise_blocks_params *step = rlt_add_step(p, op, RLT_KERNEL_depthwise_blocks_s8_avx512vnni, sizeof *step,
                                                     RLT_DEPTHWISE_BLOCKS_REFS, tasks);
    if (!step) return RLT_ERROR_MEMORY;
    *step = (rlt_depthwise_blocks_params){
        .input = rlt_ref_of(p, t->input), .output = rlt_ref_of(p, t->output), .vectors = ref,
        .scratch = rlt_add_scratch(p, op, rlt_block_scratch(w, is_turned(w)) * tasks), .window = *w,
        .flat = flat_blocks(w), .turned = is_turned(w), .zero_point = rlt_zero_point(t->input, 0),
        .output_zero_point = k->output_zero_point, .high = k->high,
    };
    memcpy(step->blocks, b.of, sizeof b.of);
    return RLT_OK;
}
