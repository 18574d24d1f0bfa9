/*
 * The workers of a context: they wait for the next phase, help with it, and wait again: spinning at first, so that the
 * next phase or the next token finds them awake, then asleep on a condition variable.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "team.h"

#define SPIN_IN_CALL 100000 /* ns, between two phases; after that the caller does without us, or has no core */
#define YIELD_AFTER 50000   /* ns */
#define ALONE_PER_STALL 16

/* Returns `current` when it is no longer `seen`. */
static uint64_t await_phase(mor4j_pool *pool, uint64_t seen)
{
    uint64_t current;
    for (int64_t start = 0, waited = 0, limit = 0; waited <= limit; waited = mor4j_nanoseconds() - start) {
        for (int i = 0; i < 64; i++) {
            current = atomic_load_explicit(&pool->current, memory_order_acquire);
            if (current != seen) return current;
            mor4j_relax();
        }
        if (start == 0) start = mor4j_nanoseconds();
        /* On a machine with more threads than cores the one that would wake us may need this core. */
        if (waited > YIELD_AFTER) sched_yield();
        limit = pool->spin_nanoseconds;
        if (limit < SPIN_IN_CALL && atomic_load_explicit(&pool->taken, memory_order_relaxed)) limit = SPIN_IN_CALL;
    }
    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        /* Sequentially consistent, as the caller's "change current, then look for sleepers": one sees the other. Again
           after each wait, since the caller lowers the flag for all. */
        atomic_store(&pool->sleepers, true);
        MOR4J_PREEMPTION_POINT();
        current = atomic_load(&pool->current);
        if (current != seen) break;
        pthread_cond_wait(&pool->wake, &pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
    return current;
}

uint64_t mor4j_pool_publish(mor4j_pool *pool, int64_t chunks)
{
    const uint64_t current = ++pool->phase << MOR4J_COUNT_BITS | (uint64_t)chunks;
    atomic_store(&pool->current, current);
    if (atomic_load(&pool->sleepers)) {
        pthread_mutex_lock(&pool->mutex);
        atomic_store(&pool->sleepers, false);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->mutex);
    }
    return current;
}

static void *serve(void *arg)
{
    const mor4j_worker *worker = arg;
    mor4j_pool *pool = worker->pool;
    for (uint64_t current = 0;;) {
        current = await_phase(pool, current);
        if ((current & MOR4J_COUNT_MASK) == 0) return NULL;
        MOR4J_PREEMPTION_POINT();
        const int32_t finished = mor4j_team_help(pool, worker->index, current);
        /* Without a claim the phase may be over and `done` count another. */
        if (finished > 0) atomic_fetch_add_explicit(&pool->done, finished, memory_order_release);
    }
}

/* The host (a JVM) handles its signals on its own threads; faults of this thread must still reach it. */
static int start_worker(mor4j_worker *worker)
{
    sigset_t blocked, before;
    sigfillset(&blocked);
    sigdelset(&blocked, SIGSEGV);
    sigdelset(&blocked, SIGBUS);
    sigdelset(&blocked, SIGFPE);
    sigdelset(&blocked, SIGILL);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    const int error = pthread_create(&worker->thread, NULL, serve, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

int32_t mor4j_pool_start(mor4j_pool *pool, int32_t threads, int32_t spin_microseconds)
{
    pool->threads = threads;
    pool->spin_nanoseconds = (int64_t)spin_microseconds * 1000;
    atomic_init(&pool->current, 0);
    atomic_init(&pool->done, 0);
    for (int i = 0; i < MOR4J_LANES; i++) atomic_init(&pool->lanes[i].claimed, 0);
    atomic_init(&pool->sleepers, false);
    atomic_init(&pool->taken, false);
    pool->phase = 0;
    pool->alone_until = INT64_MIN;
    pool->alone_per_stall = ALONE_PER_STALL;
    pool->started = 0;
    pool->workers = NULL;
    if (threads == 1) return MOR4J_OK;
    pool->workers = calloc((size_t)threads - 1, sizeof *pool->workers);
    if (pool->workers == NULL) return MOR4J_OUT_OF_MEMORY;
    if (pthread_mutex_init(&pool->mutex, NULL) != 0) {
        free(pool->workers);
        return MOR4J_OUT_OF_MEMORY;
    }
    if (pthread_cond_init(&pool->wake, NULL) != 0) {
        pthread_mutex_destroy(&pool->mutex);
        free(pool->workers);
        return MOR4J_OUT_OF_MEMORY;
    }
    for (int32_t i = 0; i < threads - 1; i++) {
        pool->workers[i] = (mor4j_worker){.pool = pool, .index = i + 1};
        if (start_worker(&pool->workers[i]) != 0) {
            mor4j_pool_stop(pool);
            return MOR4J_OUT_OF_MEMORY;
        }
        pool->started++;
    }
    return MOR4J_OK;
}

void mor4j_pool_stop(mor4j_pool *pool)
{
    if (pool->threads == 1) return;
    mor4j_pool_publish(pool, 0);
    for (int32_t i = 0; i < pool->started; i++) pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->workers);
}

void mor4j_pool_run(mor4j_pool *pool, mor4j_work work, const void *arg, int64_t multiply_adds)
{
    const bool split = pool->threads > 1 && multiply_adds >= MOR4J_SPLIT_WORK;
    if (!split || atomic_exchange_explicit(&pool->taken, true, memory_order_acquire)) {
        work(arg, &(mor4j_team){NULL, 1});
        return;
    }
    work(arg, &(mor4j_team){pool, pool->threads});
    atomic_store_explicit(&pool->taken, false, memory_order_release);
}
