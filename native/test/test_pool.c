/* Threads: many callers on one context at once get the bits of one caller; contexts come and go. */
#include <pthread.h>
#include <stdio.h>

#include "model.h"

#define CALLERS 4

typedef struct caller {
    const model *m;
    const model_run *want;
    mor4j_context *context;
    uint64_t seed;
} caller;

static void *call(void *arg)
{
    const caller *c = arg;
    for (uint64_t i = 0; i < 6; i++) {
        model_run run = start_run(c->m);
        run_passes(c->m, &run, c->context, i % 2 == 0 ? run.rows : 12, i % 2 == 0 ? 0 : c->seed + i);
        check_same_run(c->m, c->want, &run, "called from several threads");
        free_run(c->m, &run);
    }
    return NULL;
}

static void test_callers(const model *m, int32_t threads, int32_t spin)
{
    mor4j_context *context;
    pthread_t callers[CALLERS];
    caller args[CALLERS];
    CHECK(mor4j_context_create(mor4j_best_isa(), threads, spin, &context) == MOR4J_OK, "context");
    model_run want = start_run(m);
    run_passes(m, &want, context, want.rows, 0);
    for (int i = 0; i < CALLERS; i++) {
        args[i] = (caller){m, &want, context, 1000 + 100 * (uint64_t)i};
        CHECK(pthread_create(&callers[i], NULL, call, &args[i]) == 0, "pthread_create");
    }
    for (int i = 0; i < CALLERS; i++) pthread_join(callers[i], NULL);
    free_run(m, &want);
    mor4j_context_destroy(context);
}

int main(void)
{
    model m = make_model(7, (mor4j_shape){96, 6, 2, 16, 131, 1e-5f, 16, 0}, 33, 21);
    for (int32_t threads = 1; threads <= 4; threads++) {
        for (int32_t spin = 0; spin <= 100; spin += 100) test_callers(&m, threads, spin);
    }
    for (int i = 0; i < 300; i++) {
        mor4j_context *context;
        CHECK(mor4j_context_create(i % 3, 1 + i % 4, i % 2 * 50, &context) == (i % 3 <= mor4j_best_isa() ? MOR4J_OK : MOR4J_UNSUPPORTED),
              "context %d", i);
        if (i % 10 == 0 && context != NULL) {
            model_run run = start_run(&m);
            run_passes(&m, &run, context, run.rows, 0);
            free_run(&m, &run);
        }
        mor4j_context_destroy(context);
    }
    free_model(&m);
    printf("threads: same bits from many callers, contexts come and go\n");
    return 0;
}
