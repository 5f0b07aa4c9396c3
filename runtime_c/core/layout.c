/* Memory of the arena: lifetimes from the steps' refs, in-place merges, placement, and the final refs. */
#include <string.h>

#include "state.h"

#define UNUSED UINT32_MAX
enum { SCRATCH_ACCESSES = 8, MOST_TRIALS = 24, MOST_TRIED_BLOCKS = 128 };

/* Everything placed: tensors first, then scratch. A tensor that shares another's bytes has no block of its own. */
typedef struct {
    rlt_prepare_state *p;
    uint32_t count, end; /* end: the virtual step after the last, in which outputs and kept values are still alive */
    rlt_block *blocks;
    uint32_t *merged;     /* block whose memory this one takes over; itself if none */
    uint32_t *merged_at;  /* last step in which some block took this one's memory over */
    rlt_block *packed;    /* the blocks that need memory, dense */
    uint32_t packed_count, packed_tensors;
    uint32_t *dense;      /* block -> position in packed */
    uint32_t *placed;     /* block -> offset that the configuration gives it; UNUSED: none */
    uint32_t *fast;       /* block -> offset in fast memory; UNUSED: it is not there */
    uint32_t before;      /* bytes at the arena's start for blocks with a given offset */
    uint32_t fast_at;     /* where fast memory begins in the arena's offsets: behind the rest */
    uint32_t *words;
    uint64_t *totals;
    uint64_t least;       /* bytes that the last placement can have at best */
} layout;

static void live_at(rlt_block *block, uint32_t first, uint32_t last) {
    if (block->first == UNUSED || first < block->first) block->first = first;
    if (block->last == UNUSED || last > block->last) block->last = last;
}

/* What a params record names is alive in step `step`. */
static void use_refs(layout *l, uint32_t step, uint32_t params, uint32_t ref_count) {
    rlt_prepare_state *p = l->p;
    const rlt_ref *refs = (const rlt_ref *)(const void *)(p->image + params);
    for (uint32_t r = 0; r < ref_count; r++) {
        if (RLT_REF_REGION(refs[r]) != RLT_REGION_ARENA) continue;
        live_at(&l->blocks[refs[r]], step, step);
        if (refs[r] < p->tensor_count) continue;
        const uint32_t bytes = p->scratch[refs[r] - p->tensor_count];
        if (bytes & SCRATCH_COUNTER) live_at(&l->blocks[refs[r]], 0, l->end);
        else p->steps[step].scratch_bytes += bytes;
    }
}

static void find_lifetimes(layout *l) {
    rlt_prepare_state *p = l->p;
    for (uint32_t i = 0; i < l->count; i++) {
        uint32_t bytes = i < p->tensor_count ? p->tensors[i].bytes : p->scratch[i - p->tensor_count];
        if (i >= p->tensor_count && (bytes & SCRATCH_COUNTER)) bytes = COUNTER_BYTES;
        l->blocks[i] = (rlt_block){bytes, UNUSED, UNUSED, 0, 0, 0, 0};
    }
    for (uint32_t i = 0; i < p->tensor_count; i++) {
        rlt_block *block = &l->blocks[rlt_root_of(p, i)];
        if (p->tensors[i].data != NULL) continue;
        if (p->places[i].flags & TENSOR_INPUT) live_at(block, 0, p->config.flags & RLT_KEEP_INPUTS ? l->end : 0);
        if (p->places[i].flags & TENSOR_OUTPUT) live_at(block, l->end, l->end);
        if (p->places[i].flags & TENSOR_STATEFUL) live_at(block, 0, l->end);
    }
    for (uint32_t s = 0; s < p->step_count; s++) {
        uint32_t count;
        const rlt_pending_part *parts = rlt_parts_of(p, &p->steps[s], &count);
        p->steps[s].scratch_bytes = 0;
        use_refs(l, s, p->steps[s].params, p->steps[s].ref_count);
        for (uint32_t i = 0; i < count; i++) use_refs(l, s, parts[i].params, parts[i].ref_count);
    }
    for (uint32_t k = 0; k < p->loop_count; k++) { /* inner loops first */
        const rlt_loop *loop = &p->loops[k];
        for (uint32_t i = 0; i < l->count; i++) {
            rlt_block *block = &l->blocks[i];
            if (block->first != UNUSED && block->first < loop->first && block->last >= loop->first &&
                block->last < loop->last)
                block->last = loop->last;
        }
    }
    for (uint32_t i = 0; i < p->tensor_count; i++)
        if ((p->config.flags & RLT_KEEP_ALL) && l->blocks[i].first != UNUSED) live_at(&l->blocks[i], 0, l->end);
}

