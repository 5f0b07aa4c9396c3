/* Packing of int8 DEPTHWISE_CONV_2D by blocks of channels (blocks.h). Host only. */
#include "../common/fixed_point.h"
#include "../common/prepare_channels.h"
#include "prepare_blocks.h"

/* Whether padding is no wider than a column at either end, and windows are those that the kernel knows. Blocks of 16 alone
 * gain nothing over packed.h, but for 32 channels whose weights need more. */
static int fits(const rlt_window *w) {
    const int64_t past = (int64_t)(w->out_w - 1) * w->stride_w + 3 - w->pad_left - w->in_w;
    return w->kernel_h == 3 && w->kernel_w == 3 && w->dilation_h == 1 && w->dilation_w == 1 && w->stride_h <= 2 &&
           w->stride_h == w->stride_w && w->pad_left <= 1 && past <= 1 && w->out_w > 0 && w->out_h > 0 &&
           w->batches > 0 && (w->out_c >= RLT_BLOCK || w->out_c == RLT_BLOCK / 2);
}

/* Where channel `i` of block `block` has its constants: the vector of all, and the lane. */
static int32_t vector_of(const rlt_window *w, int32_t block, int32_t i) {
    const int32_t large = rlt_block_large(w);
    return block < large ? block * RLT_BLOCK_VECTORS + i % 16 / 4 : large * RLT_BLOCK_VECTORS + block - large;
}
static int32_t lane_of(const rlt_window *w, int32_t block, int32_t i) {
    return block < rlt_block_large(w) ? i / 16 * 4 + i % 4 : i;
}
/* Channels of a block, which of a pair are there twice. */
static int32_t channels_of(const rlt_window *w, int32_t block) {
    return block >= rlt_block_large(w) ? RLT_BLOCK_LANES : rlt_block_paired(w) ? RLT_BLOCK / 2 : RLT_BLOCK;
}

/* Counts vectors from number `all` on for weights that signed bytes do not hold, and notes in `to`, if not NULL, where
 * they are. */
static int32_t add_more(const rlt_window *w, const rlt_depthwise_tensors *t, int32_t all, rlt_depthwise_vector *to) {
    const int32_t zero = rlt_zero_point(t->weights, 0), blocks = rlt_block_large(w) + rlt_block_small(w);
    for (int32_t block = 0; zero && block < blocks; block++) {
        uint32_t found = 0; /* bits of vectors */
        for (int32_t i = 0; i < channels_of(w, block); i++) {
            const int32_t c = rlt_block_channel(w, block) + i, at = vector_of(w, block, i);
            int more = 0;
            for (int32_t tap = 0; tap < 9; tap++) {
                const int32_t weight = rlt_depthwise_value(w, t, zero, tap, c);
                more |= weight != (int8_t)weight;
            }
            const uint32_t bit = more ? 1u << (at - vector_of(w, block, 0)) : 0;
            if (!(bit & ~found)) continue;
            found |= bit;
            if (to) to[at].more[0] = all - at;
            all++;
        }
    }
    return all;
}

/* Writes weight `tap` of channel `c` into its lane of a vector, and what a byte cannot hold of it into another. */
static void put_weight(const rlt_window *w, int32_t tap, int32_t weight, int32_t lane, rlt_depthwise_vector *to) {
    const int32_t apart = w->stride_h == 1; /* rows that the second row's windows lie lower in the same words */
    const int32_t set = tap % 3 * 2, row = tap / 3, held = rlt_clamp(weight, -128, 127);
    to->weights[set][lane][row] = to->weights[set + 1][lane][row + apart] = (int8_t)held;
    if (to->more[0]) put_weight(w, tap, weight - held, lane, to + to->more[0]);
}

static void put_channel(const rlt_window *w, const rlt_depthwise_tensors *t, int32_t c,
                        const rlt_depthwise_channel *from, int32_t lane, rlt_depthwise_vector *to) {
    const int32_t zero = rlt_zero_point(t->weights, 0);
    for (int32_t tap = 0; tap < 9; tap++) put_weight(w, tap, rlt_depthwise_value(w, t, zero, tap, c), lane, to);
    to->bias[lane] = from->fast_bias;
    to->high[lane] = from->scale.high;
    to->low[lane] = from->scale.low;
    to->offset[lane] = from->scale.offset;
}

/* *fast: whether all channels have fast arithmetic; else `to` is of no use. */
static rlt_status pack(rlt_prepare_state *p, const rlt_depthwise_packed_params *k, const rlt_depthwise_tensors *t,
                       const rlt_depthwise_form *form, rlt_depthwise_vector *to, int *fast) {
    const rlt_window *w = &k->window;
    *fast = 1;
    for (int32_t block = 0; block < rlt_block_large(w) + rlt_block_small(w); block++) {
        const int32_t channels = channels_of(w, block);
        for (int32_t i = 0; i < channels && *fast; i++) {
            const int32_t c = rlt_block_channel(w, block) + i;
            rlt_depthwise_channel from;
            RLT_TRY(rlt_depthwise_channel_of(p, k, t, form, c, &from, fast));
            for (int32_t at = i; at == i || (at < RLT_BLOCK && rlt_block_paired(w)); at += channels) {
                put_channel(w, t, c, &from, lane_of(w, block, at), to + vector_of(w, block, at));
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
    if (!rlt_has(p, RLT_ISA_AVX512VNNI) || k->band.repeat != 1 || k->low != k->output_zero_point || k->pieces > 2) return RLT_OK;
    if (!fits(w)) return RLT_OK;
    const int32_t vectors = rlt_block_large(w) * RLT_BLOCK_VECTORS + rlt_block_small(w);
    const size_t bytes = (size_t)add_more(w, t, vectors, NULL) * sizeof(rlt_depthwise_vector);
    if (bytes >= rlt_constant_room(p) / 2) return RLT_OK;
    rlt_ref ref;
    rlt_depthwise_vector *to = rlt_add_constant(p, bytes, &ref);
    if (!to) return RLT_ERROR_MEMORY;
    memset(to, 0, bytes);
    add_more(w, t, vectors, to);
    RLT_TRY(pack(p, k, t, form, to, done));
    if (!*done) return RLT_OK;
    rlt_depthwise_blocks_params *step = rlt_add_step(p, op, RLT_KERNEL_depthwise_blocks_s8_avx512vnni, sizeof *step,
                                                     RLT_DEPTHWISE_BLOCKS_REFS, tasks);
    if (!step) return RLT_ERROR_MEMORY;
    *step = (rlt_depthwise_blocks_params){
        .input = rlt_ref_of(p, t->input), .output = rlt_ref_of(p, t->output), .vectors = ref,
        .scratch = rlt_add_scratch(p, op, rlt_block_scratch(w) * tasks), .window = *w,
        .zero_point = rlt_zero_point(t->input, 0), .output_zero_point = k->output_zero_point, .high = k->high,
    };
    return RLT_OK;
}
