/*
 * The threads of a context. A call runs on the caller's thread, which hands out the work of one phase after another:
 * mor4j_team_for cuts a phase into chunks that the caller and the workers claim. A phase is over when all its chunks
 * are done, not when all threads have come: a worker without a core costs nothing unless it lost the core inside a
 * chunk.
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
 * Owner: the context. Thread contract: any thread may call mor4j_pool_run; who finds the pool taken runs as a team of
 * one.
 */
#ifndef MOR4J_TEAM_H
#define MOR4J_TEAM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "kernels/kernels.h"

/* Multiply-adds of a phase below which a second thread costs more than it saves (handing over takes about 1 us). */
#define MOR4J_SPLIT_WORK 16384

/* Of the words of a pool, see above. */
#define MOR4J_COUNT_BITS 16
#define MOR4J_COUNT_MASK (((uint64_t)1 << MOR4J_COUNT_BITS) - 1)

#define MOR4J_LANES 16 /* more threads than that share them: at the end of a phase every thread looks into all */

/* The tests put delays here: between any two steps of the protocol a thread may lose its core. */
#ifndef MOR4J_PREEMPTION_POINT
#define MOR4J_PREEMPTION_POINT() ((void)0)
#else
void MOR4J_PREEMPTION_POINT(void);
#endif

/* The items of a phase from first to last; called from any thread of the team. */
typedef void (*mor4j_phase)(const void *arg, mor4j_range items);

/* What a call may use: all threads of a pool, or (pool == NULL, size == 1) only its own. */
typedef struct mor4j_team {
    struct mor4j_pool *pool;
    int32_t size;
} mor4j_team;

typedef void (*mor4j_work)(const void *arg, const mor4j_team *team);

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

/* Runs work(arg, team) on this thread: with the whole team, or alone when `multiply_adds` is small or the pool is
   taken. */
void mor4j_pool_run(mor4j_pool *pool, mor4j_work work, const void *arg, int64_t multiply_adds);

/* Makes `chunks` chunks of the next phase (0: the end) visible to the workers and wakes those that sleep; `current`. */
uint64_t mor4j_pool_publish(mor4j_pool *pool, int64_t chunks);

/* Does chunks of the phase that `current` names until none is left to claim; how many. */
int32_t mor4j_team_help(mor4j_pool *pool, int32_t index, uint64_t current);

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

/*
 * One phase: calls fn on ranges that together cover [0, items), each item once, and returns when all is done; what any
 * thread wrote before, all see after. A thread is given the same items in the next pass if nobody is late, so that it
 * meets the same weights in its cache. item_work: multiply-adds of an item, about; `alike`: of every item, not only on
 * average. Only from the thread that runs the call.
 */
void mor4j_team_for(const mor4j_team *team, int64_t items, int64_t item_work, bool alike, mor4j_phase fn,
                    const void *arg);

typedef void (*mor4j_tile_work)(const void *arg, mor4j_range rows, mor4j_range outs);

/*
 * One phase: calls fn on parts that together cover rows x outs, each once. Few rows: parts are multiples of `unit`
 * outputs. Many rows: blocks of about `block` outputs by ROW_BLOCK rows. output_work: multiply-adds of one output of
 * one row.
 */
void mor4j_team_split(const mor4j_team *team, int64_t rows, int64_t outs, int64_t unit, int64_t block,
                      int64_t output_work, mor4j_tile_work fn, const void *arg);

#endif
