/* Contexts, and the choice of kernels by what this CPU and its operating system can run. */
#include "context.h"

#include <stdlib.h>

#define MAX_THREADS 1024
#define MAX_SPIN_MICROSECONDS 10000000

/* __builtin_cpu_supports also asks (xgetbv) whether the system saves the wide registers. */
const mor4j_kernels *mor4j_kernels_of(int32_t isa)
{
    if (isa == MOR4J_ISA_PORTABLE) return &mor4j_table_portable;
#ifdef MOR4J_X86
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (isa == MOR4J_ISA_AVX2 && avx2) return &mor4j_table_avx2;
    if (isa == MOR4J_ISA_AVX512 && avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
        return &mor4j_table_avx512;
    }
#endif
    return NULL;
}

int32_t mor4j_best_isa(void)
{
    int32_t isa = MOR4J_ISA_AVX512;
    while (mor4j_kernels_of(isa) == NULL) isa--;
    return isa;
}

int32_t mor4j_context_create(int32_t isa, int32_t threads, int32_t spin_microseconds, mor4j_context **context)
{
    if (context == NULL) return MOR4J_INVALID_ARGUMENT;
    *context = NULL;
    if (isa < MOR4J_ISA_PORTABLE || isa > MOR4J_ISA_AVX512 || threads < 1 || threads > MAX_THREADS ||
        spin_microseconds < 0 || spin_microseconds > MAX_SPIN_MICROSECONDS) {
        return MOR4J_INVALID_ARGUMENT;
    }
    const mor4j_kernels *kernels = mor4j_kernels_of(isa);
    if (kernels == NULL) return MOR4J_UNSUPPORTED;
    void *memory = NULL;
    if (posix_memalign(&memory, _Alignof(mor4j_context), sizeof(mor4j_context)) != 0) return MOR4J_OUT_OF_MEMORY;
    mor4j_context *made = memory;
    made->kernels = kernels;
    const int32_t status = mor4j_pool_start(&made->pool, threads, spin_microseconds);
    if (status != MOR4J_OK) {
        free(made);
        return status;
    }
    *context = made;
    return MOR4J_OK;
}

void mor4j_context_destroy(mor4j_context *context)
{
    if (context == NULL) return;
    mor4j_pool_stop(&context->pool);
    free(context);
}

bool mor4j_matrix_is(const mor4j_matrix *matrix, int64_t rows, int64_t cols)
{
    return matrix->data != NULL && matrix->rows == rows && matrix->cols == cols &&
           (matrix->dtype == MOR4J_F32 || matrix->dtype == MOR4J_BF16);
}

bool mor4j_rows_are_valid(const int32_t *row_index, int32_t rows)
{
    for (int32_t i = 0; row_index != NULL && i < rows; i++) {
        if (row_index[i] < 0) return false;
    }
    return true;
}
