/* What a kernel sees while it runs. Kernels include this and their op's params header, nothing else of core. */
#ifndef RLT_KERNEL_H
#define RLT_KERNEL_H

#include "image.h"

typedef struct rlt_run rlt_run;

/* A kernel: a pure function of its params and the regions. It never allocates and never writes outside the tensors
 * and scratch its params name. All sizes were checked at prepare; only values in the data can make it fail. */
typedef rlt_status (*rlt_kernel_fn)(const rlt_run *run, const void *params);

struct rlt_run {
    uint8_t *base[4];     /* start of each region */
    uint32_t task;        /* whose scratch is this call's, of those that may run at the same time */
    uint32_t part, parts; /* this call does piece `part` of `parts`; 0 of 1 is everything */
    const rlt_kernel_fn *kernels; /* for steps that run others */
};

static inline const void *rlt_in(const rlt_run *run, rlt_ref ref) {
    return run->base[RLT_REF_REGION(ref)] + RLT_REF_OFFSET(ref);
}
static inline void *rlt_out(const rlt_run *run, rlt_ref ref) {
    return run->base[RLT_REF_REGION(ref)] + RLT_REF_OFFSET(ref);
}
/* The same for an optional operand. */
static inline const void *rlt_in_or_null(const rlt_run *run, rlt_ref ref) {
    return ref == RLT_REF_NONE ? NULL : rlt_in(run, ref);
}

/* What a kernel returns to go on at the step whose number is the second word of its params. */
#define RLT_JUMP ((rlt_status)1)

/* This call's half-open share [*first, *last) of `units` equal pieces of work: the same number for all calls, and one
 * more for the first ones if that leaves some. (Small cores divide 64 bits by a long routine.) */
static inline void rlt_share_of(const rlt_run *run, uint32_t units, uint32_t *first, uint32_t *last) {
    *first = 0;
    *last = units;
    if (run->parts == 1) return; /* dividing takes as long as some small steps */
    const uint32_t each = units / run->parts, more = units - each * run->parts;
    *first = each * run->part + (run->part < more ? run->part : more);
    *last = *first + each + (run->part < more);
}

/* Opens a session over an image with a given kernel table (a firmware links only the kernels it needs). */
rlt_status rlt_session_open_with(rlt_session *session, const void *image, const void *model, void *arena,
                                 size_t arena_bytes, const rlt_kernel_fn *kernels);
rlt_status rlt_session_attach_with(rlt_session *session, const void *image, const void *model, void *arena,
                                   size_t arena_bytes, const rlt_kernel_fn *kernels);

/* What kernels get to see, and one step of it by the calling thread: *index becomes the number of the step that follows. */
rlt_run rlt_session_start(const rlt_session *session);
rlt_status rlt_session_step(const rlt_session *session, rlt_run *run, uint32_t *index);
/* All steps from *index on until one is not among the `count` from `first`, with the session's threads. */
rlt_status rlt_session_go(const rlt_session *session, uint32_t *index, uint32_t first, uint32_t count);

#endif
