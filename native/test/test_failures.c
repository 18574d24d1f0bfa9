/* Every call that can fail does so once: the first allocation, the second, .. and the same for mutexes, conditions and
   threads. Each time the documented status, nothing kept, and the next try works. The linker puts the functions below
   before those of the library (--wrap). */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "support.h"

static int64_t calls, failing;              /* the call that fails, from 1; 0: none */
static int64_t memory, mutexes, conditions; /* held now */
static int64_t threads;

static bool fails(void) { return ++calls == failing; }

int __real_posix_memalign(void **made, size_t alignment, size_t size);
int __wrap_posix_memalign(void **made, size_t alignment, size_t size)
{
    if (fails()) return ENOMEM;
    memory++;
    return __real_posix_memalign(made, alignment, size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    if (fails()) return NULL;
    memory++;
    return __real_calloc(count, size);
}

void __real_free(void *made);
void __wrap_free(void *made)
{
    if (made != NULL) memory--;
    __real_free(made);
}

int __real_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *settings);
int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *settings)
{
    if (fails()) return EAGAIN;
    mutexes++;
    return __real_pthread_mutex_init(mutex, settings);
}

int __real_pthread_mutex_destroy(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    mutexes--;
    return __real_pthread_mutex_destroy(mutex);
}

int __real_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *settings);
int __wrap_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *settings)
{
    if (fails()) return EAGAIN;
    conditions++;
    return __real_pthread_cond_init(condition, settings);
}

int __real_pthread_cond_destroy(pthread_cond_t *condition);
int __wrap_pthread_cond_destroy(pthread_cond_t *condition)
{
    conditions--;
    return __real_pthread_cond_destroy(condition);
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *settings, void *(*run)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *settings, void *(*run)(void *), void *arg)
{
    if (fails()) return EAGAIN;
    threads++;
    return __real_pthread_create(thread, settings, run, arg);
}

int __real_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result)
{
    threads--;
    return __real_pthread_join(thread, result);
}

static void check_nothing_held(const char *when, int32_t of)
{
    CHECK(memory == 0 && mutexes == 0 && conditions == 0 && threads == 0,
          "%d threads, call %lld, %s: %lld pieces of memory, %lld mutexes, %lld conditions, %lld threads are held", of,
          (long long)failing, when, (long long)memory, (long long)mutexes, (long long)conditions, (long long)threads);
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
        failing = at;
        calls = 0;
        const int32_t status = mor4j_context_create(MOR4J_ISA_PORTABLE, of, 0, &context);
        const bool failed = calls >= at;
        CHECK(status == (failed ? MOR4J_OUT_OF_MEMORY : MOR4J_OK), "%d threads, call %lld: status %d", of,
              (long long)at, status);
        CHECK((context == NULL) == failed, "%d threads, call %lld: context %p", of, (long long)at, (void *)context);
        if (failed) check_nothing_held("after the failure", of);
        failing = 0;
        if (failed) CHECK(mor4j_context_create(MOR4J_ISA_PORTABLE, of, 0, &context) == MOR4J_OK, "the next try");
        check_works(context);
        mor4j_context_destroy(context);
        check_nothing_held("after destroy", of);
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
