/* Steps that run by turns on a few rows (kernels/strips): a tensor between two operators then takes no more memory than
 * those rows, and where the second one also reads another tensor, its result takes that one's place. */
#include "../kernels/strips/strips.h"

#include "state.h"

/* Bytes of a piece: on a desktop what a nearest cache holds beside weights; elsewhere RAM is what matters. Smaller
 * tensors are not worth the calls. */
enum { DESKTOP_TILE = 16384, TILE = 2048, MOST_PIECES = 1024 };

static void note(rlt_prepare_state *p, const rlt_tensor *output, uint32_t rows, int is_elementwise) {
    if (p->depth != 0 || p->step_count == 0) return;
    p->row_steps[0] = p->row_steps[1];
    p->row_steps[1] = (rlt_row_step){p->step_count - 1, rows, is_elementwise, output};
}

void rlt_makes_rows(rlt_prepare_state *p, const rlt_tensor *output, uint32_t rows) { note(p, output, rows, 0); }
void rlt_makes_elements(rlt_prepare_state *p, const rlt_tensor *output) { note(p, output, output->elements, 1); }

void rlt_forget_rows(rlt_prepare_state *p) {
    p->row_steps[0] = p->row_steps[1] = (rlt_row_step){0};
    p->shared_step = (rlt_shared_step){0};
}

const rlt_pending_part *rlt_parts_of(const rlt_prepare_state *p, const rlt_pending_step *step, uint32_t *count) {
    *count = 0;
    if (step->kernel != RLT_KERNEL_strips) return NULL;
    const rlt_strips_params *k = (const rlt_strips_params *)(const void *)(p->image + step->params);
    *count = k->count;
    return p->parts + k->first;
}

/* The only ref to `block`; NULL: there is none, or several. */
static rlt_ref *only_ref(rlt_prepare_state *p, const rlt_pending_step *step, uint32_t block) {
    rlt_ref *refs = (rlt_ref *)(void *)(p->image + step->params), *found = NULL;
    for (uint32_t i = 0; i < step->ref_count; i++) {
        if (refs[i] != block) continue;
        if (found != NULL) return NULL;
        found = &refs[i];
    }
    return found;
}

/* Whether the second step writes over nothing that the first one still reads. */
static int are_apart(rlt_prepare_state *p, const rlt_pending_step *first, const rlt_pending_step *second, uint32_t tile) {
    const rlt_ref *refs = (const rlt_ref *)(const void *)(p->image + first->params);
    const rlt_ref *others = (const rlt_ref *)(const void *)(p->image + second->params);
    for (uint32_t i = 0; i < first->ref_count; i++) {
        for (uint32_t k = 0; k < second->ref_count; k++)
            if (refs[i] == others[k] && refs[i] != tile && RLT_REF_REGION(refs[i]) == RLT_REGION_ARENA) return 0;
    }
    return 1;
}

/* How many pieces, of as many rows each, are small enough; a multiple of the tasks. 0: none. */
static uint32_t pieces_of(const rlt_prepare_state *p, uint32_t rows, uint32_t bytes, uint32_t tasks) {
    const uint32_t limit = rlt_has(p, RLT_ISA_AVX2) ? DESKTOP_TILE : TILE;
    if (bytes / 2 < limit) return 0;
    for (uint32_t n = tasks; n <= rows && n <= MOST_PIECES; n += tasks)
        if (rows % n == 0 && bytes % n == 0 && bytes / n <= limit) return n > 1 ? n : 0;
    return 0;
}

void rlt_join_steps(rlt_prepare_state *p, const rlt_op *op) {
    const rlt_row_step *made = &p->row_steps[0], *taken = &p->row_steps[1];
    if (p->config.fast_bytes != 0 || !rlt_may_use(p, "strips")) return; /* no region is left for the tile */
    if (p->depth != 0 || p->step_count < 2 || p->part_limit - p->part_count < 2) return;
    if (made->output == NULL || taken->step != p->step_count - 1 || made->step != p->step_count - 2) return;
    const rlt_tensor *handed = made->output;
    if ((p->config.flags & RLT_KEEP_ALL) || p->places[handed->index].readers != 1) return;
    if (!taken->is_elementwise || taken->rows != handed->elements) return;
    rlt_pending_step *first = &p->steps[made->step], *second = &p->steps[taken->step];
    const uint32_t tile = (uint32_t)handed->index, tasks = first->tasks;
    rlt_ref *to = only_ref(p, first, tile), *from = only_ref(p, second, tile);
    if (to == NULL || from == NULL || !are_apart(p, first, second, tile)) return;
    const uint32_t pieces = pieces_of(p, made->rows, handed->bytes, tasks);
    if (pieces == 0) return;
    *to = *from = RLT_REF(RLT_REGION_TILE, 0);
    const uint32_t at = p->part_count;
    for (const rlt_pending_step *s = first; s <= second; s++)
        p->parts[p->part_count++] = (rlt_pending_part){s->kernel, s->params, s->ref_count, s->op};
    p->step_count -= 2;
    rlt_forget_rows(p);
    rlt_strips_params *k = rlt_add_step(p, op, RLT_KERNEL_strips, sizeof *k, RLT_STRIPS_REFS, tasks);
    if (k == NULL) return;
    *k = (rlt_strips_params){rlt_add_scratch(p, op, (uint64_t)handed->bytes / pieces * tasks), handed->bytes / pieces,
                             at, 2, pieces};
}
