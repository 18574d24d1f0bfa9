/*
 * z [rows, outs] = W1 (x / temp), or W2 gelu(W1 (x / temp)), of chosen rows. x is divided first, as the authors' code
 * does. Workspace: the divided rows [rows, H], then the hidden layer [rows, M].
 * Source: docs/forward-pass.md, section 5, step 1.
 */
#include <math.h>

#include "context.h"

typedef struct route_run {
    const mor4j_kernels *kernels;
    const mor4j_router *router;
    const float *x;
    const int32_t *row_index;
    float *scaled, *hidden, *z;
    int64_t rows;
} route_run;

static mor4j_product product_of(const float *x, const mor4j_matrix *w, float *y)
{
    return (mor4j_product){x, w->cols * (int64_t)sizeof(float), w, y, w->rows, false};
}

/* One part of the hidden layer: its product, then its activation while it is warm. */
static void hidden_part(const void *arg, mor4j_range rows, mor4j_range outs)
{
    const route_run *run = arg;
    const int64_t m = run->router->w1.rows;
    const mor4j_product product = product_of(run->scaled, &run->router->w1, run->hidden);
    run->kernels->matmul(&product, rows, outs);
    for (int64_t i = rows.first; i < rows.last; i++) {
        run->kernels->gelu(run->hidden + i * m + outs.first, outs.last - outs.first);
    }
}

static void divide_rows(const void *arg, mor4j_range rows)
{
    const route_run *run = arg;
    const int64_t h = run->router->w1.cols;
    for (int64_t i = rows.first; i < rows.last; i++) {
        run->kernels->divide(run->x + mor4j_row(run->row_index, i) * h, run->router->temperature, run->scaled + i * h,
                             h);
    }
}

static void route(const void *arg, const mor4j_team *team)
{
    const route_run *run = arg;
    const mor4j_router *router = run->router;
    mor4j_team_for(team, run->rows, mor4j_row_work(router->w1.cols), true, divide_rows, run);
    if (router->kind == MOR4J_ROUTER_LINEAR) {
        const mor4j_product product = product_of(run->scaled, &router->w1, run->z);
        mor4j_team_products(team, run->kernels, &product, 1, run->rows);
        return;
    }
    mor4j_team_split(team, run->rows, router->w1.rows, mor4j_split_unit(router->w1.dtype),
                     mor4j_split_tile(router->w1.dtype), router->w1.cols, hidden_part, run);
    const mor4j_product product = product_of(run->hidden, &router->w2, run->z);
    mor4j_team_products(team, run->kernels, &product, 1, run->rows);
}

static bool router_is_valid(const mor4j_router *router)
{
    const mor4j_matrix *w1 = &router->w1, *w2 = &router->w2;
    if (router->kind != MOR4J_ROUTER_LINEAR && router->kind != MOR4J_ROUTER_MLP) return false;
    if (w1->rows < 1 || w1->rows > MOR4J_MAX_SIZE || w1->cols < 1 || w1->cols > MOR4J_MAX_SIZE) return false;
    if (!mor4j_rows_matrix_is(w1, w1->rows, w1->cols) || !isfinite(router->temperature) ||
        router->temperature == 0.0f) {
        return false;
    }
    if (router->kind == MOR4J_ROUTER_LINEAR) return w2->data == NULL;
    return w2->rows >= 1 && w2->rows <= MOR4J_MAX_SIZE && mor4j_rows_matrix_is(w2, w2->rows, w1->rows);
}

int32_t mor4j_route(mor4j_context *context, const mor4j_router *router, const float *x, const int32_t *row_index,
                    int32_t rows, float *z, float *workspace)
{
    if (context == NULL || router == NULL || rows < 0 || !router_is_valid(router)) return MOR4J_INVALID_ARGUMENT;
    if (rows == 0) return MOR4J_OK;
    if (x == NULL || z == NULL || workspace == NULL || !mor4j_rows_are_valid(row_index, rows)) {
        return MOR4J_INVALID_ARGUMENT;
    }
    const route_run run = {
        context->kernels, router, x, row_index, workspace, workspace + rows * router->w1.cols, z, rows};
    const int64_t weights = router->w1.rows * router->w1.cols;
    mor4j_team_run(&context->pool, route, &run, weights >= MOR4J_SPLIT_WORK ? weights : weights * rows);
    return MOR4J_OK;
}
