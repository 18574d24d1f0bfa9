/*
 * The threads of a context. A call runs one function on all of them at once (SPMD): each thread of the team walks the same
 * phases, takes its share of every phase, and meets the others at a barrier between two phases.
 *
 * Owner: the context. Thread contract: any thread may call mor4j_pool_run; who finds the pool taken runs as a team of one.
 */
#ifndef MOR4J_TEAM_H
#define MOR4J_TEAM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/kernels.h"

/* Multiply-adds between two barriers below which a second thread costs more than it saves (a barrier is about 1 us). */
#define MOR4J_SPLIT_WORK 16384

/* What one thread of a team knows: which of how many it is. */
typedef struct mor4j_team {
    int32_t size, index;
    struct mor4j_barrier *barrier; /* NULL in a team of one */
} mor4j_team;

/* Each on its own cache line: they are written by all threads. */
typedef struct mor4j_barrier {
    _Alignas(64) atomic_int arrived;
    _Alignas(64) atomic_uint phase;
    _Alignas(64) atomic_llong ticket; /* next share of a phase that is dealt out as threads come; 0 after a barrier */
} mor4j_barrier;

typedef void (*mor4j_work)(const void *arg, const mor4j_team *team);

typedef struct mor4j_worker {
    struct mor4j_pool *pool;
    pthread_t thread;
    int32_t index;
} mor4j_worker;

typedef struct mor4j_pool {
    mor4j_barrier barrier;
    _Alignas(64) atomic_uint generation; /* counts the calls; a change wakes the workers */
    atomic_int sleepers;
    atomic_flag taken;
    bool stop;                           /* written before a change of generation */
    mor4j_work work;                     /* likewise */
    const void *arg;                     /* likewise */
    int32_t threads;                     /* the caller's among them */
    int32_t started;                     /* workers that exist */
    int64_t spin_nanoseconds;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    mor4j_worker *workers;
} mor4j_pool;

/* Starts threads - 1 workers; a mor4j_status. After a failure nothing is left behind. */
int32_t mor4j_pool_start(mor4j_pool *pool, int32_t threads, int32_t spin_microseconds);

/* Joins the workers. */
void mor4j_pool_stop(mor4j_pool *pool);

/* Runs work(arg, team) on the whole team, or on this thread alone when `multiply_adds` is small or the pool is taken. */
void mor4j_pool_run(mor4j_pool *pool, mor4j_work work, const void *arg, int64_t multiply_adds);

/* Tells the core that this thread spins. */
static inline void mor4j_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Waits for the whole team; what any of them wrote before, all see after. */
void mor4j_team_wait(const mor4j_team *team);

/* This thread's share of [0, items), the same in every phase. */
mor4j_range mor4j_team_share(const mor4j_team *team, int64_t items);

/* The next item of [0, items) for this thread, -1 when none is left. At most one such loop between two barriers;
   *local, 0 at first, is the thread's own. */
int64_t mor4j_team_next(const mor4j_team *team, int64_t items, int64_t *local);

typedef void (*mor4j_tile_work)(const void *arg, mor4j_range rows, mor4j_range outs);

/*
 * Calls fn on parts that together cover rows x outs, each once, over the team. Few rows: an equal share of the outputs (in
 * multiples of `unit`) each, so that a thread meets the same weights again in the next pass. Many rows: blocks of about
 * `block` outputs by ROW_BLOCK rows, dealt out as threads come.
 */
void mor4j_team_split(const mor4j_team *team, int64_t rows, int64_t outs, int64_t unit, int64_t block, mor4j_tile_work fn,
                      const void *arg);

#endif
