/* The clock of a thread pool. */
#ifndef RLT_MOMENT_H
#define RLT_MOMENT_H

#include <stdint.h>

/* A moment in the life of a pool: its number, which ends of jobs and steps, with what tasks go on to by themselves, count
 * up; how many tasks there are then; whether one may be claimed once that of its own number a moment before is done. */
typedef uint64_t moment;
enum { TASK_BITS = 7, TASK_MASK = (1 << TASK_BITS) - 1, EARLY = 1 << TASK_BITS, LOW_BITS = TASK_BITS + 1 };

static inline uint32_t tasks_of(moment at) {
    return (uint32_t)(at & TASK_MASK);
}

static inline uint64_t number_of(moment at) {
    return at >> LOW_BITS;
}

static inline moment after(moment at) {
    return (number_of(at) + 1) << LOW_BITS;
}

#endif
