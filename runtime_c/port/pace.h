/* Whether it pays to share a job among threads. The system may have put them on cores that are far apart, or on one core,
 * or give it to others: then one thread alone is faster where steps are short. Now and then a few jobs are done either
 * way, and the faster way is kept. */
#ifndef RLT_PACE_H
#define RLT_PACE_H

#include "rillet.h"

enum {
    PACE_TRIES = 12,    /* jobs done one way before it is judged, by the fastest */
    PACE_PERIOD = 4096, /* jobs from one trial to the next */
    PACE_LONG = 4000    /* the part of a second after which the way from core to core does not matter */
};

typedef struct {
    uint32_t job; /* since the last trial began */
    uint64_t shared, alone; /* ticks of the fastest */
} rlt_pace;

static inline int rlt_pace_is_alone(const rlt_pace *pace) {
    if (pace->job < PACE_TRIES || pace->shared > rlt_ticks_per_second() / PACE_LONG) return 0;
    return pace->job < 2 * PACE_TRIES || pace->alone < pace->shared;
}

/* Before a job: the time, where it is of a trial. */
static inline uint64_t rlt_pace_start(const rlt_pace *pace) {
    return pace->job < 2 * PACE_TRIES ? rlt_ticks() : 0;
}

/* After it. */
static inline void rlt_pace_end(rlt_pace *pace, uint64_t start) {
    if (pace->job < 2 * PACE_TRIES) {
        const uint64_t ticks = rlt_ticks() - start;
        uint64_t *least = pace->job < PACE_TRIES ? &pace->shared : &pace->alone;
        if (pace->job % PACE_TRIES == 0 || ticks < *least) *least = ticks;
    }
    pace->job = (pace->job + 1) % PACE_PERIOD;
}

#endif
