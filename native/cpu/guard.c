/*
 * Faults in mapped files: a file that was cut, or that its disk no longer gives, is SIGBUS at the next look at it. The
 * handler knows the ranges that are guarded. It is async-signal-safe: it reads atomics, and calls mmap and sigaction.
 */
#if defined(__linux__)
#define _GNU_SOURCE /* dladdr, RTLD_NOLOAD */
#endif
#include <stddef.h>

#include "mor4j.h"

#ifdef _WIN32 /* A mapped file cannot be cut there. */

int32_t mor4j_guard_add(const void *data, int64_t bytes, int32_t *slot, const int32_t **faulted)
{
    (void)data, (void)bytes, (void)slot, (void)faulted;
    return MOR4J_UNSUPPORTED;
}

int32_t mor4j_guard_remove(int32_t slot)
{
    (void)slot;
    return MOR4J_UNSUPPORTED;
}

#else

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

/* A range is there while `begin` is not 0; `end` is whole pages. */
typedef struct guard {
    atomic_uintptr_t begin, end;
    _Atomic int32_t faulted;
} guard;

static guard guards[MOR4J_MAX_GUARDS];

/* Guarded by `mutex`, but for what the handler reads: `previous` is written while no handler of ours is in place. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int used;
static bool installed;
static struct sigaction previous;
static atomic_bool reset_previous; /* SA_RESETHAND: it was called */

static bool is_read_fault(const siginfo_t *info)
{
#ifdef __linux__
    /* Not one that somebody sent, whose address is none, nor one of alignment, which zeros do not mend. */
    return info->si_code == BUS_ADRERR || info->si_code == BUS_OBJERR || info->si_code == BUS_MCEERR_AR;
#else
    return info->si_code > 0 && info->si_code != BUS_ADRALN;
#endif
}

/* The range that `address` is in, or NULL. */
static guard *find(uintptr_t address)
{
    for (int i = 0; i < MOR4J_MAX_GUARDS; i++) {
        const uintptr_t begin = atomic_load_explicit(&guards[i].begin, memory_order_acquire);
        if (begin != 0 && address >= begin && address < atomic_load_explicit(&guards[i].end, memory_order_acquire)) {
            return &guards[i];
        }
    }
    return NULL;
}

/* Zeros in place of all of it, at once: the mapping stays one, however many pages are missing, and nobody sees pages of
   a file that is no longer the one that was opened beside zeros. */
static bool make_harmless(guard *g)
{
    const uintptr_t begin = atomic_load(&g->begin), end = atomic_load(&g->end);
    if (begin == 0) return false;
    /* First the flag: who sees a zero then sees the flag. */
    atomic_store(&g->faulted, 1);
    return mmap((void *)begin, end - begin, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1,
                0) != MAP_FAILED;
}

/* As the system would have called whoever had the signal before. */
static void pass_on(int signal, siginfo_t *info, void *context)
{
    const bool asks_for_info = (previous.sa_flags & SA_SIGINFO) != 0;
    const bool is_default = (!asks_for_info && previous.sa_handler == SIG_DFL) || atomic_load(&reset_previous);
    if (!asks_for_info && previous.sa_handler == SIG_IGN && info->si_code <= 0) return; /* sent, and ignored */
    if (is_default || (!asks_for_info && previous.sa_handler == SIG_IGN)) {
        /* A fault ends the process, ignored or not. It comes again when this returns; what was sent does not. */
        struct sigaction action = {.sa_handler = SIG_DFL};
        sigemptyset(&action.sa_mask);
        sigaction(signal, &action, NULL);
        if (info->si_code <= 0) raise(signal); /* blocked until the handler has returned */
        return;
    }
    if ((previous.sa_flags & SA_RESETHAND) != 0) atomic_store(&reset_previous, true);
    sigset_t mask = previous.sa_mask, before;
    if ((previous.sa_flags & SA_NODEFER) == 0) sigaddset(&mask, signal);
    pthread_sigmask(SIG_BLOCK, &mask, &before);
    if ((previous.sa_flags & SA_NODEFER) != 0 && !sigismember(&previous.sa_mask, signal)) {
        sigset_t own;
        sigemptyset(&own);
        sigaddset(&own, signal);
        pthread_sigmask(SIG_UNBLOCK, &own, NULL);
    }
    if (asks_for_info) {
        previous.sa_sigaction(signal, info, context);
    } else {
        previous.sa_handler(signal);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void handle(int signal, siginfo_t *info, void *context)
{
    const int error = errno;
    guard *g = is_read_fault(info) ? find((uintptr_t)info->si_addr) : NULL;
    if (g == NULL || !make_harmless(g)) pass_on(signal, info, context);
    errno = error;
}

static bool is_ours(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) != 0 && action->sa_sigaction == handle;
}

/* Known before it is needed: the system writes the old action only after the new one is in place. */
static bool install(void)
{
    if (installed) return true;
    if (sigaction(SIGBUS, NULL, &previous) != 0) return false;
    atomic_store(&reset_previous, false);
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    action.sa_sigaction = handle;
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGBUS, &action, NULL) != 0) return false;
    installed = true;
    return true;
}

/* Our code must not be unloaded any more: somebody has its address. */
static void stay_loaded(void)
{
#ifdef RTLD_NODELETE
    Dl_info info;
    if (dladdr((void *)(uintptr_t)handle, &info) != 0 && info.dli_fname != NULL) {
        dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
    }
#endif
}

static void uninstall(void)
{
    struct sigaction current;
    if (sigaction(SIGBUS, NULL, &current) == 0 && is_ours(&current) && sigaction(SIGBUS, &previous, NULL) == 0) {
        installed = false;
    } else {
        stay_loaded();
    }
}

int32_t mor4j_guard_add(const void *data, int64_t bytes, int32_t *slot, const int32_t **faulted)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (uintptr_t)data;
    if (begin == 0 || begin % page != 0 || bytes < 1 || slot == NULL || faulted == NULL) return MOR4J_INVALID_ARGUMENT;
    int32_t status = MOR4J_OUT_OF_MEMORY;
    pthread_mutex_lock(&mutex);
    for (int i = 0; i < MOR4J_MAX_GUARDS && status == MOR4J_OUT_OF_MEMORY; i++) {
        guard *g = &guards[i];
        if (atomic_load(&g->begin) != 0) continue;
        if (!install()) {
            status = MOR4J_UNSUPPORTED;
            break;
        }
        atomic_store(&g->faulted, 0);
        atomic_store(&g->end, begin + ((uintptr_t)bytes + page - 1) / page * page);
        atomic_store(&g->begin, begin);
        used++;
        *slot = i;
        *faulted = (const int32_t *)&g->faulted;
        status = MOR4J_OK;
    }
    pthread_mutex_unlock(&mutex);
    return status;
}

int32_t mor4j_guard_remove(int32_t slot)
{
    if (slot < 0 || slot >= MOR4J_MAX_GUARDS) return MOR4J_INVALID_ARGUMENT;
    pthread_mutex_lock(&mutex);
    const bool there = atomic_load(&guards[slot].begin) != 0;
    if (there) {
        atomic_store(&guards[slot].begin, 0);
        if (--used == 0) uninstall();
    }
    pthread_mutex_unlock(&mutex);
    return there ? MOR4J_OK : MOR4J_INVALID_ARGUMENT;
}

#endif