static uint32_t owner_of(const layout *l, uint32_t block) {
    while (l->merged[block] != block) block = l->merged[block];
    return block;
}

/* Lets outputs take over inputs that die in the same step. With `offsets` (from the file), only where both have the
 * same one. */
static void merge_in_place(layout *l, const rlt_block *given) {
    rlt_prepare_state *p = l->p;
    for (uint32_t i = 0; i < l->count; i++) {
        l->merged[i] = i;
        l->merged_at[i] = UNUSED;
    }
    for (uint32_t i = 0; i < p->overwrite_count; i++) {
        if (p->overwrites[i].distance != 0 || p->overwrites[i].is_declined) continue;
        uint32_t output = rlt_root_of(p, p->overwrites[i].output), input = rlt_root_of(p, p->overwrites[i].input);
        if (given != NULL && (!given[output].fixed || !given[input].fixed || given[output].offset != given[input].offset))
            continue;
        uint32_t to = owner_of(l, input);
        rlt_block *old = &l->blocks[to], *new = &l->blocks[output];
        if (l->placed[output] != UNUSED || l->placed[to] != UNUSED) continue;
        if (output == to || l->merged[output] != output || old->first == UNUSED || new->first == UNUSED) continue;
        if (old->last != new->first || old->last == l->end || l->merged_at[to] == new->first) continue;
        if (new->bytes > old->bytes) continue;
        l->merged[output] = to;
        l->merged_at[to] = new->first;
        old->last = new->last;
    }
}

/* Collects the blocks that need memory; those of tensors lead. */
static void pack(layout *l, const rlt_block *given) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < l->count; i++) {
        if (i == l->p->tensor_count) l->packed_tensors = count;
        if (l->merged[i] != i || l->blocks[i].first == UNUSED || l->placed[i] != UNUSED) continue;
        if (l->fast[i] != UNUSED) continue;
        l->dense[i] = count;
        l->packed[count] = l->blocks[i];
        if (given != NULL && given[i].fixed) {
            l->packed[count].fixed = 1;
            l->packed[count].offset = given[i].offset;
        }
        count++;
    }
    if (l->count == l->p->tensor_count) l->packed_tensors = count;
    l->packed_count = count;
}

/* How often steps name each block; scratch is gone over again and again in the one step that has it. */
static void count_accesses(const layout *l, uint32_t *accesses) {
    rlt_prepare_state *p = l->p;
    memset(accesses, 0, l->count * sizeof *accesses);
    for (uint32_t s = 0; s < p->step_count; s++) {
        const rlt_ref *refs = (const rlt_ref *)(const void *)(p->image + p->steps[s].params);
        for (uint32_t r = 0; r < p->steps[s].ref_count; r++)
            if (RLT_REF_REGION(refs[r]) == RLT_REGION_ARENA)
                accesses[owner_of(l, refs[r])] += refs[r] < p->tensor_count ? 1 : SCRATCH_ACCESSES;
    }
}

/* Inputs, outputs and what keeps its value stay where callers and resets reach them. */
static int stays(const layout *l, uint32_t block) {
    const rlt_prepare_state *p = l->p;
    if (block >= p->tensor_count) return (p->scratch[block - p->tensor_count] & SCRATCH_COUNTER) != 0;
    return l->blocks[block].last == l->end;
}

/* Picks the blocks for fast memory; returns the bytes of it that they take. */
static uint64_t choose_fast(layout *l) {
    rlt_prepare_state *p = l->p;
    for (uint32_t i = 0; i < l->count; i++) l->fast[i] = UNUSED;
    if (p->config.fast_bytes == 0) return 0;
    const size_t back = p->back;
    uint32_t *accesses = rlt_take(p, l->count, sizeof *accesses), count = 0, chosen;
    rlt_warm_block *warm = rlt_take(p, l->count, sizeof *warm);
    if (p->status != RLT_OK) return 0;
    count_accesses(l, accesses);
    for (uint32_t i = 0; i < p->tensor_count; i++) /* an input's block, whatever took it over, is the caller's */
        if (p->places[i].flags & (TENSOR_INPUT | TENSOR_STATEFUL)) accesses[owner_of(l, rlt_root_of(p, i))] = 0;
    for (uint32_t i = 0; i < l->count; i++) {
        const rlt_block *block = &l->blocks[i];
        if (l->merged[i] != i || block->first == UNUSED || l->placed[i] != UNUSED || !accesses[i] || stays(l, i)) continue;
        warm[count++] = (rlt_warm_block){i, block->bytes, block->first, block->last, accesses[i], 0};
    }
    const uint64_t bytes = rlt_choose_fast(warm, count, p->config.alignment, p->config.fast_bytes, &chosen);
    for (uint32_t i = 0; i < chosen; i++) l->fast[warm[i].id] = warm[i].offset;
    p->back = back;
    return bytes;
}

