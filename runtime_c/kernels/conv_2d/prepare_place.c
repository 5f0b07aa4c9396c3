/* Where the words of packed int8 convolutions lie, and their weights. Host only. */
#include "prepare_place.h"

/* Where word `word` of run `run` lies. */
static int32_t place_of(const rlt_conv_2d_packed_params *k, const rlt_conv_packing *how, int32_t run, int32_t word) {
    return (int32_t)rlt_conv_run_offset(k, run) + rlt_conv_word_start(k, how, word) * how->wide;
}

/* Blocks that have words beside those of all have lists of their own. Returns the size of all weights, in words of a
 * vector. */
static size_t place_parts(const rlt_conv_2d_packed_params *k, const rlt_conv_packing *how, rlt_conv_part *parts,
                          int32_t *offsets) {
    const int32_t words = k->run_words * k->run_count;
    int32_t weights = 0, length = words;
    for (int32_t i = 0; i < words; i++) offsets[i] = place_of(k, how, i / k->run_words, i % k->run_words);
    for (int32_t block = 0; block < k->blocks.count; block++) {
        int32_t e, end;
        rlt_conv_block_excess(k, how, block, &e, &end);
        parts[block] = (rlt_conv_part){end > e ? length : 0, words + end - e, weights};
        weights += (parts[block].words + k->tails) *
                   (rlt_conv_block_start(&k->blocks, block + 1) - rlt_conv_block_start(&k->blocks, block));
        if (end == e) continue;
        memcpy(offsets + length, offsets, (size_t)words * sizeof *offsets);
        for (length += words; e < end; e++) {
            const int32_t at = how->excess[e].at;
            offsets[length++] = place_of(k, how, at / k->run_bytes, at % k->run_bytes / how->word);
        }
    }
    return (size_t)weights;
}

rlt_status rlt_conv_2d_place(rlt_prepare_state *p, const rlt_conv_tensors *t, rlt_conv_packing *how,
                             rlt_conv_2d_packed_params *k) {
    if (how->zero_point) how->count = rlt_conv_find_excess(k, t, how->excess);
    k->excess = how->count > 0;
    const size_t lists = 1 + (size_t)(how->count < k->blocks.count ? how->count : k->blocks.count);
    const size_t offsets = (size_t)k->run_count * (size_t)k->run_words * lists + (size_t)how->count;
    const size_t bytes = (size_t)k->blocks.count * sizeof(rlt_conv_part) + offsets * sizeof(int32_t);
    rlt_conv_part *to = rlt_add_constant(p, bytes, &k->offsets);
    if (!to) return RLT_ERROR_MEMORY;
    memset(to, 0, bytes); /* several may be in one block */
    const size_t words = place_parts(k, how, to, (int32_t *)(void *)(to + k->blocks.count));
    const size_t vector = (size_t)(how->lanes * how->word);
    uint8_t *packed = rlt_add_constant(p, words * vector, &k->weights);
    if (!packed) return RLT_ERROR_MEMORY;
    rlt_conv_2d_pack_weights(k, how, t->weights->data, packed);
    return RLT_OK;
}
