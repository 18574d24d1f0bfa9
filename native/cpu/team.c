/* Splitting the work of a phase over a team, and the barrier between phases. */
#include "team.h"

#include <sched.h>

#define FEW_ROWS 8
#define ROW_BLOCK 128
#define SPINS_BEFORE_YIELD 2000 /* some 20 us: longer than a phase is uneven, unless a thread has lost its core */

void mor4j_team_wait(const mor4j_team *team)
{
    mor4j_barrier *barrier = team->barrier;
    if (team->size == 1) return;
    const unsigned phase = atomic_load_explicit(&barrier->phase, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&barrier->arrived, 1, memory_order_acq_rel) == team->size - 1) {
        atomic_store_explicit(&barrier->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&barrier->ticket, 0, memory_order_relaxed);
        atomic_store_explicit(&barrier->phase, phase + 1, memory_order_release);
        return;
    }
    for (int spins = 0; atomic_load_explicit(&barrier->phase, memory_order_acquire) == phase; spins++) {
        if (spins < SPINS_BEFORE_YIELD) {
            mor4j_relax();
        } else {
            sched_yield();
        }
    }
}

mor4j_range mor4j_team_share(const mor4j_team *team, int64_t items)
{
    const int64_t each = items / team->size, more = items % team->size, i = team->index;
    const int64_t first = i * each + (i < more ? i : more);
    return (mor4j_range){first, first + each + (i < more)};
}

int64_t mor4j_team_next(const mor4j_team *team, int64_t items, int64_t *local)
{
    const int64_t item = team->size == 1 ? (*local)++
                                         : atomic_fetch_add_explicit(&team->barrier->ticket, 1, memory_order_relaxed);
    return item < items ? item : -1;
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

void mor4j_team_split(const mor4j_team *team, int64_t rows, int64_t outs, int64_t unit, int64_t block, mor4j_tile_work fn,
                      const void *arg)
{
    if (rows <= FEW_ROWS) {
        const mor4j_range units = mor4j_team_share(team, (outs + unit - 1) / unit);
        const mor4j_range share = {units.first * unit, least(units.last * unit, outs)};
        if (share.first < share.last) fn(arg, (mor4j_range){0, rows}, share);
        return;
    }
    /* Smaller blocks when the team would otherwise have fewer than a few each. */
    const int64_t row_blocks = (rows + ROW_BLOCK - 1) / ROW_BLOCK;
    while (team->size > 1 && block >= 2 * unit && row_blocks * (outs / block) < 4 * team->size) {
        block = block / 2 / unit * unit;
    }
    const int64_t items = row_blocks * ((outs + block - 1) / block);
    int64_t local = 0;
    for (int64_t i; (i = mor4j_team_next(team, items, &local)) >= 0;) {
        const int64_t row = i % row_blocks * ROW_BLOCK, out = i / row_blocks * block;
        fn(arg, (mor4j_range){row, least(row + ROW_BLOCK, rows)}, (mor4j_range){out, least(out + block, outs)});
    }
}
