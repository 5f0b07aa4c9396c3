/* How a session hands its steps to several threads. The pool is a platform's (port/): run.c only calls through this. */
#ifndef RLT_THREADS_H
#define RLT_THREADS_H

#include "kernel.h"

struct rlt_threads {
    uint32_t count; /* threads, the caller's included */
    /* Does what rlt_session_go() does, each step's tasks on several threads. */
    rlt_status (*run)(rlt_threads *threads, const rlt_session *session, uint32_t *index, uint32_t first, uint32_t count);
};

#endif
