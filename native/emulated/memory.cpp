#include <map>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "emulated.h"
#include "guarded.h"

namespace mor4j_emulated {

static const size_t ALIGNMENT = 256; /* as CUDA promises */

typedef std::map<const unsigned char *, guarded_memory> allocations; /* by their first byte */

static allocations device_memory;
static allocations pinned_memory;
static uint64_t allocated_bytes;
static uint64_t memory_limit; /* 0: by the environment */

static uint64_t total_memory()
{
    if (memory_limit > 0) return memory_limit;
    const char *text = getenv("MOR4J_EMULATED_MEMORY");
    const unsigned long long bytes = text ? strtoull(text, nullptr, 10) : 0;
    return bytes > 0 ? bytes : 4ull << 30;
}

static bool lies_in(const allocations &all, const void *p, size_t bytes)
{
    const unsigned char *first = static_cast<const unsigned char *>(p);
    auto entry = all.upper_bound(first);
    if (entry == all.begin()) return false;
    --entry;
    const size_t offset = static_cast<size_t>(first - entry->first);
    return offset <= entry->second.bytes && bytes <= entry->second.bytes - offset;
}

bool is_device(const void *p, size_t bytes) { return lies_in(device_memory, p, bytes); }
bool is_pinned(const void *p, size_t bytes) { return lies_in(pinned_memory, p, bytes); }

static cudaError_t allocate(allocations &all, void **p, size_t bytes)
{
    if (!p) return cudaErrorInvalidValue;
    *p = nullptr;
    if (bytes == 0) return cudaSuccess;
    guarded_memory memory;
    if (!guarded_allocate(bytes, ALIGNMENT, memory)) return cudaErrorMemoryAllocation;
    guarded_fill(memory);
    all[memory.data] = memory;
    *p = memory.data;
    return cudaSuccess;
}

/* Both kinds of memory are given back when nothing that is queued can use them. */
static cudaError_t release(allocations &all, void *p)
{
    if (!p) return cudaSuccess;
    const auto entry = all.find(static_cast<unsigned char *>(p));
    if (entry == all.end()) return cudaErrorInvalidValue;
    cudaError_t error = run_all();
    if (error == cudaSuccess && !guarded_intact(entry->second)) {
        set_failure("written right before or after an allocation of " + std::to_string(entry->second.bytes) + " bytes");
        error = poison(cudaErrorIllegalAddress);
    }
    if (&all == &device_memory) allocated_bytes -= entry->second.bytes;
    guarded_free(entry->second);
    all.erase(entry);
    return error;
}

/* Which sides of a copy are on the device. */
static cudaError_t check_copy(const void *to, const void *from, size_t bytes, cudaMemcpyKind kind, bool &to_device,
                              bool &from_device)
{
    if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault) return cudaErrorInvalidMemcpyDirection;
    to_device = kind == cudaMemcpyDefault ? is_device(to, 0)
                                          : kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    from_device = kind == cudaMemcpyDefault ? is_device(from, 0)
                                            : kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    if (to_device ? !is_device(to, bytes) : is_device(to, 1)) return cudaErrorInvalidValue;
    if (from_device ? !is_device(from, bytes) : is_device(from, 1)) return cudaErrorInvalidValue;
    return cudaSuccess;
}

static work copy_work(void *to, const void *from, size_t bytes, bool to_device, bool from_device)
{
    return [=]() {
        /* A graph may be launched when the memory is gone. */
        if ((to_device && !is_device(to, bytes)) || (from_device && !is_device(from, bytes))) {
            return cudaErrorIllegalAddress;
        }
        memmove(to, from, bytes);
        return cudaSuccess;
    };
}

/*
 * Pinned host memory is read and written when the copy is executed. Pageable memory is read before the call returns,
 * and written by the time it returns: the runtime stages it.
 */
