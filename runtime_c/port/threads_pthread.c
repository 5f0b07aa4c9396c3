/* The thread pool on POSIX threads. A step often takes a microsecond, so going from one to the next must cost little
 * more than what a cache line takes from core to core:
 *
 * - All threads go through the steps side by side. Who finishes task 0 of a step says which step is next; everybody waits
 *   until all tasks are done, then goes on. Nobody hands out work.
 * - Thread t runs task t, so that it finds in its own cache what it wrote there a step before.
 * - From one linked step (rlt_link) to the next, threads go on at once, and wait where they need what others made.
 * - Every task has two words, each in a cache line of its own: the last step in which somebody claimed it, written by
 *   its thread alone as a rule, and the step that follows the last one in which it was done, which all others watch.
 * - Who has waited for long claims the tasks of threads that have not come: one that the system does not run at the
 *   moment holds nobody up. When it comes back its claim fails and it looks up where the others are.
 *
 * Where sharing does not pay, the caller does everything (pace.h). Workers sleep where nothing happens for a while. The others need not know: what sleepers do not do, they do. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../core/threads.h"
#include "moment.h"
#include "pace.h"

enum {
    COUNT_LIMIT = 64,
    LINE = 128,      /* caches fetch lines in pairs */
    PATIENCE = 64,   /* looks, of 10 to 40 ns, before a task that nobody has claimed is taken from its thread */
    LOOKS = 2000,    /* after so many each look at a task that somebody has claimed leaves the core to others */
    LAST_LOOK = 10000 /* a worker that has looked for the next step so often sleeps */
};

typedef struct {
    _Alignas(LINE) _Atomic moment claimed; /* the last one in which this task was claimed */
    _Alignas(LINE) _Atomic moment done;    /* the one after the last one in which it was done; of others, their number only */
    uint32_t index[2];                     /* of task 0: the steps at moments of even and of odd number */
    void *pool;
} slot;

typedef struct {
    rlt_threads head;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int closing; /* under the lock */
    uint32_t workers;
    pthread_t threads[COUNT_LIMIT];
    /* The job, which holds still from a claim until the task is done. */
    _Alignas(LINE) const rlt_session *session;
    uint32_t first, count;
    atomic_int status;  /* of the first task that failed */
    atomic_uint asleep; /* workers; a hint */
    /* The caller's own. */
    _Alignas(LINE) rlt_pace pace; /* of jobs like this one */
    uint64_t late;                /* its view.late when its last job was over */
    slot slots[];
} pool;

/* What a thread knows. */
typedef struct {
    pool *pool;
    moment at;
    uint32_t number; /* its own; 0: the caller's */
    int is_begun;    /* its task of this moment is claimed, and half done */
    uint64_t late;   /* threads, a bit for each, whose last task somebody else had to do */
} view;

/* A step of the job, or NULL. */
static const rlt_image_step *step_at(const pool *p, uint32_t index) {
    if (index - p->first >= p->count) return NULL;
    const uint8_t *bytes = p->session->image;
    return (const rlt_image_step *)(const void *)(bytes + ((const rlt_image *)(const void *)bytes)->steps) + index;
}

/* Its tasks; 0: it is none. */
static uint32_t tasks_at(const pool *p, uint32_t index) {
    const rlt_image_step *step = step_at(p, index);
    return step == NULL ? 0 : step->tasks < p->head.count ? step->tasks : p->head.count;
}

/* How a step is linked to the one before. With fewer tasks than it was cut into, they need something else. */
static uint32_t link_at(const pool *p, uint32_t index) {
    const rlt_image_step *step = step_at(p, index);
    return step == NULL || step->tasks > p->head.count ? RLT_LINK_ALL : step->link;
}

static int is_done(pool *p, uint32_t task, moment at) {
    return number_of(atomic_load_explicit(&p->slots[task].done, memory_order_acquire)) > number_of(at);
}

