/* logits [rows, V] = head [V, H] · (rmsnorm(x) · norm) of chosen rows. Workspace: the normed rows [rows, H], then
   encoded ones. */
#include "context.h"

typedef struct head_run {
    const mor4j_kernels *kernels;
    const mor4j_matrix *norm, *head;
    const float *x;
    const int32_t *row_index;
    float *normed, *encoded, *logits;
    int64_t rows;
    float eps;
} head_run;

static void norm_rows(const void *arg, mor4j_range rows)
{
    const head_run *run = arg;
    const int64_t h = run->head->cols;
    for (int64_t i = rows.first; i < rows.last; i++) {
        run->kernels->rmsnorm(run->x + mor4j_row(run->row_index, i) * h, run->norm, run->eps, run->normed + i * h);
        if (!mor4j_is_panels(run->head->dtype)) continue;
        char *row = (char *)run->encoded + i * mor4j_encoded_bytes(run->head->dtype, h);
        run->kernels->encode(run->normed + i * h, h, run->head->dtype, row);
    }
}

static void head_rows(const void *arg, const mor4j_team *team)
{
    const head_run *run = arg;
    mor4j_team_for(team, run->rows, mor4j_row_work(run->head->cols), true, norm_rows, run);
    const bool panels = mor4j_is_panels(run->head->dtype);
    const int64_t h = run->head->cols,
                  stride = panels ? mor4j_encoded_bytes(run->head->dtype, h) : h * (int64_t)sizeof(float);
    const mor4j_product product = {
        panels ? run->encoded : run->normed, stride, run->head, run->logits, run->head->rows, false};
    mor4j_team_products(team, run->kernels, &product, 1, run->rows);
}

/* Floats of the normed rows, a multiple of 64 bytes. */
static int64_t normed_floats(int64_t hidden, int64_t rows) { return (rows * hidden + 15) / 16 * 16; }

int64_t mor4j_head_workspace(int64_t hidden, int32_t rows)
{
    if (hidden < 1 || hidden > MOR4J_MAX_SIZE || rows < 0) return -1;
    return normed_floats(hidden, rows) + rows * mor4j_encoded_floats(hidden);
}

int32_t mor4j_head(mor4j_context *context, const mor4j_matrix *norm, const mor4j_matrix *head, float rms_eps,
                   const float *x, const int32_t *row_index, int32_t rows, float *logits, float *workspace)
{
    if (context == NULL || norm == NULL || head == NULL || rows < 0 || !(rms_eps >= 0.0f)) {
        return MOR4J_INVALID_ARGUMENT;
    }
    if (head->rows < 1 || head->rows > MOR4J_MAX_SIZE || head->cols < 1 || head->cols > MOR4J_MAX_SIZE ||
        !mor4j_matrix_is(head, head->rows, head->cols) || !mor4j_rows_matrix_is(norm, 1, head->cols)) {
        return MOR4J_INVALID_ARGUMENT;
    }
    if (rows == 0) return MOR4J_OK;
    if (x == NULL || logits == NULL || workspace == NULL || (uintptr_t)workspace % 64 != 0 ||
        !mor4j_rows_are_valid(row_index, rows)) {
        return MOR4J_INVALID_ARGUMENT;
    }
    const head_run run = {.kernels = context->kernels,
                          .norm = norm,
                          .head = head,
                          .x = x,
                          .row_index = row_index,
                          .normed = workspace,
                          .encoded = workspace + normed_floats(head->cols, rows),
                          .logits = logits,
                          .rows = rows,
                          .eps = rms_eps};
    const int64_t weights = head->rows * head->cols;
    mor4j_team_run(&context->pool, head_rows, &run, weights >= MOR4J_SPLIT_WORK ? weights : weights * rows);
    return MOR4J_OK;
}
