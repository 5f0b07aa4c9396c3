/* How a session hands a step to several threads. The pool is a platform's (port/): run.c only calls through this. */
#ifndef RLT_THREADS_H
#define RLT_THREADS_H

#include "kernel.h"

struct rlt_threads {
    uint32_t count; /* threads, the caller's included */
    /* Runs tasks 0 .. tasks-1 of a kernel and waits for all; the first error, if any. `run` gives the regions. */
    rlt_status (*run)(rlt_threads *threads, rlt_kernel_fn kernel, const rlt_run *run, const void *params, uint32_t tasks);
};

#endif
