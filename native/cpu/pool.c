/*
 * The workers of a context wait for the next phase, help with it, and wait again: spinning at first, so that the next
 * phase or the next token finds them awake, then asleep on a condition variable. Who helps claims chunks: those of its
 * own lane first, so that it meets the same items in every pass.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "pool.h"

#define SPIN_IN_CALL 100000 /* ns, between two phases; after that the caller does without us, or has no core */
#define YIELD_AFTER 50000   /* ns */
#define ALONE_PER_STALL 16

/* Of the words of a pool, see pool.h. */
#define COUNT_BITS 16
#define COUNT_MASK (((uint64_t)1 << COUNT_BITS) - 1)

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

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

/* Makes `chunks` chunks of the next phase, or the end (0), visible to the workers and wakes those that sleep;
   `current`. */
static uint64_t announce(mor4j_pool *pool, int64_t chunks)
{
    const uint64_t current = ++pool->phase << COUNT_BITS | (uint64_t)chunks;
    atomic_store(&pool->current, current);
    if (atomic_load(&pool->sleepers)) {
        pthread_mutex_lock(&pool->mutex);
        atomic_store(&pool->sleepers, false);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->mutex);
    }
    return current;
}

uint64_t mor4j_pool_publish(mor4j_pool *pool, mor4j_phase fn, const void *arg, int64_t items, int64_t chunks)
{
    pool->fn = fn;
    pool->arg = arg;
    pool->items = items;
    /* Nobody is inside the last phase any more; the store to `current` orders this before the adds of the next. */
    atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
    return announce(pool, chunks);
}

/* Part i of `parts` nearly equal ones of [0, items). */
static mor4j_range part_of(int64_t items, int64_t parts, int64_t i)
{
    const int64_t each = items / parts, more = items % parts, first = i * each + least(i, more);
    return (mor4j_range){first, first + each + (i < more)};
}

/* The place in a lane of `count` chunks of the chunk that is now this thread's, -1 when none is left or the phase is
   over. Relaxed: the claim orders nothing; the acquire of `current` before and the release of `done` after do. */
static int64_t claim(mor4j_lane *lane, uint64_t phase, int64_t count)
{
    unsigned long long word = atomic_load_explicit(&lane->claimed, memory_order_relaxed); /* atomic_ullong's own type */
    uint64_t next;
    do {
        if (word >> COUNT_BITS > phase) return -1;
        next = word >> COUNT_BITS == phase ? word & COUNT_MASK : 0;
        if ((int64_t)next >= count) return -1;
        MOR4J_PREEMPTION_POINT();
    } while (!atomic_compare_exchange_weak_explicit(&lane->claimed, &word, phase << COUNT_BITS | (next + 1),
                                                    memory_order_relaxed, memory_order_relaxed));
    return (int64_t)next;
}

int32_t mor4j_pool_help(mor4j_pool *pool, int32_t index, uint64_t current)
{
    const uint64_t phase = current >> COUNT_BITS;
    const int64_t chunks = (int64_t)(current & COUNT_MASK), lanes = least(pool->threads, MOR4J_LANES);
    int32_t finished = 0;
    /* One's own lane first, then what others have left in theirs. */
    for (int64_t i = 0; i < lanes; i++) {
        const int64_t lane = (index + i) % lanes;
        const mor4j_range share = part_of(chunks, lanes, lane);
        for (int64_t at; (at = claim(&pool->lanes[lane], phase, share.last - share.first)) >= 0; finished++) {
            MOR4J_PREEMPTION_POINT();
            pool->fn(pool->arg, part_of(pool->items, chunks, share.first + at));
        }
    }
    MOR4J_PREEMPTION_POINT();
    return finished;
}

static void *serve(void *arg)
{
    const mor4j_worker *worker = arg;
    mor4j_pool *pool = worker->pool;
    for (uint64_t current = 0;;) {
        current = await_phase(pool, current);
        if ((current & COUNT_MASK) == 0) return NULL;
        MOR4J_PREEMPTION_POINT();
        const int32_t finished = mor4j_pool_help(pool, worker->index, current);
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
    announce(pool, 0);
    for (int32_t i = 0; i < pool->started; i++) pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->workers);
}
