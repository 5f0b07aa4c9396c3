/* Places blocks of memory with known lifetimes. Knows nothing of tensors. Host only. */
#ifndef RLT_PLANNER_H
#define RLT_PLANNER_H

#include <stdint.h>

typedef struct {
    uint32_t bytes;
    uint32_t first, last; /* steps in which it is alive, both inclusive */
    uint32_t offset;      /* result; given where fixed */
    uint32_t fixed;
    uint32_t over;        /* if `distance` is not 0: block that this one may overlap, in whose last step it begins, as
                           * long as it starts at least `distance` bytes before that one */
    uint32_t distance;    /* less than `bytes` */
} rlt_block;

#define RLT_PLACE_FAILED UINT64_MAX

/* Words of scratch memory that placing needs. */
#define RLT_PLACE_WORDS(count) (4 * (uint64_t)(count))

/* Gives every block an offset, a multiple of `alignment` (a power of two), so that no two blocks alive at the same
 * step overlap but as said above. Tries several orders and stops early at `bound`, a size known to be needed. Bounded work: with very
 * many blocks it becomes less thorough, never slow.
 * Returns the bytes of the whole arena (may exceed 32 bits: then offsets are not valid), or RLT_PLACE_FAILED if two
 * fixed blocks clash or one is not aligned. */
uint64_t rlt_place_blocks(rlt_block *blocks, uint32_t count, uint32_t alignment, uint64_t bound, uint32_t *words);

/* Most bytes alive at one step, each block rounded up to `alignment`, overlapping as far as they may. `totals`: scratch, steps + 1 entries. */
uint64_t rlt_live_bytes(const rlt_block *blocks, uint32_t count, uint32_t steps, uint32_t alignment, uint64_t *totals);

/* regions.c. A block that may go to fast memory. `id` is the caller's. */
typedef struct {
    uint32_t id, bytes, first, last;
    uint32_t accesses; /* how often each byte is written or read */
    uint32_t offset;   /* result */
} rlt_warm_block;

/* Moves the blocks that fast memory of `room` bytes takes to the front and gives them offsets; returns the bytes that they
 * take together. */
uint64_t rlt_choose_fast(rlt_warm_block *blocks, uint32_t count, uint32_t alignment, uint64_t room, uint32_t *chosen);

#endif
