/* The memory planner: no two blocks alive together overlap but as they may, whatever the lifetimes. */
#include "planner.h"

#include <string.h>

#include "check.h"
#include "rillet.h"

enum { MOST = 200, STEPS = 60 };

static uint64_t state = 7;

static uint32_t draw(uint32_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static int may_overlap(const rlt_block *blocks, uint32_t upper, uint32_t lower) {
    const rlt_block *block = &blocks[lower];
    return block->distance && block->over == upper && block->offset + block->distance <= blocks[upper].offset;
}

/* Each block may overlap at most one that dies where it begins, and be overlapped by one. */
static void let_some_overlap(rlt_block *blocks, uint32_t count) {
    int taken[MOST] = {0};
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < count && blocks[i].bytes > 1; j++) {
            if (i == j || taken[j] || blocks[j].last != blocks[i].first) continue;
            taken[j] = 1;
            blocks[i].over = j;
            blocks[i].distance = 1 + draw(blocks[i].bytes - 1);
            break;
        }
    }
}

static void check_placed(const rlt_block *blocks, uint32_t count, uint32_t alignment, uint64_t arena) {
    for (uint32_t i = 0; i < count; i++) {
        CHECK(blocks[i].offset % alignment == 0);
        CHECK((uint64_t)blocks[i].offset + blocks[i].bytes <= arena);
        for (uint32_t j = 0; j < i; j++) {
            int together = blocks[i].first <= blocks[j].last && blocks[j].first <= blocks[i].last;
            int apart = blocks[i].offset >= blocks[j].offset + blocks[j].bytes ||
                        blocks[j].offset >= blocks[i].offset + blocks[i].bytes;
            CHECK(!together || apart || may_overlap(blocks, i, j) || may_overlap(blocks, j, i));
        }
    }
}

static void test_random_lifetimes(void) {
    static rlt_block blocks[MOST];
    static uint32_t words[RLT_PLACE_WORDS(MOST)];
    static uint64_t totals[STEPS + 1];
    uint64_t bound_sum = 0, arena_sum = 0;
    for (int round = 0; round < 100; round++) {
        uint32_t count = 1 + draw(round < 95 ? 40 : MOST), alignment = 4u << draw(5);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t first = draw(STEPS), last = first + draw(1 + draw(STEPS - first));
            blocks[i] = (rlt_block){1 + draw(100000), first, last, 0, 0, 0, 0};
        }
        if (round % 2) let_some_overlap(blocks, count);
        uint64_t bound = rlt_live_bytes(blocks, count, STEPS, alignment, totals);
        uint64_t arena = rlt_place_blocks(blocks, count, alignment, bound, words);
        CHECK(arena >= bound);
        check_placed(blocks, count, alignment, arena);
        bound_sum += bound;
        arena_sum += arena;
    }
    CHECK(arena_sum < bound_sum + bound_sum / 8);
}

static void test_chain_meets_the_bound(void) {
    rlt_block blocks[8];
    uint32_t words[RLT_PLACE_WORDS(8)];
    uint64_t totals[10];
    static const uint32_t bytes[8] = {3072, 16384, 16384, 8192, 8192, 4096, 4096, 64};
    for (uint32_t i = 0; i < 8; i++) blocks[i] = (rlt_block){bytes[i], i, i + 1, 0, 0, 0, 0};
    uint64_t bound = rlt_live_bytes(blocks, 8, 9, 64, totals);
    CHECK(bound == 32768);
    CHECK(rlt_place_blocks(blocks, 8, 64, bound, words) == bound);
}

