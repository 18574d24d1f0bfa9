/*
 * Controls of the emulated device, for tests. Libraries for a device do not have them.
 */
#ifndef MOR4J_EMULATED_H
#define MOR4J_EMULATED_H

#include <stdint.h>

#include "cuda_runtime_api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* In which order threads and blocks take turns: 0 forward, 1 backward, else the seed of a random order. */
MOR4J_EMULATED_API void mor4j_emulated_set_order(uint32_t order);

/* Bytes of device memory; 0 goes back to the environment variable MOR4J_EMULATED_MEMORY, or 4 GiB. */
MOR4J_EMULATED_API void mor4j_emulated_set_memory_limit(uint64_t bytes);
MOR4J_EMULATED_API uint64_t mor4j_emulated_allocated_bytes(void);
/* Of device memory and of pinned host memory. */
MOR4J_EMULATED_API uint64_t mor4j_emulated_live_allocations(void);
/* Streams, events, graphs, handles and descriptors that were not destroyed. */
MOR4J_EMULATED_API uint64_t mor4j_emulated_live_objects(void);

/* Kernels executed so far, those of graphs included. */
MOR4J_EMULATED_API uint64_t mor4j_emulated_launches(void);

/*
 * The last kernel of which not every thread waited, once, for the kernels before it (await_previous_kernel), or an
 * empty text. Here it makes no difference; a device might run it beside them.
 */
MOR4J_EMULATED_API const char *mor4j_emulated_unawaited(void);

/*
 * The next call of a function of the runtime, cuBLAS or cuBLASLt does nothing but return the code, as do the next
 * launch ("launch") and the next execution of one ("execute"). A code that poisons a device's context does so here.
 */
MOR4J_EMULATED_API void mor4j_emulated_fail_next(const char *function, int32_t code);

/*
 * The calls first, first + 1, .. last, counted from now on and from 1, do nothing but return the code, a cudaError_t.
 * Calls are those of mor4j_emulated_fail_next, launches and executions among them; cuBLAS has its own code for it. What
 * returns an error that poisons the device is no call.
 */
MOR4J_EMULATED_API void mor4j_emulated_fail_calls(uint64_t first, uint64_t last, int32_t code);
/* Calls since then, and before mor4j_emulated_reset; the function of one of them, from 1, or an empty text. */
MOR4J_EMULATED_API uint64_t mor4j_emulated_calls(void);
MOR4J_EMULATED_API const char *mor4j_emulated_called(uint64_t call);

/* What the kernel did that failed last, or an empty text. Valid until the next failure. */
MOR4J_EMULATED_API const char *mor4j_emulated_failure(void);

/* Frees all memory, for what gave none back because the device had failed; nobody may use it any more. */
MOR4J_EMULATED_API void mor4j_emulated_free_memory(void);

/* Forgets failures, drops what was queued and captures under way. Allocations, streams and events stay. */
MOR4J_EMULATED_API void mor4j_emulated_reset(void);

#ifdef __cplusplus
}
#endif

#endif
