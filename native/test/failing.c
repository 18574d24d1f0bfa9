#include "failing.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

static _Atomic int64_t calls, failing;
static const char *_Atomic failed;
static _Atomic int64_t memory, mutexes, conditions, threads; /* held now */

void mor4j_failing_arm(int64_t call)
{
    failing = call;
    calls = 0;
    failed = NULL;
}

int64_t mor4j_failing_calls(void) { return calls; }
const char *mor4j_failing_failed(void) { return failed; }
int64_t mor4j_failing_memory(void) { return memory; }
int64_t mor4j_failing_mutexes(void) { return mutexes; }
int64_t mor4j_failing_conditions(void) { return conditions; }
int64_t mor4j_failing_threads(void) { return threads; }

static bool fails(const char *function)
{
    if (++calls != failing) return false;
    failed = function;
    return true;
}

int __real_posix_memalign(void **made, size_t alignment, size_t size);
int __wrap_posix_memalign(void **made, size_t alignment, size_t size)
{
    if (fails("posix_memalign")) return ENOMEM;
    memory++;
    return __real_posix_memalign(made, alignment, size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    if (fails("calloc")) return NULL;
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
    if (fails("pthread_mutex_init")) return EAGAIN;
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
    if (fails("pthread_cond_init")) return EAGAIN;
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
    if (fails("pthread_create")) return EAGAIN;
    threads++;
    return __real_pthread_create(thread, settings, run, arg);
}

int __real_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result)
{
    threads--;
    return __real_pthread_join(thread, result);
}

int __real_sigaction(int signal, const struct sigaction *action, struct sigaction *before);
int __wrap_sigaction(int signal, const struct sigaction *action, struct sigaction *before)
{
    if (fails("sigaction")) {
        errno = EPERM;
        return -1;
    }
    return __real_sigaction(signal, action, before);
}
