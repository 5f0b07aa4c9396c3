/* Which steps tasks may go on to without waiting for those of other numbers (rlt_link), and memory for such steps. A wait
 * costs what a cache line takes from core to core, twice: as long as small steps take. In return everything that linked
 * steps use must be alive at the same time, which larger tensors are not worth. */
#include "state.h"

enum {
    MOST_BYTES = 131072, /* of a tensor */
    INNER_BYTES = 16384  /* of an output: halves of smaller ones cost more than a wait */
};

/* Where share `part` of `parts` begins (rlt_share_of()). */
static uint32_t share_start(uint32_t units, uint32_t parts, uint32_t part) {
    const uint32_t more = units % parts;
    return units / parts * part + (part < more ? part : more);
}

typedef struct {
    const rlt_shared_step *made; /* by the step before */
    uint32_t tasks, units;
    int64_t rows, row_bytes, stride, before, reach;
} reader;

/* Whether share `part` of `parts` reads only what task `task` made. */
static int reads_own(const reader *r, uint32_t part, uint32_t parts, uint32_t task) {
    const int64_t first = share_start(r->units, parts, part), last = share_start(r->units, parts, part + 1);
    const int64_t from = first * r->stride - r->before, to = (last - 1) * r->stride - r->before + r->reach;
    const int64_t piece = r->made->bytes / r->made->units;
    return (from < 0 ? 0 : from) * r->row_bytes >= share_start(r->made->units, r->tasks, task) * piece &&
           (to > r->rows ? r->rows : to) * r->row_bytes <= share_start(r->made->units, r->tasks, task + 1) * piece;
}

static rlt_link link_of(const reader *r, uint32_t bytes) {
    uint32_t own = 0;
    while (own < r->tasks && reads_own(r, own, r->tasks, own)) own++;
    if (own == r->tasks) return RLT_LINK_OWN;
    const uint32_t halves = 2 * r->tasks;
    const int is_worth_it = r->units % halves == 0 && r->units >= 2 * halves && bytes >= INNER_BYTES;
    /* Then halves of shares are shares of halves. */
    return is_worth_it && reads_own(r, 0, halves, 0) && reads_own(r, halves - 1, halves, r->tasks - 1) ? RLT_LINK_INNER
                                                                                               : RLT_LINK_ALL;
}

void rlt_needs_rows(rlt_prepare_state *p, const rlt_tensor *output, uint32_t units, const rlt_tensor *input, int32_t rows,
                    int32_t stride, int32_t before, int64_t reach) {
    if (p->depth != 0 || p->step_count == 0 || p->status != RLT_OK) return;
    const uint32_t number = p->step_count - 1;
    const rlt_shared_step made = p->shared_step;
    rlt_pending_step *step = &p->steps[number];
    const int is_shared = step->tasks > 1 && output->bytes <= MOST_BYTES && input->bytes <= MOST_BYTES;
    const int is_even = units != 0 && output->bytes % units == 0 && rows > 0 && input->bytes % (uint32_t)rows == 0;
    p->shared_step = (rlt_shared_step){number, rlt_root_of(p, (uint32_t)output->index), is_shared && is_even ? units : 0,
                                       output->bytes};
    if (!is_shared || !is_even || made.units == 0 || made.step + 1 != number || made.bytes != input->bytes) return;
    if (input->data != NULL || made.block != rlt_root_of(p, (uint32_t)input->index)) return;
    if (p->steps[made.step].tasks != step->tasks) return;
    const reader r = {&made, step->tasks, units, rows, input->bytes / (uint32_t)rows, stride, before, reach};
    step->link = (uint8_t)link_of(&r, output->bytes);
}

void rlt_lengthen_linked(const rlt_prepare_state *p, rlt_block *blocks, uint32_t count, uint64_t *words) {
    uint32_t start = 0, before = 0; /* of the steps that a thread goes through without a wait, and of those before them */
    for (uint32_t s = 0; s < p->step_count; s++) {
        const uint32_t link = p->steps[s].link;
        if (link != RLT_LINK_OWN) {
            before = start;
            start = s;
        }
        /* the first step in which another thread may still be */
        words[s] = link == RLT_LINK_ALL ? s : link == RLT_LINK_OWN ? start : before;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t last = blocks[i].last;
        for (uint32_t s = last + 1; last < p->step_count && s < p->step_count && words[s] <= last; s++) blocks[i].last = s;
    }
}

/* A thread's part of a block that step `step` alone names as its scratch. 0: it has no such parts, or more scratch. */
static uint32_t scratch_part(const rlt_prepare_state *p, const rlt_block *blocks, uint32_t step, uint32_t block) {
    const rlt_pending_step *s = &p->steps[step];
    const uint32_t bytes = p->scratch[block - p->tensor_count];
    if (s->tasks > 2 || bytes != s->scratch_bytes || blocks[block].first != step || blocks[block].last != step) return 0;
    return bytes % (s->tasks * p->config.alignment) == 0 ? bytes / s->tasks : 0;
}

/* All scratch lies around the same place, the first thread's below and the second one's above, and no tensor does. Else
 * what one thread writes would often be in the other one's cache, from where it takes several times as long. */
uint32_t rlt_place_scratch(const rlt_prepare_state *p, const rlt_block *blocks, uint32_t at, uint32_t *placed) {
    uint32_t half = 0;
    if (p->config.threads != 2 || !rlt_has(p, RLT_ISA_AVX2)) return 0; /* elsewhere memory is what matters */
    for (int is_known = 0; is_known < 2; is_known++) {
        for (uint32_t s = 0; s < p->step_count; s++) {
            const rlt_ref *refs = (const rlt_ref *)(const void *)(p->image + p->steps[s].params);
            for (uint32_t r = 0; r < p->steps[s].ref_count; r++) {
                if (RLT_REF_REGION(refs[r]) != RLT_REGION_ARENA || refs[r] < p->tensor_count) continue;
                const uint32_t part = scratch_part(p, blocks, s, refs[r]);
                if (!is_known && part > half && p->steps[s].tasks == 2) half = part;
                if (is_known && part != 0 && part <= half) placed[refs[r]] = at + half - part;
            }
        }
    }
    return 2 * half;
}
