/* The thread pool on POSIX threads. A step is often shorter than waking a thread, so workers look for the next one
 * for a short while before they sleep. Tasks are claimed one by one, by the caller too: a worker that the system does
 * not run at the moment leaves its share to the others instead of holding them up. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "../core/threads.h"

enum { COUNT_LIMIT = 64, SPINS = 20000 };

typedef struct {
    rlt_threads head;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    /* The job: its number << 32 | its tasks << 16 | the next task that nobody has claimed. One word, so that a claim
     * can only succeed on the job it was made for. The fields below hold still from a claim until it is in `done`. */
    _Atomic uint64_t job;
    atomic_uint done; /* tasks finished */
    atomic_int status;
    int closing, sleeping; /* under the lock */
    rlt_kernel_fn kernel;
    const rlt_run *run;
    const void *params;
    uint32_t workers;
    pthread_t threads[COUNT_LIMIT];
} pool;

static uint32_t tasks_of(uint64_t job) {
    return (uint32_t)(job >> 16 & 0xFFFF);
}

static int has_tasks(pool *p) {
    uint64_t job = atomic_load_explicit(&p->job, memory_order_relaxed);
    return (job & 0xFFFF) < tasks_of(job);
}

static void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static void run_task(pool *p, uint32_t task, uint32_t tasks) {
    rlt_run run = *p->run;
    run.task = run.part = task;
    run.parts = tasks;
    rlt_status status = p->kernel(&run, p->params);
    int none = RLT_OK;
    if (status != RLT_OK) atomic_compare_exchange_strong(&p->status, &none, status);
    atomic_fetch_add_explicit(&p->done, 1, memory_order_release);
}

/* Claims and runs tasks until there are none. */
static void run_tasks(pool *p) {
    uint64_t job = atomic_load_explicit(&p->job, memory_order_acquire);
    while ((job & 0xFFFF) < tasks_of(job)) {
        if (!atomic_compare_exchange_weak_explicit(&p->job, &job, job + 1, memory_order_acquire, memory_order_acquire))
            continue;
        run_task(p, (uint32_t)(job & 0xFFFF), tasks_of(job));
        job = atomic_load_explicit(&p->job, memory_order_acquire);
    }
}

static void *work(void *argument) {
    pool *p = argument;
    for (int closing = 0; !closing;) {
        run_tasks(p);
        for (int i = 0; i < SPINS && !has_tasks(p); i++) pause_briefly();
        if (has_tasks(p)) continue;
        pthread_mutex_lock(&p->lock);
        p->sleeping++;
        while (!has_tasks(p) && !p->closing) pthread_cond_wait(&p->wake, &p->lock);
        p->sleeping--;
        closing = p->closing;
        pthread_mutex_unlock(&p->lock);
    }
    return NULL;
}

static rlt_status run_job(rlt_threads *threads, rlt_kernel_fn kernel, const rlt_run *run, const void *params,
                          uint32_t tasks) {
    pool *p = (pool *)threads;
    p->kernel = kernel;
    p->run = run;
    p->params = params;
    atomic_store_explicit(&p->status, RLT_OK, memory_order_relaxed);
    atomic_store_explicit(&p->done, 0, memory_order_relaxed);
    uint64_t number = (atomic_load_explicit(&p->job, memory_order_relaxed) >> 32) + 1;
    pthread_mutex_lock(&p->lock); /* no worker can fall asleep in between */
    atomic_store_explicit(&p->job, number << 32 | (uint64_t)tasks << 16, memory_order_release);
    if (p->sleeping) pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    run_tasks(p);
    for (int i = 0; atomic_load_explicit(&p->done, memory_order_acquire) != tasks; i++) {
        if (i < SPINS) pause_briefly();
        else sched_yield(); /* a worker may be waiting for this very core */
    }
    return (rlt_status)atomic_load_explicit(&p->status, memory_order_relaxed);
}

rlt_threads *rlt_threads_open(uint32_t count) {
    if (count > COUNT_LIMIT) count = COUNT_LIMIT;
    pool *p = count > 1 ? calloc(1, sizeof *p) : NULL;
    if (p == NULL) return NULL;
    p->head.run = run_job;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    while (p->workers + 1 < count && pthread_create(&p->threads[p->workers], NULL, work, p) == 0) p->workers++;
    p->head.count = p->workers + 1; /* fewer threads than asked for still compute everything */
    return &p->head;
}

void rlt_threads_close(rlt_threads *threads) {
    if (threads == NULL) return;
    pool *p = (pool *)threads;
    pthread_mutex_lock(&p->lock);
    p->closing = 1;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (uint32_t i = 0; i < p->workers; i++) pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p);
}
