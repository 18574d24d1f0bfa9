/*
 * Many rows are shared out by groups of rows and heads; what a group reads of the cache serves all of it. Few rows with
 * long contexts are shared out by heads and segments of the context, and the segments merged: one row alone can use
 * every thread.
 */
#include "attend.h"

#define ROWS_BESIDE 16 /* rows that walk the cache together */

typedef struct attend_run {
    const mor4j_kernels *kernels;
    const mor4j_attention *attention;
    int64_t rows, beside;       /* how many; how many of them walk the cache together */
    int64_t head_groups, group; /* how many; heads of one                             */
    int64_t segments;           /* of the longest context                             */
} attend_run;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t segments_of(int64_t context)
{
    const int64_t entries = mor4j_segment_entries(context);
    return (context + entries - 1) / entries;
}

int64_t mor4j_attention_scratch(const mor4j_shape *shape, int64_t rows)
{
    return least(rows, MOR4J_SPLIT_ROWS) * shape->heads * MOR4J_MOST_SEGMENTS * (2 + (int64_t)shape->head_dim);
}

static mor4j_range heads_of(const attend_run *run, int64_t group)
{
    return (mor4j_range){group * run->group, (group + 1) * run->group};
}

static void attend_groups(const void *arg, mor4j_range items)
{
    const attend_run *run = arg;
    const int64_t row_groups = (run->rows + run->beside - 1) / run->beside;
    for (int64_t i = items.first; i < items.last; i++) {
        /* The last rows of a prompt see most: deal them out first. */
        const int64_t row = (row_groups - 1 - i / run->head_groups) * run->beside;
        const mor4j_range rows = {row, least(row + run->beside, run->rows)};
        run->kernels->attention(run->attention, rows, heads_of(run, i % run->head_groups));
    }
}

/* Rows innermost: those of one sequence find the segment in the cache. */
static void attend_segments(const void *arg, mor4j_range items)
{
    const attend_run *run = arg;
    for (int64_t i = items.first; i < items.last; i++) {
        const int64_t row = i % run->rows, segment = i / run->rows % run->segments,
                      group = i / run->rows / run->segments;
        if (segment >= segments_of(run->attention->kv[row].context)) continue;
        run->kernels->attention_segment(run->attention, row, heads_of(run, group), segment);
    }
}

static void merge_segments(const void *arg, mor4j_range items)
{
    const attend_run *run = arg;
    for (int64_t i = items.first; i < items.last; i++) {
        const int64_t head = i % run->attention->heads;
        run->kernels->attention_merge(run->attention, i / run->attention->heads, (mor4j_range){head, head + 1});
    }
}

/* By KV heads, whose query heads read the same keys; by query heads when the team would not have one item each. */
static void group_heads(attend_run *run, const mor4j_team *team, int64_t items_of_a_group)
{
    const mor4j_attention *a = run->attention;
    run->head_groups = items_of_a_group * a->kv_heads >= team->size ? a->kv_heads : a->heads;
    run->group = a->heads / run->head_groups;
}

void mor4j_attend(const mor4j_team *team, const mor4j_kernels *kernels, const mor4j_attention *attention, int64_t rows,
                  int64_t entries)
{
    attend_run run = {.kernels = kernels, .attention = attention, .rows = rows, .beside = ROWS_BESIDE};
    for (int64_t i = 0; i < rows; i++) {
        const int64_t segments = segments_of(attention->kv[i].context);
        run.segments = segments > run.segments ? segments : run.segments;
    }
    const int64_t entry_work = 2 * (int64_t)attention->head_dim;
    if (team->size > 1 && rows <= MOR4J_SPLIT_ROWS && run.segments > 1 && attention->segments != NULL) {
        group_heads(&run, team, rows * run.segments);
        const int64_t items = rows * run.segments;
        mor4j_team_for(team, items * run.head_groups, entries / items * entry_work * run.group, false, attend_segments,
                       &run);
        mor4j_team_for(team, rows * attention->heads, run.segments * attention->head_dim, true, merge_segments, &run);
        return;
    }
    while (team->size > 1 && run.beside > 1 && rows * attention->kv_heads < 4 * run.beside * team->size) {
        run.beside /= 2;
    }
    const int64_t row_groups = (rows + run.beside - 1) / run.beside;
    group_heads(&run, team, row_groups);
    mor4j_team_for(team, row_groups * run.head_groups, entries / row_groups * entry_work * run.group, false,
                   attend_groups, &run);
}
