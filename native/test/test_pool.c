/*
 * Threads: many callers on one context at once get the bits of one caller; contexts come and go; threads that lose
 * their core anywhere change nothing, and keep nobody waiting for long.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "context.h"
#include "model.h"

#define CALLERS 4
#define LATE_THREADS 8 /* more than cores, it is hoped */

static atomic_bool delays;

static void sleep_microseconds(int64_t microseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = microseconds * 1000}, NULL);
}

/* Called by every thread between the steps of the protocol: now and then it is as if the thread lost its core here. */
void test_preemption_point(void)
{
    static atomic_ullong threads;
    static _Thread_local uint64_t seed;
    if (!atomic_load_explicit(&delays, memory_order_relaxed)) return;
    if (seed == 0) seed = atomic_fetch_add(&threads, 1) + 1;
    const int64_t dice = random_below(&seed, 64);
    if (dice == 0) sleep_microseconds(random_below(&seed, 200));
    if (dice > 48) sched_yield();
}

typedef struct caller {
    const model *m;
    const model_run *want;
    mor4j_context *context;
    uint64_t seed;
} caller;

static void *call(void *arg)
{
    const caller *c = arg;
    for (uint64_t i = 0; i < 6; i++) {
        model_run run = start_run(c->m);
        run_passes(c->m, &run, c->context, i % 2 == 0 ? run.rows : 12, i % 2 == 0 ? 0 : c->seed + i);
        check_same_run(c->m, c->want, &run, "called from several threads");
        free_run(c->m, &run);
    }
    return NULL;
}

static void test_callers(const model *m, int32_t threads, int32_t spin)
{
    mor4j_context *context;
    pthread_t callers[CALLERS];
    caller args[CALLERS];
    CHECK(mor4j_context_create(mor4j_best_isa(), threads, spin, &context) == MOR4J_OK, "context");
    model_run want = start_run(m);
    run_passes(m, &want, context, want.rows, 0);
    for (int i = 0; i < CALLERS; i++) {
        args[i] = (caller){m, &want, context, 1000 + 100 * (uint64_t)i};
        CHECK(pthread_create(&callers[i], NULL, call, &args[i]) == 0, "pthread_create");
    }
    for (int i = 0; i < CALLERS; i++) pthread_join(callers[i], NULL);
    free_run(m, &want);
    mor4j_context_destroy(context);
}

/* Phases over an array that lives no longer than its call. In phase p every item is raised from p to p + 1, after a
   look at an item that other threads have raised in the phase before. */
typedef struct counting {
    int64_t items, phase;
    int64_t *values,
        *raised; /* [items]; even phases read the first and write the other, odd ones the other way round */
} counting;

static void raise_items(const void *arg, mor4j_range items)
{
    const counting *c = arg;
    for (int64_t i = items.first; i < items.last; i++) {
        const int64_t *from = c->phase % 2 == 0 ? c->values : c->raised;
        int64_t *to = c->phase % 2 == 0 ? c->raised : c->values;
        CHECK(from[c->items - 1 - i] == c->phase && to[i] == c->phase - 1, "phase %ld item %ld", (long)c->phase,
              (long)i);
        to[i] = c->phase + 1;
    }
}

static void count_phases(const void *arg, const mor4j_team *team)
{
    uint64_t seed = *(const uint64_t *)arg;
    counting c = {.items = 2 + random_below(&seed, 300)};
    c.values = calloc((size_t)c.items, sizeof(int64_t));
    c.raised = malloc((size_t)c.items * sizeof(int64_t));
    for (int64_t i = 0; i < c.items; i++) c.raised[i] = -1;
    const int64_t phases = 1 + random_below(&seed, 20);
    for (; c.phase < phases; c.phase++) {
        const counting now = c; /* a place of its own on the stack, as a phase's argument has */
        mor4j_team_for(team, c.items, MOR4J_SPLIT_WORK, random_below(&seed, 2) == 0, raise_items, &now);
    }
    const int64_t *last = phases % 2 == 0 ? c.values : c.raised;
    for (int64_t i = 0; i < c.items; i++) CHECK(last[i] == phases, "item %ld was left out", (long)i);
    free(c.values);
    free(c.raised);
}

static void test_late_threads(int32_t threads, int32_t spin)
{
    mor4j_context *context;
    CHECK(mor4j_context_create(MOR4J_ISA_PORTABLE, threads, spin, &context) == MOR4J_OK, "context");
    context->pool.alone_per_stall = 0; /* workers take part however late they are */
    for (uint64_t call = 1; call <= 100; call++) mor4j_team_run(&context->pool, count_phases, &call, MOR4J_SPLIT_WORK);
    mor4j_context_destroy(context);
}