static cudaError_t copy_async(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t handle)
{
    const std::shared_ptr<stream> s = find_stream(handle);
    if (!s) return cudaErrorInvalidResourceHandle;
    if (bytes == 0) return cudaSuccess;
    bool to_device, from_device;
    const cudaError_t error = check_copy(to, from, bytes, kind, to_device, from_device);
    if (error != cudaSuccess) return error;
    if (!s->capture && !from_device && !is_pinned(from, bytes)) {
        const auto staged = std::make_shared<std::vector<unsigned char>>(
            static_cast<const unsigned char *>(from), static_cast<const unsigned char *>(from) + bytes);
        const work copy = copy_work(to, staged->data(), bytes, to_device, false);
        return enqueue(s, [staged, copy]() { return copy(); });
    }
    uint64_t number = 0;
    const cudaError_t enqueued = enqueue(s, copy_work(to, from, bytes, to_device, from_device), &number);
    if (enqueued != cudaSuccess || s->capture || to_device || is_pinned(to, bytes)) return enqueued;
    return run_until(s, number);
}

} // namespace mor4j_emulated

using namespace mor4j_emulated;

cudaError_t cudaMalloc(void **devPtr, size_t size)
{
    return api(__func__, [&]() {
        const cudaError_t error = check_no_capture();
        if (error != cudaSuccess) return error;
        if (size > total_memory() || allocated_bytes > total_memory() - size) return cudaErrorMemoryAllocation;
        const cudaError_t result = allocate(device_memory, devPtr, size);
        if (result == cudaSuccess) allocated_bytes += size;
        return result;
    });
}

cudaError_t cudaFree(void *devPtr)
{
    return api(__func__, [&]() {
        const cudaError_t error = check_no_capture();
        return error != cudaSuccess ? error : release(device_memory, devPtr);
    });
}

cudaError_t cudaHostAlloc(void **pHost, size_t size, unsigned int)
{
    return api(__func__, [&]() {
        const cudaError_t error = check_no_capture();
        return error != cudaSuccess ? error : allocate(pinned_memory, pHost, size);
    });
}

cudaError_t cudaFreeHost(void *ptr)
{
    return api(__func__, [&]() {
        const cudaError_t error = check_no_capture();
        return error != cudaSuccess ? error : release(pinned_memory, ptr);
    });
}

cudaError_t cudaMemcpyAsync(void *dst, const void *src, size_t count, cudaMemcpyKind kind, cudaStream_t stream)
{
    return api(__func__, [&]() { return copy_async(dst, src, count, kind, stream); });
}

cudaError_t cudaMemcpy(void *dst, const void *src, size_t count, cudaMemcpyKind kind)
{
    return api(__func__, [&]() {
        const cudaError_t error = copy_async(dst, src, count, kind, nullptr);
        return error != cudaSuccess ? error : run_until(find_stream(nullptr), UINT64_MAX);
    });
}

cudaError_t cudaMemsetAsync(void *devPtr, int value, size_t count, cudaStream_t stream)
{
    return api(__func__, [&]() {
        const auto s = find_stream(stream);
        if (!s) return cudaErrorInvalidResourceHandle;
        if (count == 0) return cudaSuccess;
        if (!is_device(devPtr, count)) return cudaErrorInvalidValue;
        return enqueue(s, [=]() {
            if (!is_device(devPtr, count)) return cudaErrorIllegalAddress;
            memset(devPtr, value, count);
            return cudaSuccess;
        });
    });
}

cudaError_t cudaMemGetInfo(size_t *free, size_t *total)
{
    return api(__func__, [&]() {
        if (!free || !total) return cudaErrorInvalidValue;
        *total = total_memory();
        *free = *total > allocated_bytes ? *total - allocated_bytes : 0;
        return cudaSuccess;
    });
}

void mor4j_emulated_set_memory_limit(uint64_t bytes)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    memory_limit = bytes;
}

void mor4j_emulated_free_memory(void)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    for (allocations *all : {&device_memory, &pinned_memory}) {
        for (auto &entry : *all) guarded_free(entry.second);
        all->clear();
    }
    allocated_bytes = 0;
}

uint64_t mor4j_emulated_allocated_bytes(void)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    return allocated_bytes;
}

uint64_t mor4j_emulated_live_allocations(void)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    return device_memory.size() + pinned_memory.size();
}
