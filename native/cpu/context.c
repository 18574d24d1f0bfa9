/* Contexts. */
#include "context.h"

#include <stdlib.h>

#define MAX_THREADS 1024
#define MAX_SPIN_MICROSECONDS 10000000

int32_t mor4j_context_create(int32_t isa, int32_t threads, int32_t spin_microseconds, mor4j_context **context)
{
    if (context == NULL) return MOR4J_INVALID_ARGUMENT;
    *context = NULL;
    if (isa < MOR4J_ISA_PORTABLE || isa > MOR4J_ISA_AVX512_BF16 || threads < 1 || threads > MAX_THREADS ||
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
