/* Cutting the work of a call into chunks, and waiting for those that others claimed. See team.h. */
#include "team.h"

#include <sched.h>

#define FEW_ROWS 8
#define ROW_BLOCK 128
#define CHUNKS_PER_THREAD 8
#define CHUNK_WORK (MOR4J_SPLIT_WORK / 2) /* multiply-adds; claiming is some 20 ns */
#define MOST_ITEM_WORK ((int64_t)1 << 30) /* so that all items' together fits 63 bits */
/* Nanoseconds. */
#define YIELD_AFTER 20000        /* longer than a phase is uneven, unless a thread has lost its core */
#define STALL 5000               /* waits below that are no sign of anything */
#define LONGEST_ALONE 1000000000 /* a stopped process or a slow disk is no reason to do without workers for hours */

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Have the workers done `count` chunks, now or within a microsecond or so? */
static bool are_done(mor4j_pool *pool, int32_t count)
{
    for (int i = 0; i < 64; i++) {
        if (atomic_load_explicit(&pool->done, memory_order_acquire) == count) return true;
        mor4j_relax();
    }
    return false;
}

/* The caller had nothing left to do at `dry` and then waited. Workers should have been in their last chunks, which take
   no longer than its own did; where items differ, no longer than all of them at a poor 1 GFLOP/s. If it took longer, a
   worker lost its core inside a chunk, and may again: do without them for so long that little is lost to such waits in
   all. */
static void judge_wait(mor4j_pool *pool, int64_t start, int64_t dry, int64_t waited, int64_t uneven_work)
{
    if (waited <= 2 * (dry - start) + uneven_work + STALL) return;
    pool->alone_until = dry + waited + least(pool->alone_per_stall * waited, LONGEST_ALONE);
}

void mor4j_team_for(const mor4j_team *team, int64_t items, int64_t item_work, bool alike, mor4j_phase fn,
                    const void *arg)
{
    mor4j_pool *pool = team->pool;
    const int64_t work = items * least(item_work, MOST_ITEM_WORK);
    int64_t start;
    if (items < 2 || work < MOR4J_SPLIT_WORK || pool == NULL || (start = mor4j_nanoseconds()) < pool->alone_until) {
        if (items > 0) fn(arg, (mor4j_range){0, items});
        return;
    }
    const int64_t chunks = least(least(items, work / CHUNK_WORK), (int64_t)CHUNKS_PER_THREAD * pool->threads);
    const uint64_t current = mor4j_pool_publish(pool, fn, arg, items, chunks);
    const int32_t mine = mor4j_pool_help(pool, 0, current), others = (int32_t)chunks - mine;
    if (are_done(pool, others)) return; /* nearly always, and without a look at the clock */
    const int64_t dry = mor4j_nanoseconds();
    int64_t waited = 0;
    while (!are_done(pool, others)) {
        waited = mor4j_nanoseconds() - dry;
        if (waited > YIELD_AFTER) sched_yield(); /* the worker may be waiting for this core */
    }
    if (mine > 0) judge_wait(pool, start, dry, waited, alike ? 0 : 2 * work);
}

void mor4j_team_run(mor4j_pool *pool, mor4j_work work, const void *arg, int64_t multiply_adds)
{
    const bool split = pool->threads > 1 && multiply_adds >= MOR4J_SPLIT_WORK;
    if (!split || atomic_exchange_explicit(&pool->taken, true, memory_order_acquire)) {
        work(arg, &(mor4j_team){NULL, 1});
        return;
    }
    work(arg, &(mor4j_team){pool, pool->threads});
    atomic_store_explicit(&pool->taken, false, memory_order_release);
}

typedef struct split_run {
    int64_t rows, outs, block, row_blocks;
    mor4j_tile_work fn;
    const void *arg;
} split_run;

static void split_outs(const void *arg, mor4j_range units)
{
    const split_run *run = arg;
    run->fn(run->arg, (mor4j_range){0, run->rows},
            (mor4j_range){units.first * run->block, least(units.last * run->block, run->outs)});
}

static void split_tiles(const void *arg, mor4j_range tiles)
{
    const split_run *run = arg;
    for (int64_t i = tiles.first; i < tiles.last; i++) {
        const int64_t row = i % run->row_blocks * ROW_BLOCK, out = i / run->row_blocks * run->block;
        run->fn(run->arg, (mor4j_range){row, least(row + ROW_BLOCK, run->rows)},
                (mor4j_range){out, least(out + run->block, run->outs)});
    }
}

void mor4j_team_split(const mor4j_team *team, int64_t rows, int64_t outs, int64_t unit, int64_t block,
                      int64_t output_work, mor4j_tile_work fn, const void *arg)
{
    split_run run = {rows, outs, unit, 1, fn, arg};
    if (rows <= FEW_ROWS) {
        mor4j_team_for(team, (outs + unit - 1) / unit, rows * unit * output_work, true, split_outs, &run);
        return;
    }
    /* Smaller blocks when the team would otherwise have fewer than a few each. */
    run.row_blocks = (rows + ROW_BLOCK - 1) / ROW_BLOCK;
    while (team->size > 1 && block >= 2 * unit && run.row_blocks * (outs / block) < 4 * team->size) {
        block = block / 2 / unit * unit;
    }
    run.block = block;
    mor4j_team_for(team, run.row_blocks * ((outs + block - 1) / block), least(rows, ROW_BLOCK) * block * output_work,
                   true, split_tiles, &run);
}