static void test_late_threads_of_a_model(const model *m, int32_t spin)
{
    mor4j_context *one, *many;
    CHECK(mor4j_context_create(mor4j_best_isa(), 1, 0, &one) == MOR4J_OK, "context");
    CHECK(mor4j_context_create(mor4j_best_isa(), LATE_THREADS, spin, &many) == MOR4J_OK, "context");
    many->pool.alone_per_stall = 0;
    model_run want = start_run(m);
    run_passes(m, &want, one, want.rows, 0);
    for (uint64_t i = 0; i < 8; i++) {
        model_run run = start_run(m);
        run_passes(m, &run, many, i % 2 == 0 ? run.rows : 12, i % 2 == 0 ? 0 : i);
        check_same_run(m, &want, &run, "with late threads");
        free_run(m, &run);
    }
    free_run(m, &want);
    mor4j_context_destroy(one);
    mor4j_context_destroy(many);
}

typedef struct stalling {
    pthread_t caller;
    atomic_int *by_workers; /* chunks */
    bool stall;
} stalling;

static void stall(const void *arg, mor4j_range items)
{
    const stalling *s = arg;
    (void)items;
    if (!pthread_equal(s->caller, pthread_self())) {
        atomic_fetch_add(s->by_workers, 1);
        if (s->stall) sleep_microseconds(50000);
    } else if (s->stall) {
        sleep_microseconds(200);
    }
}

/* After a worker has been stuck in a chunk the caller does without workers for a while. */
static void stall_phases(const void *arg, const mor4j_team *team)
{
    (void)arg;
    atomic_int by_workers = 0;
    const stalling stuck = {pthread_self(), &by_workers, true}, after = {pthread_self(), &by_workers, false};
    mor4j_pool *pool = team->pool;
    while (mor4j_nanoseconds() >= pool->alone_until) mor4j_team_for(team, 8, MOR4J_SPLIT_WORK, true, stall, &stuck);
    const int chunks = atomic_load(&by_workers);
    CHECK(chunks > 0, "no worker came, and yet the caller gave up on them");
    mor4j_team_for(team, 8, MOR4J_SPLIT_WORK, true, stall, &after);
    const bool alone = mor4j_nanoseconds() < pool->alone_until; /* else this thread itself was away for long */
    CHECK(!alone || atomic_load(&by_workers) == chunks, "workers took part");
}

static void test_stall(void)
{
    mor4j_context *context;
    CHECK(mor4j_context_create(MOR4J_ISA_PORTABLE, 2, 100, &context) == MOR4J_OK, "context");
    mor4j_team_run(&context->pool, stall_phases, NULL, MOR4J_SPLIT_WORK);
    mor4j_context_destroy(context);
}

int main(void)
{
    model m = make_model(7, (mor4j_shape){96, 6, 2, 16, 131, 1e-5f, 32, MOR4J_KV_F32}, MIXED_ROWS, 33, 21);
    for (int32_t threads = 1; threads <= 4; threads++) {
        for (int32_t spin = 0; spin <= 100; spin += 100) test_callers(&m, threads, spin);
    }
    for (int i = 0; i < 300; i++) {
        mor4j_context *context;
        CHECK(mor4j_context_create(i % 3, 1 + i % 4, i % 2 * 50, &context) ==
                  (i % 3 <= mor4j_best_isa() ? MOR4J_OK : MOR4J_UNSUPPORTED),
              "context %d", i);
        if (i % 10 == 0 && context != NULL) {
            model_run run = start_run(&m);
            run_passes(&m, &run, context, run.rows, 0);
            free_run(&m, &run);
        }
        mor4j_context_destroy(context);
    }
    test_stall();
    for (int i = 0; i < 2; i++) {
        atomic_store(&delays, i > 0);
        for (int32_t spin = 0; spin <= 100; spin += 100) {
            test_late_threads(2, spin);
            test_late_threads(LATE_THREADS, spin);
            test_late_threads(MOR4J_LANES + 5, spin);
            test_late_threads_of_a_model(&m, spin);
        }
        test_callers(&m, 4, 50);
    }
    free_model(&m);
    printf("threads: same bits from many callers and with late threads, contexts come and go\n");
    return 0;
}
