/* The clock of profiles, on a POSIX system. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "../include/rillet.h"

uint64_t rlt_ticks(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t rlt_ticks_per_second(void) {
    return 1000000000u;
}
