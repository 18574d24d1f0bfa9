/*
 * What a call may use of a context's threads. A call runs on the caller's thread, which hands out the work of one phase
 * after another: mor4j_team_for cuts a phase into chunks that the caller and the workers of the pool claim (pool.h).
 *
 * Thread contract: any thread may call mor4j_team_run; who finds the pool taken runs as a team of one.
 */
#ifndef MOR4J_TEAM_H
#define MOR4J_TEAM_H

#include "pool.h"

/* Multiply-adds of a phase below which a second thread costs more than it saves (handing over takes about 1 us). */
#define MOR4J_SPLIT_WORK 16384

/* What a call may use: all threads of a pool, or (pool == NULL, size == 1) only its own. */
typedef struct mor4j_team {
    mor4j_pool *pool;
    int32_t size;
} mor4j_team;

typedef void (*mor4j_work)(const void *arg, const mor4j_team *team);

/* Runs work(arg, team) on this thread: with the whole team, or alone when `multiply_adds` is small or the pool is
   taken. */
void mor4j_team_run(mor4j_pool *pool, mor4j_work work, const void *arg, int64_t multiply_adds);

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