static void wake_all(pool *p) {
    if (atomic_load_explicit(&p->asleep, memory_order_relaxed) == 0) return;
    pthread_mutex_lock(&p->lock);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

/* Until task 0 is done or the pool closes, which is the result. A call may be missed: the next one is heard. */
static int sleep_until_called(const view *me) {
    pool *p = me->pool;
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add_explicit(&p->asleep, 1, memory_order_relaxed);
    while (!p->closing && !is_done(p, 0, me->at)) pthread_cond_wait(&p->wake, &p->lock);
    atomic_fetch_sub_explicit(&p->asleep, 1, memory_order_relaxed);
    const int closing = p->closing;
    pthread_mutex_unlock(&p->lock);
    return closing;
}

static int claim(pool *p, uint32_t task, moment at) {
    _Atomic moment *claimed = &p->slots[task].claimed;
    moment last = atomic_load_explicit(claimed, memory_order_relaxed);
    while (number_of(last) < number_of(at))
        if (atomic_compare_exchange_weak_explicit(claimed, &last, at, memory_order_acq_rel, memory_order_relaxed)) return 1;
    return 0;
}

/* The outer or the inner half of the first or last task's share. */
static void take_half(rlt_run *run, uint32_t tasks, int is_outer) {
    run->parts = 2 * tasks;
    run->part = 2 * run->task + (is_outer == (run->task != 0));
}

/* The step *index of a claimed task, or the half of it that is left, and those that can follow at once. */
static rlt_status run_steps_of(pool *p, uint32_t task, uint32_t tasks, int is_begun, uint32_t *index) {
    rlt_status status = (rlt_status)atomic_load_explicit(&p->status, memory_order_relaxed);
    if (status != RLT_OK) return status;
    rlt_run run = rlt_session_start(p->session);
    run.task = run.part = task;
    run.parts = tasks;
    if (is_begun) take_half(&run, tasks, 0);
    do {
        status = rlt_session_step(p->session, &run, index);
        run.part = task;
        run.parts = tasks;
    } while (status == RLT_OK && (tasks == 1 ? tasks_at(p, *index) == 1 : link_at(p, *index) == RLT_LINK_OWN));
    int none = RLT_OK;
    if (status != RLT_OK) atomic_compare_exchange_strong(&p->status, &none, status);
    return status;
}

/* Runs a claimed task. Returns the moment after it if its step, *index, may be begun early; else 0. */
static moment run_task(pool *p, uint32_t task, moment at, int is_begun, uint32_t *index) {
    slot *lead = &p->slots[0];
    const uint32_t tasks = tasks_of(at);
    *index = lead->index[number_of(at) & 1];
    moment next = after(at), early = 0;
    if (run_steps_of(p, task, tasks, is_begun, index) == RLT_OK) {
        if (tasks > 1 && link_at(p, *index) == RLT_LINK_INNER) early = next |= EARLY | tasks;
        else if (task == 0) next += tasks_at(p, *index);
    }
    if (task == 0) lead->index[number_of(next) & 1] = *index;
    atomic_store_explicit(&p->slots[task].done, next, memory_order_release);
    if (task == 0 && tasks_of(next) > 1) wake_all(p);
    return early;
}

/* Does a thread's own task and, without waiting for others, the half of its next one that needs nothing of theirs. */
static void run_own(view *me) {
    pool *p = me->pool;
    uint32_t index;
    const uint32_t tasks = tasks_of(me->at);
    const moment early = run_task(p, me->number, me->at, me->is_begun, &index);
    me->is_begun = early != 0 && (me->number == 0 || me->number == tasks - 1) && claim(p, me->number, early);
    if (!me->is_begun) return;
    rlt_run run = rlt_session_start(p->session);
    run.task = me->number;
    take_half(&run, tasks, 1);
    rlt_session_step(p->session, &run, &index);
}

static void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* Waits until a task is done, or does it. 0: the pool closes. */
static int finish_task(view *me, uint32_t task) {
    pool *p = me->pool;
    const uint64_t bit = UINT64_C(1) << task;
    for (uint32_t looks = 0; !is_done(p, task, me->at); looks++) {
        const int is_late = looks % PATIENCE == PATIENCE - 1 || (looks == 0 && me->late & bit);
        const int is_taken = is_late && tasks_of(me->at) != 0 && claim(p, task, me->at);
        uint32_t index;
        if (is_taken) run_task(p, task, me->at, 0, &index);
        if (is_late) me->late = is_taken ? me->late | bit : me->late & ~bit;
        if (task == 0 && me->number != 0 && !me->is_begun) { /* for who has begun, others wait */
            if (looks < LAST_LOOK) pause_briefly();
            else if (sleep_until_called(me)) return 0;
        } else {
            if (looks < LOOKS) pause_briefly();
            else sched_yield(); /* its thread may be waiting for this very core */
        }
    }
    return 1;
}

/* Where the others are now, maybe far ahead. Who claimed a task 0 knew of everything before, of an early one less. */
static moment catch_up(const view *me) {
    const moment at = atomic_load_explicit(&me->pool->slots[0].claimed, memory_order_acquire);
    const int is_far = at & EARLY && number_of(at) > number_of(me->at) + 1;
    return is_far ? (number_of(at) - 1) << LOW_BITS | tasks_of(at) : at;
}

/* Does a thread's part at a moment, waits until everything is done and goes on to a later one. 0: the pool closes. */
static int take_part(view *me) {
    pool *p = me->pool;
    const uint32_t tasks = tasks_of(me->at);
    if (me->is_begun || (me->number < tasks && claim(p, me->number, me->at))) run_own(me);
    for (uint32_t task = 0; task == 0 || task < tasks; task++)
        if (!finish_task(me, task)) return 0;
    const moment next = atomic_load_explicit(&p->slots[0].done, memory_order_acquire);
    if (me->is_begun) me->at = after(me->at) | EARLY | tasks;
    else me->at = number_of(next) == number_of(me->at) + 1 ? next : catch_up(me);
    return 1;
}

static void *work(void *argument) {
    slot *mine = argument;
    pool *p = mine->pool;
    view me = {p, 0, (uint32_t)(mine - p->slots), 0, 0};
    while (take_part(&me)) continue;
    return NULL;
}

static rlt_status run_steps(pool *p, uint32_t *index) {
    slot *lead = &p->slots[0];
    const rlt_session *session = p->session;
    rlt_run run = rlt_session_start(session);
    const int is_alone = rlt_pace_is_alone(&p->pace);
    uint32_t tasks;
    while ((tasks = tasks_at(p, *index)) == 1 || (tasks != 0 && is_alone)) {
        const rlt_status status = rlt_session_step(session, &run, index);
        if (status != RLT_OK) return status;
    }
    if (tasks == 0) return RLT_OK; /* without waking anybody */
    moment at = atomic_load_explicit(&lead->done, memory_order_relaxed);
    atomic_store_explicit(&lead->claimed, at, memory_order_release);
    at = after(at) + tasks;
    lead->index[number_of(at) & 1] = *index;
    if (atomic_load_explicit(&p->status, memory_order_relaxed) != RLT_OK)
        atomic_store_explicit(&p->status, RLT_OK, memory_order_relaxed);
    atomic_store_explicit(&lead->done, at, memory_order_release);
    wake_all(p);
    view me = {p, at, 0, 0, p->late};
    while (tasks_of(me.at) != 0) take_part(&me);
    p->late = me.late;
    *index = lead->index[number_of(me.at) & 1];
    return (rlt_status)atomic_load_explicit(&p->status, memory_order_relaxed);
}

static rlt_status run_job(rlt_threads *threads, const rlt_session *session, uint32_t *index, uint32_t first,
                          uint32_t count) {
    pool *p = (pool *)threads;
    if (p->session != session || p->first != first || p->count != count) { /* the line stays where it is read */
        p->session = session;
        p->first = first;
        p->count = count;
        p->pace = (rlt_pace){0};
    }
    const uint64_t start = rlt_pace_start(&p->pace);
    const rlt_status status = run_steps(p, index);
    rlt_pace_end(&p->pace, start);
    return status;
}

rlt_threads *rlt_threads_open(uint32_t count) {
    if (count > COUNT_LIMIT) count = COUNT_LIMIT;
    if (count < 2) return NULL;
    const size_t bytes = sizeof(pool) + count * sizeof(slot);
    pool *p = aligned_alloc(LINE, bytes);
    if (p == NULL) return NULL;
    memset(p, 0, bytes);
    p->head.run = run_job;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    while (p->workers + 1 < count) {
        slot *mine = &p->slots[p->workers + 1];
        mine->pool = p;
        if (pthread_create(&p->threads[p->workers], NULL, work, mine) != 0) break;
        p->workers++;
    }
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
