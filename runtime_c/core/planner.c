/* Greedy placement in several orders, then random small changes of the best order. Finding the smallest arena is
 * NP-hard (dynamic storage allocation); on real networks one of the greedy orders mostly meets the lower bound. */
#include "planner.h"

#include <string.h>

/* Visits of placed blocks for one call: some 0.05 s at worst. */
#define WORK_LIMIT (1u << 25)
enum { CHANGES = 300 };

typedef struct {
    rlt_block *blocks;
    uint32_t count, alignment;
    uint32_t fixed; /* blocks whose offset is given: they lead every order, so that the others go around them */
    uint32_t *order, *best_order, *placed, *best_offsets;
    uint64_t best;
    uint64_t work;
} search;

typedef enum { LOW, ALTERNATE } ends;
typedef enum { BY_BYTES, BY_FIRST, BY_AREA, BY_LAST, BY_PAIR, KEYS } sort_key;

static uint64_t round_up(uint64_t bytes, uint32_t alignment) {
    return (bytes + alignment - 1) & ~(uint64_t)(alignment - 1);
}

static int alive_together(const rlt_block *a, const rlt_block *b) {
    return a->first <= b->last && b->first <= a->last;
}

static uint64_t end_of(const rlt_block *block) {
    return (uint64_t)block->offset + block->bytes;
}

/* Bytes that `block` needs before the start of `next`, where that one lies above it. */
static uint64_t need_below(const search *s, const rlt_block *block, const rlt_block *next) {
    return block->distance != 0 && next == &s->blocks[block->over] ? block->distance : block->bytes;
}

/* Where `next` ends for `block` above it. */
static uint64_t end_for(const search *s, const rlt_block *block, const rlt_block *next) {
    return next->distance != 0 && block == &s->blocks[next->over] ? (uint64_t)next->offset + next->distance
                                                                  : end_of(next);
}

/* Drops blocks that died before `step` from the list of placed ones. */
static uint32_t forget(const search *s, uint32_t placed, uint32_t step) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < placed; i++)
        if (s->blocks[s->placed[i]].last >= step) s->placed[kept++] = s->placed[i];
    return kept;
}

/* Lowest offset where `block` fits, or the highest one that ends within `cap` if it wants the far end. */
static uint64_t find_gap(const search *s, const rlt_block *block, uint32_t placed, uint64_t cap, int high) {
    uint64_t low = 0, found = UINT64_MAX;
    uint64_t most = UINT64_MAX, under = 0; /* what `block` may overlap: the highest offset for that, and its end */
    for (uint32_t i = 0; i <= placed; i++) {
        const rlt_block *next = i < placed ? &s->blocks[s->placed[i]] : NULL;
        if (next != NULL && !alive_together(block, next)) continue;
        if (next != NULL && need_below(s, block, next) < block->bytes && low + block->distance <= next->offset) {
            most = next->offset - block->distance;
            under = end_of(next);
            continue;
        }
        uint64_t ceiling = next != NULL ? next->offset : cap;
        if (high && ceiling > cap) ceiling = cap;
        if (ceiling >= low + block->bytes) {
            if (!high) return low;
            found = ceiling - block->bytes < most ? ceiling - block->bytes : most;
            found &= ~(uint64_t)(s->alignment - 1);
            if (found < low) found = low;
        }
        uint64_t end = next != NULL ? end_for(s, block, next) : 0;
        if (end <= low) continue;
        if (under > end) end = under;
        low = round_up(end, s->alignment);
        most = UINT64_MAX;
        under = 0;
    }
    return found != UINT64_MAX ? found : low;
}

/* Places all blocks in s->order; returns the arena's bytes. `prune`: the order is by first step, so the dead can be
 * forgotten. Once the work limit is reached, blocks go to the end of the arena unsearched. */
