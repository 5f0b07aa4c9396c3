/* Two kinds of RAM: which blocks go to the fast one. What they hold is written and read a few times while they are alive,
 * so a block is worth its accesses per byte and step of the fast memory that it takes up. The best go first, each to the
 * lowest place that is free during its life. */
#include "planner.h"

enum { MOST_BLOCKS = 4096 }; /* more would take long to place; they stay in the slow memory */

static uint64_t round_up(uint64_t bytes, uint32_t alignment) { return (bytes + alignment - 1) & ~(uint64_t)(alignment - 1); }

/* Whether accesses per step of life are more for `a`; of equal ones, the larger block leads. */
static int is_hotter(const rlt_warm_block *a, const rlt_warm_block *b) {
    const uint64_t left = (uint64_t)a->accesses * (b->last - b->first + 1u);
    const uint64_t right = (uint64_t)b->accesses * (a->last - a->first + 1u);
    return left != right ? left > right : a->bytes > b->bytes;
}

static void sift(rlt_warm_block *blocks, uint32_t root, uint32_t count) {
    for (uint32_t child = 2 * root + 1; child < count; root = child, child = 2 * root + 1) {
        if (child + 1 < count && is_hotter(&blocks[child], &blocks[child + 1])) child++;
        if (is_hotter(&blocks[child], &blocks[root])) return;
        const rlt_warm_block moved = blocks[root];
        blocks[root] = blocks[child];
        blocks[child] = moved;
    }
}

/* Hottest first. */
static void sort(rlt_warm_block *blocks, uint32_t count) {
    for (uint32_t i = count / 2; i-- > 0;) sift(blocks, i, count);
    for (uint32_t i = count; i-- > 1;) {
        const rlt_warm_block moved = blocks[0];
        blocks[0] = blocks[i];
        blocks[i] = moved;
        sift(blocks, 0, i);
    }
}

/* The lowest offset that is free; the chosen ones, `count` of them, lead. */
static uint64_t lowest(const rlt_warm_block *blocks, uint32_t count, const rlt_warm_block *block, uint32_t alignment) {
    uint64_t offset = 0;
    for (uint32_t i = 0; i < count; i++) {
        const rlt_warm_block *other = &blocks[i];
        const uint64_t end = round_up((uint64_t)other->offset + other->bytes, alignment);
        if (other->first > block->last || other->last < block->first) continue;
        if (offset >= end || offset + block->bytes <= other->offset) continue;
        offset = end;
        i = UINT32_MAX; /* from the start: the others may overlap the new place */
    }
    return offset;
}

uint64_t rlt_choose_fast(rlt_warm_block *blocks, uint32_t count, uint32_t alignment, uint64_t room, uint32_t *chosen) {
    uint64_t top = 0;
    *chosen = 0;
    if (count > MOST_BLOCKS) return 0;
    sort(blocks, count);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t offset = lowest(blocks, *chosen, &blocks[i], alignment);
        const uint64_t end = round_up(offset + blocks[i].bytes, alignment);
        if (end > room) continue;
        const rlt_warm_block taken = blocks[i];
        blocks[i] = blocks[*chosen];
        blocks[*chosen] = taken;
        blocks[(*chosen)++].offset = (uint32_t)offset;
        if (end > top) top = end;
    }
    return top;
}
