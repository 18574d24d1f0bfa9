/*
 * The workers of a context: they wait for the generation to change, run the work, meet at the last barrier, and wait again:
 * spinning at first, so that the next token finds them awake, then asleep on a condition variable.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "team.h"

static int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Returns when the generation is no longer `seen`. */
static void await_generation(mor4j_pool *pool, unsigned seen)
{
    const int64_t start = nanoseconds();
    int64_t waited = 0;
    while (waited < pool->spin_nanoseconds) {
        for (int i = 0; i < 64; i++) {
            if (atomic_load_explicit(&pool->generation, memory_order_acquire) != seen) return;
            mor4j_relax();
        }
        waited = nanoseconds() - start;
        /* On a machine with more threads than cores the one that would wake us may need this core. */
        if (waited > 50000) sched_yield();
    }
    pthread_mutex_lock(&pool->mutex);
    /* Sequentially consistent with the caller's "change the generation, then look for sleepers": one sees the other. */
    atomic_fetch_add(&pool->sleepers, 1);
    while (atomic_load(&pool->generation) == seen) pthread_cond_wait(&pool->wake, &pool->mutex);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->mutex);
}

static void announce(mor4j_pool *pool)
{
    atomic_fetch_add(&pool->generation, 1);
    if (atomic_load(&pool->sleepers) > 0) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->mutex);
    }
}

static void *serve(void *arg)
{
    const mor4j_worker *worker = arg;
    mor4j_pool *pool = worker->pool;
    const mor4j_team team = {pool->threads, worker->index, &pool->barrier};
    for (unsigned seen = 0;; seen++) {
        await_generation(pool, seen);
        if (pool->stop) return NULL;
        pool->work(pool->arg, &team);
        mor4j_team_wait(&team);
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
    atomic_init(&pool->barrier.arrived, 0);
    atomic_init(&pool->barrier.phase, 0);
    atomic_init(&pool->barrier.ticket, 0);
    atomic_init(&pool->generation, 0);
    atomic_init(&pool->sleepers, 0);
    atomic_flag_clear(&pool->taken);
    pool->stop = false;
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
    pool->stop = true;
    announce(pool);
    for (int32_t i = 0; i < pool->started; i++) pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->workers);
}

void mor4j_pool_run(mor4j_pool *pool, mor4j_work work, const void *arg, int64_t multiply_adds)
{
    const bool split = pool->threads > 1 && multiply_adds >= MOR4J_SPLIT_WORK;
    if (!split || atomic_flag_test_and_set_explicit(&pool->taken, memory_order_acquire)) {
        const mor4j_team alone = {1, 0, NULL};
        work(arg, &alone);
        return;
    }
    pool->work = work;
    pool->arg = arg;
    announce(pool);
    const mor4j_team team = {pool->threads, 0, &pool->barrier};
    work(arg, &team);
    mor4j_team_wait(&team);
    atomic_flag_clear_explicit(&pool->taken, memory_order_release);
}