static uint64_t place(search *s, ends policy, uint64_t cap, int prune) {
    uint32_t placed = 0;
    uint64_t top = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        rlt_block *block = &s->blocks[s->order[i]];
        uint64_t offset = top;
        if (prune && s->work > placed) {
            s->work -= placed;
            placed = forget(s, placed, block->first);
        }
        if (s->work > 2 * (uint64_t)placed + 1) {
            s->work -= 2 * (uint64_t)placed + 1;
            if (block->fixed) offset = block->offset;
            else offset = find_gap(s, block, placed, policy == ALTERNATE ? cap : UINT64_MAX,
                                   policy == ALTERNATE && (block->first & 1));
        } else if (block->fixed) {
            return RLT_PLACE_FAILED;
        }
        if (offset + block->bytes > UINT32_MAX) return offset + block->bytes;
        block->offset = (uint32_t)offset;
        uint32_t at = placed++;
        for (; at > 0 && s->blocks[s->placed[at - 1]].offset > offset; at--) s->placed[at] = s->placed[at - 1];
        s->placed[at] = s->order[i];
        if (round_up(end_of(block), s->alignment) > top) top = round_up(end_of(block), s->alignment);
    }
    return top;
}

/* What overlaps another block comes before it: it goes below. */
static uint64_t key_of(const search *s, const rlt_block *block, sort_key key) {
    if (block->fixed) return UINT64_MAX; /* first of all */
    if (key == BY_FIRST) return UINT32_MAX - (uint64_t)block->first;
    if (key == BY_LAST) return block->first == block->last ? 0 : block->first + 1u;
    if (key == BY_PAIR) {
        const uint32_t other = block->distance != 0 ? s->blocks[block->over].bytes : 0;
        return other >= block->bytes ? 2 * (uint64_t)other + 1 : 2 * (uint64_t)block->bytes;
    }
    return key == BY_BYTES ? block->bytes : (uint64_t)block->bytes * (block->last - block->first + 1u);
}

static int comes_before(const search *s, uint32_t a, uint32_t b, sort_key key) {
    uint64_t ka = key_of(s, &s->blocks[a], key), kb = key_of(s, &s->blocks[b], key);
    if (ka != kb) return ka > kb;
    if (s->blocks[a].bytes != s->blocks[b].bytes) return s->blocks[a].bytes > s->blocks[b].bytes;
    return a < b;
}

/* Heap sort: no memory, no recursion, n log n on any input. The heap's top is what comes last. */
static void sift(search *s, uint32_t root, uint32_t count, sort_key key) {
    for (;;) {
        uint32_t child = 2 * root + 1;
        if (child >= count) return;
        if (child + 1 < count && comes_before(s, s->order[child], s->order[child + 1], key)) child++;
        if (!comes_before(s, s->order[root], s->order[child], key)) return;
        uint32_t swap = s->order[root];
        s->order[root] = s->order[child];
        s->order[child] = swap;
        root = child;
    }
}

static void sort(search *s, sort_key key) {
    for (uint32_t i = 0; i < s->count; i++) s->order[i] = i;
    for (uint32_t i = s->count / 2; i-- > 0;) sift(s, i, s->count, key);
    for (uint32_t i = s->count; i-- > 1;) {
        uint32_t swap = s->order[0];
        s->order[0] = s->order[i];
        s->order[i] = swap;
        sift(s, 0, i, key);
    }
}

static void try_order(search *s, ends policy, uint64_t cap, int prune) {
    uint64_t bytes = place(s, policy, cap, prune);
    if (bytes >= s->best) return;
    s->best = bytes;
    for (uint32_t i = 0; i < s->count; i++) s->best_offsets[i] = s->blocks[i].offset;
    memcpy(s->best_order, s->order, s->count * sizeof *s->order);
}

