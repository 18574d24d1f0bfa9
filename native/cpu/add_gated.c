/* x [rows, hidden] += gates [rows] * y [rows, hidden]. */
#include "context.h"

typedef struct add_run {
    const mor4j_kernels *kernels;
    float *x;
    const float *y, *gates;
    int64_t rows, hidden;
} add_run;

static void add(const void *arg, const mor4j_team *team)
{
    const add_run *run = arg;
    const mor4j_range share = mor4j_team_share(team, run->rows);
    for (int64_t i = share.first; i < share.last; i++) {
        run->kernels->add_scaled(run->x + i * run->hidden, run->y + i * run->hidden,
                                 run->gates == NULL ? 1.0f : run->gates[i], run->hidden);
    }
}

int32_t mor4j_add_gated(mor4j_context *context, float *x, const float *y, const float *gates, int32_t rows, int32_t hidden)
{
    if (context == NULL || rows < 0 || hidden < 1) return MOR4J_INVALID_ARGUMENT;
    if (rows == 0) return MOR4J_OK;
    if (x == NULL || y == NULL) return MOR4J_INVALID_ARGUMENT;
    const add_run run = {context->kernels, x, y, gates, rows, hidden};
    mor4j_pool_run(&context->pool, add, &run, run.rows * run.hidden / 8);
    return MOR4J_OK;
}
