/*
 * Guarded ranges: a file that is cut while threads read it gives zeros and a raised flag, and nothing else; faults
 * elsewhere, and signals that were sent, go to whoever had the signal before, also when others install handlers before
 * and after us; the last range restores what was there. What ends a process is tried in a child.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

#define PAGES 8
#define READERS 4

typedef struct mapped {
    FILE *file;
    unsigned char *data;
    int64_t bytes;
} mapped;

static int64_t page(void) { return sysconf(_SC_PAGESIZE); }

static void fill(FILE *file, int64_t bytes)
{
    CHECK(ftruncate(fileno(file), 0) == 0, "ftruncate");
    unsigned char *ones = malloc((size_t)bytes);
    memset(ones, 1, (size_t)bytes);
    CHECK(pwrite(fileno(file), ones, (size_t)bytes, 0) == bytes, "pwrite");
    free(ones);
}

static mapped map_file(int64_t bytes)
{
    mapped m = {.file = tmpfile(), .bytes = bytes};
    CHECK(m.file != NULL, "tmpfile");
    fill(m.file, bytes);
    m.data = mmap(NULL, (size_t)bytes, PROT_READ, MAP_SHARED, fileno(m.file), 0);
    CHECK(m.data != MAP_FAILED, "mmap");
    return m;
}

static void cut(const mapped *m, int64_t bytes) { CHECK(ftruncate(fileno(m->file), bytes) == 0, "ftruncate"); }

static void unmap_file(mapped *m)
{
    munmap(m->data, (size_t)m->bytes);
    fclose(m->file);
}

/* A look that the compiler may not leave out. */
static unsigned char look(const unsigned char *at) { return *(const volatile unsigned char *)at; }

static struct sigaction current(void)
{
    struct sigaction action;
    CHECK(sigaction(SIGBUS, NULL, &action) == 0, "sigaction");
    return action;
}

static void test_cut(void)
{
    const struct sigaction before = current();
    mapped m = map_file(PAGES * page() - 100), other = map_file(2 * page());
    int32_t slot, other_slot;
    const int32_t *faulted, *other_faulted;
    CHECK(mor4j_guard_add(m.data, m.bytes, &slot, &faulted) == MOR4J_OK, "add");
    CHECK(mor4j_guard_add(other.data, other.bytes, &other_slot, &other_faulted) == MOR4J_OK, "add");
    CHECK(slot != other_slot && faulted != other_faulted, "one slot for two ranges");
    CHECK(look(m.data) == 1 && look(m.data + m.bytes - 1) == 1 && *faulted == 0, "untouched");
    cut(&m, 3 * page());
    CHECK(look(m.data + 2 * page()) == 1 && *faulted == 0, "what is left is read without a fault");
    errno = 77;
    CHECK(look(m.data + 5 * page()) == 0, "zeros in place of what is gone");
    CHECK(errno == 77, "errno %d", errno);
    CHECK(*faulted != 0 && *other_faulted == 0, "flags %d %d", *faulted, *other_faulted);
    CHECK(look(m.data + m.bytes - 1) == 0 && look(m.data) == 0, "zeros everywhere");
    CHECK(look(other.data) == 1, "another file");
    CHECK(mor4j_guard_remove(slot) == MOR4J_OK, "remove");
    CHECK(mor4j_guard_remove(slot) == MOR4J_INVALID_ARGUMENT, "removed twice");
    CHECK(current().sa_sigaction != before.sa_sigaction, "there is a range still");
    CHECK(mor4j_guard_add(m.data, m.bytes, &slot, &faulted) == MOR4J_OK && *faulted == 0, "a slot is new again");
    CHECK(mor4j_guard_remove(slot) == MOR4J_OK && mor4j_guard_remove(other_slot) == MOR4J_OK, "remove");
    CHECK(current().sa_sigaction == before.sa_sigaction, "restored");
    unmap_file(&m);
    unmap_file(&other);
}

