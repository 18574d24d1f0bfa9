/* The choice of the tokens of several rows of logits, shared out by rows. */
#include "context.h"

typedef struct choose_run {
    const mor4j_kernels *kernels;
    const float *logits;
    const mor4j_sampling *sampling;
    int32_t *tokens;
    int64_t rows, vocabulary;
} choose_run;

static void choose_rows(const void *arg, mor4j_range rows)
{
    const choose_run *run = arg;
    for (int64_t i = rows.first; i < rows.last; i++) {
        run->tokens[i] = run->kernels->choose(run->logits + i * run->vocabulary, run->vocabulary, run->sampling + i);
    }
}

static void choose(const void *arg, const mor4j_team *team)
{
    const choose_run *run = arg;
    mor4j_team_for(team, run->rows, run->vocabulary, false, choose_rows, run);
}

int32_t mor4j_choose(mor4j_context *context, const float *logits, int64_t vocabulary, const mor4j_sampling *sampling,
                     int32_t rows, int32_t *tokens)
{
    if (context == NULL || rows < 0 || vocabulary < 1 || vocabulary > MOR4J_MOST_VOCABULARY) {
        return MOR4J_INVALID_ARGUMENT;
    }
    if (rows == 0) return MOR4J_OK;
    if (logits == NULL || sampling == NULL || tokens == NULL) return MOR4J_INVALID_ARGUMENT;
    const choose_run run = {context->kernels, logits, sampling, tokens, rows, vocabulary};
    mor4j_team_run(&context->pool, choose, &run, vocabulary * rows);
    return MOR4J_OK;
}
