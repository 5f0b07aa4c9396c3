/* One copy of equal constants. Operators pack what they need of weights and scales for themselves; where several read the
 * same weights, as the patches of a picture do, each would have a copy. After every operator, constants that an earlier
 * one has too are dropped, and what lies behind them moves down. */
#include <string.h>

#include "state.h"

enum { CONSTANT_ALIGNMENT = 64, SAMPLES = 32 };

static size_t aligned(size_t offset, size_t alignment) { return (offset + alignment - 1) & ~(alignment - 1); }

/* Of the size and of some words: equal constants have equal hashes, and most others have not. */
static uint32_t hash_of(const uint8_t *bytes, size_t count) {
    uint32_t hash = 2166136261u ^ (uint32_t)count;
    const size_t words = count / 4, step = words / SAMPLES + 1;
    for (size_t i = 0; i < words; i += step) hash = (hash ^ rlt_load_u32(bytes + 4 * i)) * 16777619u;
    return hash ^ hash >> 15;
}

/* Sets `to` of a constant that was there before; else notes this one. Constants move down later: the note is by hash. */
static void find_equal(rlt_prepare_state *p, rlt_added *added) {
    const size_t bytes = added->end - added->start;
    const uint32_t hash = hash_of(p->image + added->start, bytes);
    const rlt_kept *kept = &p->kept[hash % KEPT_LIMIT];
    added->is_equal = kept->bytes == bytes && memcmp(p->image + kept->start, p->image + added->start, bytes) == 0;
    added->to = added->is_equal ? kept->start : 0;
    added->hash = hash;
}

static void keep(rlt_prepare_state *p, const rlt_added *added) {
    p->kept[added->hash % KEPT_LIMIT] = (rlt_kept){added->to, added->end - added->start};
}

/* Moves params and constants down over the gaps, in the order in which they lie. */
static void close_gaps(rlt_prepare_state *p, uint32_t first_step) {
    size_t front = p->added[0].before;
    const size_t end = p->front;
    uint32_t step = first_step;
    while (step < p->step_count && p->steps[step].params < front) step++;
    for (uint32_t i = 0; i < p->added_count; i++) {
        rlt_added *added = &p->added[i];
        const size_t next = i + 1 < p->added_count ? p->added[i + 1].before : end;
        const size_t bytes = added->end - added->start;
        if (!added->is_equal) {
            added->to = aligned(front, CONSTANT_ALIGNMENT);
            memmove(p->image + added->to, p->image + added->start, bytes);
            memset(p->image + front, 0, added->to - front);
            front = added->to + bytes;
        }
        keep(p, added);
        memmove(p->image + front, p->image + added->end, next - added->end);
        for (; step < p->step_count && p->steps[step].params < next; step++)
            p->steps[step].params = (uint32_t)(p->steps[step].params - added->end + front);
        front += next - added->end;
    }
    p->front = front;
}

/* Where what was at `offset` is now. */
static size_t moved(const rlt_prepare_state *p, size_t offset) {
    for (uint32_t i = 0; i < p->added_count; i++) {
        const rlt_added *added = &p->added[i];
        if (offset >= added->start && offset < added->end) return offset - added->start + added->to;
    }
    return offset;
}

static void follow(rlt_prepare_state *p, rlt_tensor *tensor, size_t end) {
    if (tensor == NULL) return;
    rlt_ref *copy = &p->places[tensor->index].copy;
    const uint8_t *first = p->image + p->added[0].start, *last = p->image + end;
    if (*copy != RLT_REF_NONE && RLT_REF_REGION(*copy) == RLT_REGION_IMAGE)
        *copy = RLT_REF(RLT_REGION_IMAGE, moved(p, RLT_REF_OFFSET(*copy)));
    if (tensor->data != NULL && tensor->data >= first && tensor->data < last)
        tensor->data = p->image + moved(p, (size_t)(tensor->data - p->image));
}

void rlt_share_constants(rlt_prepare_state *p, const rlt_op *op, uint32_t first_step) {
    const size_t end = p->front;
    uint32_t equal = 0;
    for (uint32_t i = 0; i < p->added_count; i++) {
        find_equal(p, &p->added[i]);
        equal += p->added[i].is_equal;
    }
    if (equal == 0) {
        for (uint32_t i = 0; i < p->added_count; i++) {
            p->added[i].to = p->added[i].start;
            keep(p, &p->added[i]);
        }
        return;
    }
    close_gaps(p, first_step);
    for (uint32_t s = first_step; s < p->step_count; s++) {
        rlt_ref *refs = (rlt_ref *)(void *)(p->image + p->steps[s].params);
        for (uint32_t r = 0; r < p->steps[s].ref_count; r++)
            if (refs[r] != RLT_REF_NONE && RLT_REF_REGION(refs[r]) == RLT_REGION_IMAGE)
                refs[r] = RLT_REF(RLT_REGION_IMAGE, moved(p, RLT_REF_OFFSET(refs[r])));
    }
    for (uint32_t i = 0; i < op->input_count; i++) follow(p, rlt_input(p, op, i), end);
    for (uint32_t i = 0; i < op->output_count; i++) follow(p, rlt_output(p, op, i), end);
}
