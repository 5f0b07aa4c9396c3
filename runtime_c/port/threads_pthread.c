/* The thread pool on POSIX threads. A step is often shorter than waking a thread, so workers look for the next one
 * for a short while before they sleep. */
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
    atomic_uint round;   /* raised for every job; workers run it once */
    atomic_uint pending; /* workers that have not finished the job */
    atomic_int status;
    int closing;
    rlt_kernel_fn kernel;
    const rlt_run *run;
    const void *params;
    uint32_t tasks, workers;
    pthread_t threads[COUNT_LIMIT];
} pool;

typedef struct {
    pool *pool;
    uint32_t task;
} worker;

static void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static void run_task(pool *p, uint32_t task) {
    rlt_run run = *p->run;
    run.task = task;
    run.tasks = p->tasks;
    rlt_status status = p->kernel(&run, p->params);
    int none = RLT_OK;
    if (status != RLT_OK) atomic_compare_exchange_strong(&p->status, &none, status);
}

static void *work(void *argument) {
    worker own = *(worker *)argument;
    pool *p = own.pool;
    free(argument);
    for (unsigned seen = 0;; seen++) {
        for (int i = 0; i < SPINS && atomic_load_explicit(&p->round, memory_order_acquire) == seen; i++) pause_briefly();
        if (atomic_load_explicit(&p->round, memory_order_acquire) == seen) {
            pthread_mutex_lock(&p->lock);
            while (atomic_load_explicit(&p->round, memory_order_acquire) == seen) pthread_cond_wait(&p->wake, &p->lock);
            pthread_mutex_unlock(&p->lock);
        }
        if (p->closing) return NULL;
        if (own.task < p->tasks) run_task(p, own.task);
        atomic_fetch_sub_explicit(&p->pending, 1, memory_order_release);
    }
}

/* Starts the next round. Raising it under the lock means that no worker can fall asleep in between. */
static void begin(pool *p) {
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add_explicit(&p->round, 1, memory_order_release);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

static rlt_status run_job(rlt_threads *threads, rlt_kernel_fn kernel, const rlt_run *run, const void *params,
                          uint32_t tasks) {
    pool *p = (pool *)threads;
    p->kernel = kernel;
    p->run = run;
    p->params = params;
    p->tasks = tasks;
    atomic_store(&p->status, RLT_OK);
    atomic_store_explicit(&p->pending, p->workers, memory_order_relaxed);
    begin(p);
    run_task(p, 0);
    for (int i = 0; atomic_load_explicit(&p->pending, memory_order_acquire) != 0; i++) {
        if (i < SPINS) pause_briefly();
        else sched_yield(); /* a worker may be waiting for this very core */
    }
    return (rlt_status)atomic_load(&p->status);
}

rlt_threads *rlt_threads_open(uint32_t count) {
    if (count > COUNT_LIMIT) count = COUNT_LIMIT;
    pool *p = count > 1 ? calloc(1, sizeof *p) : NULL;
    if (p == NULL) return NULL;
    p->head.run = run_job;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    while (p->workers + 1 < count) {
        worker *own = malloc(sizeof *own);
        if (own == NULL) break;
        *own = (worker){p, p->workers + 1};
        if (pthread_create(&p->threads[p->workers], NULL, work, own) != 0) {
            free(own);
            break;
        }
        p->workers++;
    }
    p->head.count = p->workers + 1; /* fewer threads than asked for still compute everything */
    return &p->head;
}

void rlt_threads_close(rlt_threads *threads) {
    if (threads == NULL) return;
    pool *p = (pool *)threads;
    p->closing = 1;
    begin(p);
    for (uint32_t i = 0; i < p->workers; i++) pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p);
}
