/* Rows of x [.., hidden] += gates [rows] * the same rows of y. Source: docs/forward-pass.md, section 5, step 4. */
#include "context.h"

typedef struct add_run {
    const mor4j_kernels *kernels;
    float *x;
    const float *y, *gates;
    const int32_t *row_index;
    int64_t rows, hidden;
} add_run;

static void add_rows(const void *arg, mor4j_range rows)
{
    const add_run *run = arg;
    for (int64_t i = rows.first; i < rows.last; i++) {
        const int64_t at = mor4j_row(run->row_index, i) * run->hidden;
        run->kernels->add_scaled(run->x + at, run->y + at, run->gates == NULL ? 1.0f : run->gates[i], run->hidden);
    }
}

static void add(const void *arg, const mor4j_team *team)
{
    const add_run *run = arg;
    mor4j_team_for(team, run->rows, mor4j_row_work(run->hidden), true, add_rows, run);
}

int32_t mor4j_add_gated(mor4j_context *context, float *x, const float *y, const int32_t *row_index, const float *gates,
                        int32_t rows, int32_t hidden)
{
    if (context == NULL || rows < 0 || hidden < 1) return MOR4J_INVALID_ARGUMENT;
    if (rows == 0) return MOR4J_OK;
    if (x == NULL || y == NULL || !mor4j_rows_are_valid(row_index, rows)) return MOR4J_INVALID_ARGUMENT;
    const add_run run = {context->kernels, x, y, gates, row_index, rows, hidden};
    mor4j_team_run(&context->pool, add, &run, run.rows * mor4j_row_work(run.hidden));
    return MOR4J_OK;
}
