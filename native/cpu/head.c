/* logits [rows, V] = head [V, H] · (rmsnorm(x) · norm) of chosen rows. Workspace: the normed rows [rows, H]. */
#include "context.h"

typedef struct head_run {
    const mor4j_kernels *kernels;
    const mor4j_matrix *norm, *head;
    const float *x;
    const int32_t *row_index;
    float *normed, *logits;
    int64_t rows;
    float eps;
} head_run;

static void norm_rows(const void *arg, mor4j_range rows)
{
    const head_run *run = arg;
    const int64_t h = run->head->cols;
    for (int64_t i = rows.first; i < rows.last; i++) {
        run->kernels->rmsnorm(run->x + mor4j_row(run->row_index, i) * h, run->norm, run->eps, run->normed + i * h);
    }
}

static void head_rows(const void *arg, const mor4j_team *team)
{
    const head_run *run = arg;
    mor4j_team_for(team, run->rows, mor4j_row_work(run->head->cols), true, norm_rows, run);
    const mor4j_product product = {run->normed, run->head, run->logits, run->head->rows, false};
    mor4j_team_matmul(team, run->kernels, &product, run->rows);
}

int32_t mor4j_head(mor4j_context *context, const mor4j_matrix *norm, const mor4j_matrix *head, float rms_eps, const float *x,
                   const int32_t *row_index, int32_t rows, float *logits, float *workspace)
{
    if (context == NULL || norm == NULL || head == NULL || rows < 0 || !(rms_eps >= 0.0f)) return MOR4J_INVALID_ARGUMENT;
    if (head->rows < 1 || head->rows > MOR4J_MAX_SIZE || head->cols < 1 || head->cols > MOR4J_MAX_SIZE ||
        !mor4j_matrix_is(head, head->rows, head->cols) || !mor4j_matrix_is(norm, 1, head->cols)) {
        return MOR4J_INVALID_ARGUMENT;
    }
    if (rows == 0) return MOR4J_OK;
    if (x == NULL || logits == NULL || workspace == NULL || !mor4j_rows_are_valid(row_index, rows)) {
        return MOR4J_INVALID_ARGUMENT;
    }
    const head_run run = {context->kernels, norm, head, x, row_index, workspace, logits, rows, rms_eps};
    const int64_t weights = head->rows * head->cols;
    mor4j_pool_run(&context->pool, head_rows, &run, weights >= MOR4J_SPLIT_WORK ? weights : weights * rows);
    return MOR4J_OK;
}
