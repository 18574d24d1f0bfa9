/*
 * CUDA for the host's C++ compiler: what device.cuh includes in place of CUDA's headers. Kernels become functions that
 * run once per thread, on fibers (block.cpp), when their stream is waited for (stream.cpp).
 */
#ifndef MOR4J_CUDA_EMULATION_H
#define MOR4J_CUDA_EMULATION_H

#include <memory>
#include <tuple>
#include <utility>

#include "barriers.h"
#include "block.h"
#include "cuda_runtime_api.h"
#include "device_math.h"
#include "numbers.h"
#include "types.h"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))

/* Blocks run one after the other, so one place for all of them. */
#define MOR4J_SHARED static
#define MOR4J_DYNAMIC_SHARED(type, name) type *name = static_cast<type *>(mor4j_emulated::dynamic_shared())
#define MOR4J_LAUNCH(kernel, grid, block, shared, stream, ...) \
    mor4j_emulated::launch(#kernel, (kernel), (grid), (block), (shared), (stream), __VA_ARGS__)

/* Kernels run one after the other here; only who forgets to wait is noted (mor4j_emulated_unawaited). */
inline void await_previous_kernel() { mor4j_emulated::note_await(); }
inline void prefetch(const void *) {}

namespace mor4j_emulated {

template <typename... P> struct bound_kernel final : kernel_call {
    void (*kernel)(P...);
    std::tuple<P...> arguments;

    template <typename... A>
    explicit bound_kernel(void (*k)(P...), A &&...a) : kernel(k), arguments(std::forward<A>(a)...)
    {}
    void run() override { std::apply(kernel, arguments); }
};

#pragma GCC visibility push(hidden)
/* Enqueues; as on a device the result is that of cudaGetLastError, so an older error shows up here. */
cudaError_t enqueue_kernel(const char *name, std::shared_ptr<kernel_call> call, dim3 grid, dim3 block,
                           size_t shared_bytes, void *stream);
#pragma GCC visibility pop

template <typename... P, typename... A>
cudaError_t launch(const char *name, void (*kernel)(P...), dim3 grid, dim3 block, size_t shared, void *stream, A &&...a)
{
    return enqueue_kernel(name, std::make_shared<bound_kernel<P...>>(kernel, std::forward<A>(a)...), grid, block,
                          shared, stream);
}

} // namespace mor4j_emulated

#endif