/* Which of these blocks may overlap: where one's first step is the other's last, and its reader is told to make that. */
static void let_overlap(layout *l) {
    rlt_prepare_state *p = l->p;
    for (uint32_t i = 0; i < p->overwrite_count; i++) {
        const rlt_overwrite *o = &p->overwrites[i];
        const uint32_t output = rlt_root_of(p, o->output), input = owner_of(l, rlt_root_of(p, o->input));
        if (o->distance == 0 || l->merged[output] != output || output == input) continue;
        if (l->blocks[output].first == UNUSED || l->blocks[input].first == UNUSED) continue;
        if (l->placed[output] != UNUSED || l->placed[input] != UNUSED) continue;
        if (l->fast[output] != UNUSED || l->fast[input] != UNUSED) continue;
        if (l->blocks[input].last != l->blocks[output].first || l->blocks[output].bytes <= o->distance) continue;
        rlt_block *block = &l->packed[l->dense[output]];
        block->over = l->dense[input];
        block->distance = o->distance;
    }
}

static uint64_t place_all(layout *l, const rlt_block *given) {
    uint32_t alignment = l->p->config.alignment;
    find_lifetimes(l);
    rlt_lengthen_linked(l->p, l->blocks, l->count, l->totals);
    merge_in_place(l, given);
    l->p->fast_bytes = choose_fast(l);
    pack(l, given);
    let_overlap(l);
    const uint32_t before = l->before, variables = l->p->config.variable_bytes;
    l->p->live_bytes = variables + rlt_live_bytes(l->packed, l->packed_tensors, l->end, 1, l->totals);
    const uint64_t bound = rlt_live_bytes(l->packed, l->packed_count, l->end, alignment, l->totals);
    l->least = before + bound + l->p->fast_bytes;
    const uint64_t bytes = rlt_place_blocks(l->packed, l->packed_count, alignment, bound, l->words);
    if (bytes == RLT_PLACE_FAILED) return bytes;
    l->fast_at = (uint32_t)(before + bytes);
    return before + bytes + l->p->fast_bytes;
}

/* Two tensors in one block must lie at one offset, which can be worse than if each could overlap its other neighbour:
 * tries what it is like without each of the merges. */
static uint64_t place_best(layout *l) {
    rlt_prepare_state *p = l->p;
    uint64_t best = place_all(l, NULL);
    uint32_t left = l->packed_count <= MOST_TRIED_BLOCKS && best > l->least ? MOST_TRIALS : 0;
    int is_worse = 0;
    for (uint32_t i = 0; i < p->overwrite_count && left != 0; i++) {
        rlt_overwrite *o = &p->overwrites[i];
        const uint32_t output = rlt_root_of(p, o->output);
        if (o->distance != 0 || l->merged[output] == output) continue;
        left--;
        o->is_declined = 1;
        const uint64_t bytes = place_all(l, NULL);
        is_worse = bytes >= best;
        if (is_worse) o->is_declined = 0;
        else best = bytes;
    }
    return is_worse ? place_all(l, NULL) : best;
}

/* Where a block that is used lies: variables with places lead. */
static uint32_t offset_of(const layout *l, uint32_t block) {
    const uint32_t owner = owner_of(l, block);
    if (l->placed[owner] != UNUSED) return l->placed[owner];
    if (l->fast[owner] != UNUSED) return l->fast_at + l->fast[owner];
    return l->before + l->packed[l->dense[owner]].offset;
}

static void find_places(layout *l) {
    for (uint32_t i = 0; i < l->count; i++) l->placed[i] = UNUSED;
    for (uint32_t i = 0; i < l->p->variable_count; i++) {
        const rlt_variable *v = &l->p->variables[i];
        if (v->is_bound && v->place != NULL) l->placed[v->handle] = v->place->arena_offset;
    }
    l->before = l->p->config.variable_bytes;
}

