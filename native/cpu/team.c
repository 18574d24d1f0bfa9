/* Phases: cutting work into chunks, claiming them, and waiting for those that others claimed. See team.h. */
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
    uint64_t word = atomic_load_explicit(&lane->claimed, memory_order_relaxed), next;
    do {
        if (word >> MOR4J_COUNT_BITS > phase) return -1;
        next = word >> MOR4J_COUNT_BITS == phase ? word & MOR4J_COUNT_MASK : 0;
        if ((int64_t)next >= count) return -1;
        MOR4J_PREEMPTION_POINT();
    } while (!atomic_compare_exchange_weak_explicit(&lane->claimed, &word, phase << MOR4J_COUNT_BITS | (next + 1),
                                                    memory_order_relaxed, memory_order_relaxed));
    return (int64_t)next;
}

int32_t mor4j_team_help(mor4j_pool *pool, int32_t index, uint64_t current)
{
    const uint64_t phase = current >> MOR4J_COUNT_BITS;
    const int64_t chunks = (int64_t)(current & MOR4J_COUNT_MASK), lanes = least(pool->threads, MOR4J_LANES);
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
    pool->fn = fn;
    pool->arg = arg;
    pool->items = items;
    /* Nobody is inside the last phase any more; the store to `current` orders this before the adds of the next. */
    atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
    const uint64_t current = mor4j_pool_publish(pool, chunks);
    const int32_t mine = mor4j_team_help(pool, 0, current), others = (int32_t)chunks - mine;
    if (are_done(pool, others)) return; /* nearly always, and without a look at the clock */
    const int64_t dry = mor4j_nanoseconds();
    int64_t waited = 0;
    while (!are_done(pool, others)) {
        waited = mor4j_nanoseconds() - dry;
        if (waited > YIELD_AFTER) sched_yield(); /* the worker may be waiting for this core */
    }
    if (mine > 0) judge_wait(pool, start, dry, waited, alike ? 0 : 2 * work);
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
