/* Every call that can fail does so once: the first allocation, the second, .. and the same for mutexes, conditions and
   threads. Each time the documented status, nothing kept, and the next try works. */
#include <stdio.h>

#include "failing.h"
#include "support.h"

static void check_nothing_held(const char *when, int32_t of, int64_t call)
{
    const int64_t memory = mor4j_failing_memory(), mutexes = mor4j_failing_mutexes();
    const int64_t conditions = mor4j_failing_conditions(), threads = mor4j_failing_threads();
    CHECK(memory == 0 && mutexes == 0 && conditions == 0 && threads == 0,
          "%d threads, call %lld, %s: %lld pieces of memory, %lld mutexes, %lld conditions, %lld threads are held", of,
          (long long)call, when, (long long)memory, (long long)mutexes, (long long)conditions, (long long)threads);
}

/* A pass of the context, to see that its threads work. */
static void check_works(mor4j_context *context)
{
    const int32_t ids[3] = {2, 0, 1};
    const float rows[3] = {5, 6, 7};
    const mor4j_matrix table = {.data = rows, .rows = 3, .cols = 1, .dtype = MOR4J_F32};
    float x[3] = {0};
    CHECK(mor4j_embed(context, &table, ids, NULL, 3, x) == MOR4J_OK && x[0] == 7 && x[1] == 5 && x[2] == 6, "embed");
}

/* The number of calls that a context of `of` threads makes. */
static int64_t test_context(int32_t of)
{
    for (int64_t at = 1;; at++) {
        mor4j_context *context = NULL;
        mor4j_failing_arm(at);
        const int32_t status = mor4j_context_create(MOR4J_ISA_PORTABLE, of, 0, &context);
        const bool failed = mor4j_failing_failed() != NULL;
        CHECK(status == (failed ? MOR4J_OUT_OF_MEMORY : MOR4J_OK), "%d threads, call %lld: status %d", of,
              (long long)at, status);
        CHECK((context == NULL) == failed, "%d threads, call %lld: context %p", of, (long long)at, (void *)context);
        if (failed) check_nothing_held("after the failure", of, at);
        mor4j_failing_arm(0);
        if (failed) CHECK(mor4j_context_create(MOR4J_ISA_PORTABLE, of, 0, &context) == MOR4J_OK, "the next try");
        check_works(context);
        mor4j_context_destroy(context);
        check_nothing_held("after destroy", of, at);
        if (!failed) return at - 1;
    }
}

int main(void)
{
    const int64_t alone = test_context(1), together = test_context(5);
    /* The context; with threads also their list, a mutex, a condition, and each of the four. */
    CHECK(alone == 1 && together == 8, "%lld and %lld calls were made to fail, expected 1 and 8", (long long)alone,
          (long long)together);
    printf("every call that fails is reported, keeps nothing and spoils nothing\n");
    return 0;
}