static void patch(const layout *l, uint32_t params, uint32_t ref_count) {
    rlt_ref *refs = (rlt_ref *)(void *)(l->p->image + params);
    for (uint32_t r = 0; r < ref_count; r++)
        if (RLT_REF_REGION(refs[r]) == RLT_REGION_ARENA)
            refs[r] = RLT_REF(l->fast[owner_of(l, refs[r])] != UNUSED ? RLT_REGION_FAST : RLT_REGION_ARENA,
                              offset_of(l, refs[r]));
}

static void patch_refs(const layout *l) {
    const rlt_prepare_state *p = l->p;
    for (uint32_t s = 0; s < p->step_count; s++) patch(l, p->steps[s].params, p->steps[s].ref_count);
    for (uint32_t i = 0; i < p->part_count; i++) patch(l, p->parts[i].params, p->parts[i].ref_count);
}

static void fill_infos(layout *l, rlt_tensor_info *infos) {
    rlt_prepare_state *p = l->p;
    uint32_t last = p->step_count != 0 ? p->step_count - 1 : 0;
    find_lifetimes(l);
    for (uint32_t i = 0; i < p->tensor_count; i++) {
        const rlt_tensor *tensor = &p->tensors[i];
        uint32_t root = rlt_root_of(p, i);
        const rlt_block *block = &l->blocks[root];
        infos[i] = (rlt_tensor_info){.arena_offset = UINT32_MAX, .bytes = tensor->bytes, .type = tensor->type, .rank = tensor->rank};
        memcpy(infos[i].dims, tensor->dims, sizeof tensor->dims);
        if (tensor->data != NULL || block->first == UNUSED) continue;
        infos[i].arena_offset = offset_of(l, root);
        infos[i].first_step = block->first < last ? block->first : last;
        infos[i].last_step = block->last < last ? block->last : last;
    }
}

static void note_counters(const layout *l) {
    rlt_prepare_state *p = l->p;
    for (uint32_t i = 0; i < p->scratch_count; i++)
        if (p->scratch[i] & SCRATCH_COUNTER)
            p->scratch[i] = SCRATCH_COUNTER | offset_of(l, p->tensor_count + i) >> 2;
}

rlt_status rlt_lay_out(rlt_prepare_state *p, rlt_tensor_info *infos) {
    layout l = {.p = p, .count = p->tensor_count + p->scratch_count, .end = p->step_count};
    size_t back = p->back;
    l.blocks = rlt_take(p, l.count, sizeof *l.blocks);
    l.merged = rlt_take(p, l.count, sizeof *l.merged);
    l.merged_at = rlt_take(p, l.count, sizeof *l.merged_at);
    l.packed = rlt_take(p, l.count, sizeof *l.packed);
    l.dense = rlt_take(p, l.count, sizeof *l.dense);
    l.placed = rlt_take(p, l.count, sizeof *l.placed);
    l.fast = rlt_take(p, l.count, sizeof *l.fast);
    l.words = rlt_take(p, RLT_PLACE_WORDS(l.count), sizeof *l.words);
    l.totals = rlt_take(p, (uint64_t)l.end + 1, sizeof *l.totals);
    if (p->status != RLT_OK) return p->status;
    find_places(&l);
    rlt_block *given = p->back - p->front > (uint64_t)l.count * sizeof *given + 8 ? rlt_take(p, l.count, sizeof *given) : NULL;
    const int may_be_given = given != NULL && p->config.variable_bytes == 0 && p->config.fast_bytes == 0;
    uint64_t given_bytes = may_be_given && rlt_read_given_offsets(p, given, l.count) ? place_all(&l, given) : RLT_PLACE_FAILED;
    if (given_bytes == RLT_PLACE_FAILED) {
        find_lifetimes(&l);
        l.before += rlt_place_scratch(p, l.blocks, l.before, l.placed);
    }
    p->arena_bytes = place_best(&l);
    if (given_bytes <= p->arena_bytes) p->arena_bytes = place_all(&l, given);
    if (p->arena_bytes > p->config.arena_limit || p->arena_bytes > UINT32_MAX) {
        return rlt_fail(p, RLT_ERROR_MEMORY, NULL, "the arena would be larger than its limit");
    }
    fill_infos(&l, infos);
    note_counters(&l);
    patch_refs(&l);
    p->back = back; /* for the plan's own tables */
    return RLT_OK;
}