/* Moves one random block of the best order forward, not before the fixed ones. */
static void change(search *s, uint64_t *random) {
    memcpy(s->order, s->best_order, s->count * sizeof *s->order);
    uint32_t draw[2];
    for (int i = 0; i < 2; i++) {
        *random = *random * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX generator */
        draw[i] = s->fixed + (uint32_t)(*random >> 33) % (s->count - s->fixed);
    }
    uint32_t from = draw[0] > draw[1] ? draw[0] : draw[1], to = draw[0] > draw[1] ? draw[1] : draw[0];
    uint32_t moved = s->order[from];
    memmove(s->order + to + 1, s->order + to, (from - to) * sizeof *s->order);
    s->order[to] = moved;
}

/* Whether the given offsets may stand: aligned, and no two alive together overlap. */
static int fixed_blocks_fit(search *s) {
    sort(s, BY_FIRST);
    while (s->fixed < s->count && s->blocks[s->order[s->fixed]].fixed) s->fixed++;
    if ((uint64_t)s->fixed * s->fixed / 2 > s->work / 2) return 0;
    for (uint32_t i = 0; i < s->fixed; i++) {
        const rlt_block *block = &s->blocks[s->order[i]];
        if (block->offset % s->alignment != 0 || end_of(block) > UINT32_MAX) return 0;
        for (uint32_t j = 0; j < i; j++) {
            const rlt_block *other = &s->blocks[s->order[j]];
            if (alive_together(block, other) && block->offset < end_for(s, block, other) &&
                other->offset < end_for(s, other, block))
                return 0;
        }
    }
    return 1;
}

uint64_t rlt_place_blocks(rlt_block *blocks, uint32_t count, uint32_t alignment, uint64_t bound, uint32_t *words) {
    if (count == 0) return 0;
    search s = {.blocks = blocks, .count = count, .alignment = alignment, .order = words, .best_order = words + count,
                .placed = words + 2 * (size_t)count, .best_offsets = words + 3 * (size_t)count,
                .best = UINT64_MAX, .work = WORK_LIMIT};
    if (!fixed_blocks_fit(&s)) return RLT_PLACE_FAILED;

    sort(&s, BY_FIRST);
    try_order(&s, LOW, 0, s.fixed == 0);
    for (int key = 0; key < KEYS && s.best > bound && s.work > count; key++) {
        sort(&s, (sort_key)key);
        try_order(&s, LOW, 0, 0);
        try_order(&s, ALTERNATE, bound, 0);
    }
    uint64_t random = count;
    for (int i = 0; i < CHANGES && s.fixed < count && s.best > bound && s.work / 2 > (uint64_t)count * count; i++) {
        change(&s, &random);
        try_order(&s, i & 1 ? ALTERNATE : LOW, bound, 0);
    }
    for (uint32_t i = 0; i < count; i++) blocks[i].offset = s.best_offsets[i];
    return s.best;
}

/* Most bytes that a block may share with the one it may overlap. */
static uint64_t shared_bytes(const rlt_block *blocks, const rlt_block *block, uint32_t alignment) {
    if (block->distance == 0) return 0;
    const uint64_t own = round_up(block->bytes, alignment), other = round_up(blocks[block->over].bytes, alignment);
    const uint64_t rest = own - round_up(block->distance, alignment);
    return rest < other ? rest : other;
}

uint64_t rlt_live_bytes(const rlt_block *blocks, uint32_t count, uint32_t steps, uint32_t alignment, uint64_t *totals) {
    memset(totals, 0, ((size_t)steps + 1) * sizeof *totals);
    for (uint32_t i = 0; i < count; i++) { /* differences, wrapping around zero */
        const rlt_block *block = &blocks[i];
        totals[block->first] += round_up(block->bytes, alignment) - shared_bytes(blocks, block, alignment);
        totals[block->first + 1] += shared_bytes(blocks, block, alignment);
        if (block->last + 1 <= steps) totals[block->last + 1] -= round_up(block->bytes, alignment);
    }
    uint64_t total = 0, most = 0;
    for (uint32_t i = 0; i <= steps; i++) {
        total += totals[i];
        if (total > most) most = total;
    }
    return most;
}
