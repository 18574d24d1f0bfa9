/*
 * The threads of a context, and how they share the chunks of a phase. Knows nothing of teams, which are above it
 * (team.h): who publishes a phase says what its chunks are, claims some itself, and waits until the workers have done
 * theirs. A phase is over when all its chunks are done, not when all threads have come: a worker without a core costs
 * nothing unless it lost the core inside a chunk.
 *
 *   current   phase << 16 | chunks: what there is to do; 0 chunks ends the workers
 *   lanes     phase << 16 | next:   lane i holds the i-th share of the chunks, its first `next` are claimed. The word
 *                                   of an earlier phase means that none is, so nobody has to reset the lanes.
 *   done      chunks of this phase that workers have finished
 *
 * Why a worker that slept through any number of phases, or the end of the call, is harmless: it touches nothing of a
 * phase but through a claim; a claim compares and swaps a word that names the phase; and in a phase that is over every
 * chunk has been claimed. Who holds a claim knows that the caller waits. Phases count up to 2^48 and never come again.
 *
 * Owner: the context. Thread contract: phases are published by one thread at a time, the one that has set `taken`.
 */
#ifndef MOR4J_POOL_H
#define MOR4J_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "kernels/kernels.h"

#define MOR4J_LANES 16 /* more threads than that share them: at the end of a phase every thread looks into all */

/* The tests put delays here: between any two steps of the protocol a thread may lose its core. */
#ifndef MOR4J_PREEMPTION_POINT
#define MOR4J_PREEMPTION_POINT() ((void)0)
#else
void MOR4J_PREEMPTION_POINT(void);
#endif

/* The items of a phase from first to last; called from any thread of the pool. */
typedef void (*mor4j_phase)(const void *arg, mor4j_range items);

typedef struct mor4j_lane {
    _Alignas(64) atomic_ullong claimed; /* each on its own cache line */
} mor4j_lane;

typedef struct mor4j_worker {
    struct mor4j_pool *pool;
    pthread_t thread;
    int32_t index;
} mor4j_worker;

typedef struct mor4j_pool {
    _Alignas(64) atomic_ullong current;
    /* Of the current phase: written before `current`, read under a claim. */
    mor4j_phase fn;
    const void *arg;
    int64_t items;
    _Alignas(64) atomic_int done;
    mor4j_lane lanes[MOR4J_LANES];
    _Alignas(64) atomic_bool taken; /* by a call */
    atomic_bool sleepers;           /* perhaps some worker sleeps */
    /* The rest of this group belongs to the call that took the pool. */
    uint64_t phase;
    int64_t alone_until;     /* by mor4j_nanoseconds: until then the caller does without the workers, */
    int64_t alone_per_stall; /* for so many times the time that it has lost to a worker without a core */
    int32_t threads;         /* the caller's among them */
    int32_t started;         /* workers that exist */
    int64_t spin_nanoseconds;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    mor4j_worker *workers;
} mor4j_pool;

/* Starts threads - 1 workers; a mor4j_status. After a failure nothing is left behind. */
int32_t mor4j_pool_start(mor4j_pool *pool, int32_t threads, int32_t spin_microseconds);

/* Joins the workers. */
void mor4j_pool_stop(mor4j_pool *pool);

/* Begins a phase: `items` items in `chunks` chunks, at least one, that fn is called for. Wakes the workers that sleep;
   returns `current`, which names the phase. */
uint64_t mor4j_pool_publish(mor4j_pool *pool, mor4j_phase fn, const void *arg, int64_t items, int64_t chunks);

/* Does chunks of the phase that `current` names, as thread `index` of the pool, until none is left to claim; how many.
   */
int32_t mor4j_pool_help(mor4j_pool *pool, int32_t index, uint64_t current);

/* Tells the core that this thread spins. */
static inline void mor4j_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static inline int64_t mor4j_nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#endif
