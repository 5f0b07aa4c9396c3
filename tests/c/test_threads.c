/* The thread pool: steps of few and many tasks, loops, errors and parts of plans give with any number of threads, also
 * with more than there are cores and with some that come late, what they give with one. Each step reads all that its link
 * lets it read of what the step before it wrote, so that ThreadSanitizer (tests/test_threads.py) sees one that starts too
 * early. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "kernel.h"

enum { STEPS = 40, CELLS = 64, LOOP_FIRST = 10, LOOP_LAST = 29, TURNS = 3, FAILING = 35 };

/* An image by hand: its kernels are those below. */
typedef struct {
    uint32_t unused, target, number, link; /* where to jump, this step, its rlt_link */
} params;

typedef struct {
    rlt_image head;
    rlt_image_step steps[STEPS];
    params params[STEPS];
} image;

typedef struct {
    uint32_t cells[STEPS + 1][CELLS]; /* step i reads these of number i and writes the next ones */
    uint32_t turns;           /* of the loop */
    uint32_t fails, naps;     /* whether step FAILING does; whether tasks take a nap now and then */
} arena;

static void take_nap(uint32_t seed) {
    const struct timespec nap = {0, 1000 * (long)(seed % 150)};
    if (seed % 11 == 0) nanosleep(&nap, NULL);
}

/* The share of a task: new cells, each from the old one, or that and its neighbours, or all. */
static rlt_status mix(const rlt_run *run, const void *record) {
    const params *p = record;
    arena *a = (arena *)(void *)run->base[RLT_REGION_ARENA];
    const uint32_t *from = a->cells[p->number];
    uint32_t *to = a->cells[p->number + 1], first, last;
    const uint32_t reach = p->link == RLT_LINK_OWN ? 0 : p->link == RLT_LINK_INNER ? 1 : CELLS;
    rlt_share_of(run, CELLS, &first, &last);
    if (a->naps && first < last) take_nap(from[first] + run->part * 7 + p->number);
    if (a->fails && p->number == FAILING && run->part == run->parts - 1) return RLT_ERROR_INDEX;
    for (; first < last; first++) {
        uint32_t sum = p->number;
        for (uint32_t i = first < reach ? 0 : first - reach; i < CELLS && i <= first + reach; i++)
            sum = sum * 31 + from[i] + first;
        to[first] = sum;
    }
    return RLT_OK;
}

/* The end of the loop: goes back TURNS - 1 times, with what it made. */
static rlt_status turn(const rlt_run *run, const void *record) {
    const params *p = record;
    arena *a = (arena *)(void *)run->base[RLT_REGION_ARENA];
    const rlt_status status = mix(run, record);
    a->turns = (a->turns + 1) % TURNS;
    if (status != RLT_OK || !a->turns) return status;
    memcpy(a->cells[p->target], a->cells[p->number + 1], sizeof a->cells[0]);
    return RLT_JUMP;
}

/* Counts how often it was shared; takes much longer one way, as its record says. */
static rlt_status wait(const rlt_run *run, const void *record) {
    const params *p = record;
    arena *a = (arena *)(void *)run->base[RLT_REGION_ARENA];
    const uint64_t end = rlt_ticks() + rlt_ticks_per_second() / (p->target == (run->parts > 1) ? 20000 : 2000000);
    if (run->part == 0) a->turns += run->parts > 1;
    while (rlt_ticks() < end) continue;
    return RLT_OK;
}

static const rlt_kernel_fn KERNELS[] = {mix, turn, wait};

/* How a step of `tasks` is linked to the one before: at random where that may be. */
static uint8_t link_for(const image *made, uint32_t step, uint32_t tasks) {
    const int may_fail = step == FAILING || step == FAILING + 1;
    const int is_even = tasks > 1 && CELLS % (2 * tasks) == 0;
    if (may_fail || !is_even || step == 0 || made->steps[step - 1].tasks != tasks) return RLT_LINK_ALL;
    return (uint8_t)(rand() % 3);
}

