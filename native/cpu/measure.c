/* What the machine can do, measured with all threads of a context: for reports and benchmarks. */
#include "context.h"

#define READ_BYTES (1 << 16) /* an item of a phase  */
#define PEAK_STEPS 200000    /* of an item          */
#define PEAK_ITEMS_PER_THREAD 8
#define ITEM_WORK ((int64_t)1 << 20) /* far beyond what is not worth a thread */

typedef struct measure_run {
    const mor4j_kernels *kernels;
    const char *data;
    int64_t bytes;
    int32_t dtype, repeats;
    atomic_llong done;      /* multiply-adds */
    atomic_ullong checksum; /* so that no read is left out */
    double best;            /* units a second */
} measure_run;

static void read_parts(const void *arg, mor4j_range items)
{
    measure_run *run = (measure_run *)(uintptr_t)arg;
    const int64_t first = items.first * READ_BYTES, end = items.last * READ_BYTES;
    const uint64_t sum = run->kernels->read(run->data + first, (end < run->bytes ? end : run->bytes) - first);
    atomic_fetch_add_explicit(&run->checksum, sum, memory_order_relaxed);
}

static void multiply_parts(const void *arg, mor4j_range items)
{
    measure_run *run = (measure_run *)(uintptr_t)arg;
    for (int64_t i = items.first; i < items.last; i++) {
        const int64_t done = run->kernels->multiply_adds(run->dtype, PEAK_STEPS);
        atomic_fetch_add_explicit(&run->done, done, memory_order_relaxed);
    }
}

static void keep_best(measure_run *run, double units, int64_t start)
{
    const double rate = units * 1e9 / (double)(mor4j_nanoseconds() - start + 1);
    if (rate > run->best) run->best = rate;
}

static void read_all(const void *arg, const mor4j_team *team)
{
    measure_run *run = (measure_run *)(uintptr_t)arg;
    for (int32_t i = 0; i < run->repeats; i++) {
        const int64_t start = mor4j_nanoseconds();
        mor4j_team_for(team, (run->bytes + READ_BYTES - 1) / READ_BYTES, ITEM_WORK, true, read_parts, run);
        keep_best(run, (double)run->bytes, start);
    }
}

static void multiply_all(const void *arg, const mor4j_team *team)
{
    measure_run *run = (measure_run *)(uintptr_t)arg;
    for (int32_t i = 0; i < run->repeats; i++) {
        atomic_store(&run->done, 0);
        const int64_t start = mor4j_nanoseconds();
        mor4j_team_for(team, (int64_t)PEAK_ITEMS_PER_THREAD * team->size, ITEM_WORK, true, multiply_parts, run);
        keep_best(run, 2.0 * (double)atomic_load(&run->done), start);
    }
}

int32_t mor4j_measure_bandwidth(mor4j_context *context, const void *data, int64_t bytes, int32_t repeats,
                                double *bytes_per_second)
{
    if (context == NULL || data == NULL || (uintptr_t)data % 64 != 0 || bytes < 64 || bytes % 64 != 0 || repeats < 1 ||
        bytes_per_second == NULL) {
        return MOR4J_INVALID_ARGUMENT;
    }
    measure_run run = {.kernels = context->kernels, .data = data, .bytes = bytes, .repeats = repeats};
    mor4j_team_run(&context->pool, read_all, &run, INT64_MAX);
    *bytes_per_second = run.best;
    return MOR4J_OK;
}

int32_t mor4j_measure_peak(mor4j_context *context, int32_t dtype, int32_t repeats, double *operations_per_second)
{
    if (context == NULL || mor4j_matrix_bytes(1, 1, dtype) < 0 || repeats < 1 || operations_per_second == NULL) {
        return MOR4J_INVALID_ARGUMENT;
    }
    measure_run run = {.kernels = context->kernels, .dtype = dtype, .repeats = repeats};
    mor4j_team_run(&context->pool, multiply_all, &run, INT64_MAX);
    *operations_per_second = run.best;
    return MOR4J_OK;
}