static void test_arguments(void)
{
    int32_t slot, slots[MOR4J_MAX_GUARDS];
    const int32_t *faulted;
    mapped m = map_file(page());
    CHECK(mor4j_guard_add(NULL, 1, &slot, &faulted) == MOR4J_INVALID_ARGUMENT, "NULL");
    CHECK(mor4j_guard_add(m.data + 1, 1, &slot, &faulted) == MOR4J_INVALID_ARGUMENT, "no page");
    CHECK(mor4j_guard_add(m.data, 0, &slot, &faulted) == MOR4J_INVALID_ARGUMENT, "empty");
    CHECK(mor4j_guard_add(m.data, 1, NULL, &faulted) == MOR4J_INVALID_ARGUMENT, "no slot");
    CHECK(mor4j_guard_add(m.data, 1, &slot, NULL) == MOR4J_INVALID_ARGUMENT, "no flag");
    CHECK(mor4j_guard_remove(-1) == MOR4J_INVALID_ARGUMENT, "no slot");
    CHECK(mor4j_guard_remove(MOR4J_MAX_GUARDS) == MOR4J_INVALID_ARGUMENT, "no slot");
    for (int i = 0; i < MOR4J_MAX_GUARDS; i++) {
        CHECK(mor4j_guard_add(m.data, m.bytes, &slots[i], &faulted) == MOR4J_OK, "range %d", i);
    }
    CHECK(mor4j_guard_add(m.data, m.bytes, &slot, &faulted) == MOR4J_OUT_OF_MEMORY, "one too many");
    for (int i = 0; i < MOR4J_MAX_GUARDS; i++) CHECK(mor4j_guard_remove(slots[i]) == MOR4J_OK, "range %d", i);
    unmap_file(&m);
}

/* Readers that go over a file while it is cut: whoever has read a zero finds the flag up. */
typedef struct reader {
    const mapped *m;
    const int32_t *faulted;
    atomic_bool *stop;
    atomic_int *rounds;
} reader;

static void *read_all(void *arg)
{
    const reader *r = arg;
    while (!atomic_load(r->stop)) {
        bool zero = false;
        for (int64_t i = 0; i < r->m->bytes; i += 512) zero |= look(r->m->data + i) == 0;
        atomic_thread_fence(memory_order_acquire);
        CHECK(!zero || *(const volatile int32_t *)r->faulted != 0, "zeros without a flag");
        atomic_fetch_add(r->rounds, 1);
    }
    return NULL;
}

static void test_under_load(int rounds)
{
    for (int round = 0; round < rounds; round++) {
        mapped m = map_file(PAGES * page());
        int32_t slot;
        const int32_t *faulted;
        atomic_bool stop = false;
        atomic_int passes = 0;
        pthread_t threads[READERS];
        CHECK(mor4j_guard_add(m.data, m.bytes, &slot, &faulted) == MOR4J_OK, "add");
        reader r = {&m, faulted, &stop, &passes};
        for (int i = 0; i < READERS; i++) CHECK(pthread_create(&threads[i], NULL, read_all, &r) == 0, "pthread_create");
        cut(&m, round % PAGES * page());
        const int seen = atomic_load(&passes);
        /* Of so many passes one at least was begun after the cut. */
        while (atomic_load(&passes) < seen + 2 * READERS) sched_yield();
        atomic_store(&stop, true);
        for (int i = 0; i < READERS; i++) pthread_join(threads[i], NULL);
        CHECK(*faulted != 0, "nobody has seen the cut");
        CHECK(mor4j_guard_remove(slot) == MOR4J_OK, "remove");
        unmap_file(&m);
    }
}

static volatile sig_atomic_t foreign, later;
static sigjmp_buf escape;
static struct sigaction before_later;

static void foreign_handler(int signal, siginfo_t *info, void *context)
{
    (void)context;
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    CHECK(signal == SIGBUS && info != NULL, "signal %d", signal);
    CHECK(sigismember(&blocked, SIGUSR1) == 1 && sigismember(&blocked, SIGBUS) == 1, "its mask");
    foreign++;
    if (info->si_code > 0) siglongjmp(escape, 1);
}

static void later_handler(int signal, siginfo_t *info, void *context)
{
    later++;
    before_later.sa_sigaction(signal, info, context);
}

static void plain_handler(int signal)
{
    CHECK(signal == SIGBUS, "signal %d", signal);
    foreign++;
    siglongjmp(escape, 1);
}

static void fault_elsewhere(const mapped *unguarded)
{
    if (sigsetjmp(escape, 1) == 0) {
        look(unguarded->data + page());
        CHECK(false, "a fault elsewhere was swallowed");
    }
}