/* A chain of convolutions, each of which may run over its input: little more than the largest tensor. */
static void test_chain_that_overlaps(void) {
    rlt_block blocks[5] = {{27648, 0, 0, 0, 0, 0, 0}, {18432, 0, 1, 0, 0, 0, 384}, {18432, 1, 2, 0, 0, 1, 768},
                           {36864, 2, 3, 0, 0, 2, 18816}, {9216, 3, 4, 0, 0, 3, 384}};
    uint32_t words[RLT_PLACE_WORDS(5)];
    uint64_t totals[6];
    const uint64_t bound = rlt_live_bytes(blocks, 5, 5, 16, totals);
    CHECK(bound == 18816 + 18432);
    const uint64_t arena = rlt_place_blocks(blocks, 5, 16, bound, words);
    CHECK(arena == bound + 384);
    check_placed(blocks, 5, 16, arena);
    rlt_block fixed[2] = {{100, 0, 1, 32, 1, 0, 0}, {100, 1, 2, 0, 1, 0, 32}};
    CHECK(rlt_place_blocks(fixed, 2, 16, 0, words) == 144);
    fixed[0].offset = 16;
    CHECK(rlt_place_blocks(fixed, 2, 16, 0, words) == RLT_PLACE_FAILED);
}

static void test_fixed_blocks(void) {
    uint32_t words[RLT_PLACE_WORDS(3)];
    rlt_block blocks[3] = {{100, 0, 1, 128, 1, 0, 0}, {100, 1, 2, 0, 1, 0, 0}, {50, 0, 2, 0, 0, 0, 0}};
    uint64_t arena = rlt_place_blocks(blocks, 3, 64, 0, words);
    CHECK(arena == 320 && blocks[0].offset == 128 && blocks[1].offset == 0 && blocks[2].offset == 256);
    blocks[1].offset = 64;
    CHECK(rlt_place_blocks(blocks, 3, 64, 0, words) == RLT_PLACE_FAILED);
    blocks[1].offset = 8;
    CHECK(rlt_place_blocks(blocks, 3, 64, 0, words) == RLT_PLACE_FAILED);
}

/* So many blocks that a thorough search would take minutes. */
static void test_many_blocks_end_soon(void) {
    enum { MANY = 60000 };
    rlt_block *blocks = malloc(MANY * sizeof *blocks);
    uint32_t *words = malloc(RLT_PLACE_WORDS(MANY) * sizeof *words);
    for (uint32_t i = 0; i < MANY; i++) blocks[i] = (rlt_block){1 + draw(1000), draw(MANY / 2), MANY / 2 + draw(MANY), 0, 0, 0, 0};
    uint64_t before = rlt_ticks();
    CHECK(rlt_place_blocks(blocks, MANY, 16, 0, words) < UINT32_MAX);
    CHECK(rlt_ticks() - before < 5 * rlt_ticks_per_second());
    free(words);
    free(blocks);
}

static void test_fast_memory(void) {
    static rlt_warm_block blocks[MOST];
    for (int round = 0; round < 100; round++) {
        const uint32_t count = 1 + draw(MOST), alignment = 4u << draw(5), room = 1 + draw(200000);
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t first = draw(STEPS), last = first + draw(STEPS - first);
            blocks[i] = (rlt_warm_block){i, 1 + draw(20000), first, last, 1 + draw(9), 0};
        }
        uint32_t chosen;
        const uint64_t top = rlt_choose_fast(blocks, count, alignment, room, &chosen);
        CHECK(top <= room);
        for (uint32_t i = 0; i < chosen; i++) {
            CHECK(blocks[i].offset % alignment == 0);
            CHECK((uint64_t)blocks[i].offset + blocks[i].bytes <= top);
            for (uint32_t j = 0; j < i; j++) {
                const int together = blocks[i].first <= blocks[j].last && blocks[j].first <= blocks[i].last;
                CHECK(!together || blocks[i].offset >= blocks[j].offset + blocks[j].bytes ||
                      blocks[j].offset >= blocks[i].offset + blocks[i].bytes);
            }
        }
    }
}

int main(void) {
    CHECK(rlt_place_blocks(NULL, 0, 64, 0, NULL) == 0);
    test_random_lifetimes();
    test_fast_memory();
    test_chain_meets_the_bound();
    test_chain_that_overlaps();
    test_fixed_blocks();
    test_many_blocks_end_soon();
    return 0;
}