/* Random tasks, mostly one, as many as before, or more than there are threads. */
static void make(image *made, uint32_t seed) {
    memset(made, 0, sizeof *made);
    made->head = (rlt_image){.magic = RLT_IMAGE_MAGIC, .version = RLT_IMAGE_VERSION, .bytes = sizeof *made,
                             .arena_bytes = sizeof(arena), .arena_alignment = 4, .kernel_limit = 2, .step_count = STEPS,
                             .steps = offsetof(image, steps)};
    srand(seed);
    for (uint32_t i = 0; i < STEPS; i++) {
        uint8_t tasks = (uint8_t)(rand() % 3 == 0 ? 1 : rand() % 2 ? 9 : 1 + rand() % 6);
        if (i != 0 && rand() % 4 != 0) tasks = made->steps[i - 1].tasks;
        if (i == LOOP_LAST) tasks = 1;
        const uint8_t link = link_for(made, i, tasks);
        made->steps[i] = (rlt_image_step){i == LOOP_LAST, (uint32_t)(offsetof(image, params) + i * sizeof(params)), 0,
                                          tasks, link, i};
        made->params[i] = (params){0, LOOP_FIRST, i, link};
    }
    made->params[LOOP_LAST].target = LOOP_FIRST;
}

static rlt_status run(const image *made, rlt_threads *threads, arena *a, uint32_t count) {
    static _Thread_local uint32_t number;
    rlt_session sessions[2], *session = &sessions[number++ % 2]; /* another job each time is always shared */
    CHECK(rlt_session_open_with(session, made, NULL, a, sizeof *a, KERNELS) == RLT_OK);
    session->threads = threads;
    for (uint32_t i = 0; i < CELLS; i++) a->cells[0][i] = i;
    a->turns = 0;
    return rlt_session_run(session, 0, count);
}

static void check_same(const image *made, rlt_threads *threads, arena settings, uint32_t count) {
    arena alone = settings, shared = settings;
    alone.naps = 0;
    const rlt_status status = run(made, NULL, &alone, count);
    CHECK(status == (settings.fails && count > FAILING ? RLT_ERROR_INDEX : RLT_OK));
    CHECK(run(made, threads, &shared, count) == status);
    if (status == RLT_OK) CHECK(memcmp(alone.cells, shared.cells, sizeof alone.cells) == 0 && alone.turns == shared.turns);
}

static void test_counts_of_threads(uint32_t rounds) {
    static image made;
    for (uint32_t count = 2; count <= 9; count++) {
        rlt_threads *threads = rlt_threads_open(count);
        for (uint32_t seed = 0; seed < rounds; seed++) {
            make(&made, seed);
            check_same(&made, threads, (arena){.naps = seed % 2}, STEPS);
            check_same(&made, threads, (arena){.fails = 1, .naps = seed % 2}, STEPS);
            check_same(&made, threads, (arena){.naps = seed % 3 == 0}, seed % STEPS);
            if (seed % 8 == 0) nanosleep(&(struct timespec){0, 2000000}, NULL); /* workers sleep */
        }
        rlt_threads_close(threads);
    }
}

static void *run_own_pool(void *made) {
    rlt_threads *threads = rlt_threads_open(3);
    for (uint32_t i = 0; i < 20; i++) check_same(made, threads, (arena){.naps = i % 2}, STEPS);
    rlt_threads_close(threads);
    return NULL;
}

/* Several pools at the same time, all on the same few cores. */
static void test_pools_side_by_side(void) {
    static image made;
    make(&made, 1);
    pthread_t users[4];
    for (int i = 0; i < 4; i++) CHECK(pthread_create(&users[i], NULL, run_own_pool, &made) == 0);
    for (int i = 0; i < 4; i++) pthread_join(users[i], NULL);
}

/* Most jobs are done the faster way, whichever that is. */
static void test_pace(void) {
    enum { JOBS = 1000 };
    static image made;
    static arena a;
    rlt_threads *threads = rlt_threads_open(2);
    make(&made, 1);
    for (uint32_t slow_shared = 0; slow_shared < 2; slow_shared++) {
        rlt_session session;
        made.head.kernel_limit = 3;
        made.head.step_count = 1;
        made.steps[0].kernel = 2;
        made.steps[0].tasks = 2;
        made.params[0].target = slow_shared;
        a.turns = 0;
        CHECK(rlt_session_open_with(&session, &made, NULL, &a, sizeof a, KERNELS) == RLT_OK);
        session.threads = threads;
        CHECK(rlt_session_run(&session, 0, 0) == RLT_OK); /* another job */
        for (uint32_t i = 0; i < JOBS; i++) CHECK(rlt_session_invoke(&session) == RLT_OK);
        CHECK(slow_shared ? a.turns < JOBS / 10 : a.turns > JOBS * 9 / 10);
    }
    rlt_threads_close(threads);
}

int main(int count, char **arguments) {
    CHECK(rlt_threads_open(1) == NULL && rlt_threads_open(0) == NULL);
    rlt_threads_close(rlt_threads_open(1000));
    test_counts_of_threads(count > 1 ? (uint32_t)atoi(arguments[1]) : 24);
    test_pools_side_by_side();
    test_pace();
    return 0;
}