static void test_foreign_handlers(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO}, old;
    action.sa_sigaction = foreign_handler;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGUSR1);
    CHECK(sigaction(SIGBUS, &action, &old) == 0, "sigaction");
    mapped m = map_file(4 * page()), unguarded = map_file(4 * page());
    cut(&m, page());
    cut(&unguarded, page());
    int32_t slot;
    const int32_t *faulted;
    CHECK(mor4j_guard_add(m.data, m.bytes, &slot, &faulted) == MOR4J_OK, "add");
    fault_elsewhere(&unguarded);
    CHECK(foreign == 1 && *faulted == 0, "foreign %d", (int)foreign);
    raise(SIGBUS);
    CHECK(foreign == 2, "what is sent reaches it");
    /* One that comes after us and calls us. */
    struct sigaction after = {.sa_flags = SA_SIGINFO};
    after.sa_sigaction = later_handler;
    sigemptyset(&after.sa_mask);
    CHECK(sigaction(SIGBUS, &after, &before_later) == 0, "sigaction");
    CHECK(look(m.data + 2 * page()) == 0 && *faulted != 0 && later == 1 && foreign == 2, "ours, by way of another");
    fault_elsewhere(&unguarded);
    CHECK(later == 2 && foreign == 3, "later %d foreign %d", (int)later, (int)foreign);
    CHECK(mor4j_guard_remove(slot) == MOR4J_OK, "remove");
    CHECK(current().sa_sigaction == later_handler, "not ours to take away");
    fault_elsewhere(&unguarded);
    CHECK(later == 3 && foreign == 4, "passed on without ranges");
    /* Installed still, it serves the next range, and goes with it when it is the first again. */
    mapped next = map_file(2 * page());
    cut(&next, 0);
    CHECK(mor4j_guard_add(next.data, next.bytes, &slot, &faulted) == MOR4J_OK, "add");
    CHECK(look(next.data) == 0 && *faulted != 0 && later == 4, "a later range");
    CHECK(sigaction(SIGBUS, &before_later, NULL) == 0, "sigaction");
    CHECK(mor4j_guard_remove(slot) == MOR4J_OK, "remove");
    CHECK(current().sa_sigaction == foreign_handler, "restored");
    /* One that takes the number alone. */
    struct sigaction plain = {.sa_handler = plain_handler};
    sigemptyset(&plain.sa_mask);
    CHECK(sigaction(SIGBUS, &plain, NULL) == 0, "sigaction");
    CHECK(mor4j_guard_add(m.data, m.bytes, &slot, &faulted) == MOR4J_OK, "add");
    fault_elsewhere(&unguarded);
    CHECK(foreign == 5, "plain");
    CHECK(mor4j_guard_remove(slot) == MOR4J_OK, "remove");
    CHECK(sigaction(SIGBUS, &old, NULL) == 0, "sigaction");
    unmap_file(&m);
    unmap_file(&unguarded);
    unmap_file(&next);
}

/* The signal that ends a child which does `kind`; 0 when it ends by itself. */
static int end_of_child(int kind)
{
    fflush(NULL);
    const pid_t child = fork();
    CHECK(child >= 0, "fork");
    if (child == 0) {
        struct sigaction action = {.sa_handler = kind >= 2 ? SIG_IGN : SIG_DFL};
        sigemptyset(&action.sa_mask);
        sigaction(SIGBUS, &action, NULL); /* a sanitizer may have its own */
        mapped m = map_file(2 * page()), unguarded = map_file(2 * page());
        int32_t slot;
        const int32_t *faulted;
        cut(&unguarded, 0);
        if (mor4j_guard_add(m.data, m.bytes, &slot, &faulted) != MOR4J_OK) _exit(1);
        if (kind % 2 == 0) {
            look(unguarded.data);
        } else {
            raise(SIGBUS);
        }
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child, "waitpid");
    CHECK(WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 0), "status %d", status);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_defaults(void)
{
    CHECK(end_of_child(0) == SIGBUS, "a fault elsewhere, by default");
    CHECK(end_of_child(1) == SIGBUS, "a signal sent, by default");
    CHECK(end_of_child(2) == SIGBUS, "a fault elsewhere, ignored: that ends a process all the same");
    CHECK(end_of_child(3) == 0, "a signal sent, ignored");
}

int main(void)
{
    test_cut();
    test_arguments();
    test_under_load(is_quick() ? 10 : 50);
    test_foreign_handlers();
    test_defaults();
    printf("guard: cut files are zeros and a flag, other faults reach whoever had them before\n");
    return 0;
}
