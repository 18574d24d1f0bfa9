#include "block.h"
#include "cuda_emulation.h"
#include "device.h"
#include "emulated.h"

namespace mor4j_emulated {

static uint64_t launches;
static std::string unawaited;

void forget_unawaited() { unawaited.clear(); }

static bool is_valid(dim3 grid, dim3 block, size_t shared_bytes)
{
    const uint64_t threads = (uint64_t)block.x * block.y * block.z;
    return grid.x > 0 && grid.y > 0 && grid.z > 0 && grid.x <= 0x7FFFFFFF && grid.y <= 0xFFFF && grid.z <= 0xFFFF &&
           threads > 0 && threads <= MAX_BLOCK_THREADS && block.x <= MAX_BLOCK_THREADS &&
           block.y <= MAX_BLOCK_THREADS && block.z <= 64 && shared_bytes <= MAX_DYNAMIC_SHARED;
}

static cudaError_t execute(const std::string &name, kernel_call &call, dim3 grid, dim3 block, size_t shared_bytes)
{
    const cudaError_t error = injected("execute");
    if (error != cudaSuccess) return error;
    launches++;
    std::string failure;
    if (run_grid(call, grid, block, shared_bytes, failure)) {
        const uint64_t threads = (uint64_t)block.x * block.y * block.z;
        if (awaits() != (uint64_t)grid.x * grid.y * grid.z * threads) unawaited = name;
        return cudaSuccess;
    }
    set_failure(name + ": " + failure);
    return cudaErrorLaunchFailure;
}

cudaError_t enqueue_kernel(const char *name, std::shared_ptr<kernel_call> call, dim3 grid, dim3 block,
                           size_t shared_bytes, void *stream)
{
    api("launch", [&]() {
        if (!is_valid(grid, block, shared_bytes)) return cudaErrorInvalidConfiguration;
        const auto s = find_stream(static_cast<cudaStream_t>(stream));
        if (!s) return cudaErrorInvalidResourceHandle;
        const std::string kernel = name;
        return enqueue(s, [=]() { return execute(kernel, *call, grid, block, shared_bytes); });
    });
    return cudaGetLastError();
}

} // namespace mor4j_emulated

uint64_t mor4j_emulated_launches(void)
{
    std::lock_guard<std::recursive_mutex> lock(mor4j_emulated::device_lock());
    return mor4j_emulated::launches;
}

const char *mor4j_emulated_unawaited(void)
{
    std::lock_guard<std::recursive_mutex> lock(mor4j_emulated::device_lock());
    return mor4j_emulated::unawaited.c_str();
}

void mor4j_emulated_set_order(uint32_t order)
{
    std::lock_guard<std::recursive_mutex> lock(mor4j_emulated::device_lock());
    mor4j_emulated::set_order(order);
}
