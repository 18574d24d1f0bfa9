/* The emulated runtime: work that waits to be waited for, events, memory and its limit, errors that tests ask for. */
#include <string.h>
#include <thread>

#include "cublas.h"
#include "device.cuh"
#include "emulated.h"
#include "support.h"

static __global__ void add(float *values, int n, float amount)
{
    await_previous_kernel();
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) values[i] += amount;
}

/* Four floats in pinned memory. */
struct pinned {
    float *values;
    explicit pinned(float value)
    {
        CHECK_CUDA(cudaHostAlloc(reinterpret_cast<void **>(&values), 16, cudaHostAllocDefault));
        for (int i = 0; i < 4; i++) values[i] = value;
    }
    ~pinned() { CHECK_CUDA(cudaFreeHost(values)); }
};

struct stream_owner {
    cudaStream_t handle;
    explicit stream_owner(unsigned flags = cudaStreamNonBlocking)
    {
        CHECK_CUDA(cudaStreamCreateWithFlags(&handle, flags));
    }
    ~stream_owner() { CHECK_CUDA(cudaStreamDestroy(handle)); }
};

struct event_owner {
    cudaEvent_t handle;
    explicit event_owner(unsigned flags = cudaEventDefault) { CHECK_CUDA(cudaEventCreateWithFlags(&handle, flags)); }
    ~event_owner() { CHECK_CUDA(cudaEventDestroy(handle)); }
};

static const cudaMemcpyKind UP = cudaMemcpyHostToDevice;
static const cudaMemcpyKind DOWN = cudaMemcpyDeviceToHost;

static void work_is_done_when_waited_for()
{
    stream_owner stream;
    pinned in(1), out(-1);
    device_array<float> memory(4);
    const uint64_t before = launches();
    CHECK_CUDA(cudaMemcpyAsync(memory.data(), in.values, 16, UP, stream.handle));
    CHECK_CUDA(MOR4J_LAUNCH(add, 1, 4, 0, stream.handle, memory.data(), 4, 10.0f));
    CHECK_CUDA(cudaMemcpyAsync(out.values, memory.data(), 16, DOWN, stream.handle));
    CHECK(out.values[0] == -1 && launches() == before, "nothing waited");
    in.values[2] = 5; /* too early: the copy will see it */
    CHECK_CUDA(cudaStreamSynchronize(stream.handle));
    CHECK(out.values[0] == 11 && out.values[2] == 15 && launches() == before + 1, "%g %g", out.values[0],
          out.values[2]);
    CHECK_CUDA(cudaMemsetAsync(memory.data(), 0, 8, stream.handle));
    const std::vector<float> got = memory.download();
    CHECK(got[0] == 0 && got[1] == 0 && got[2] == 15);
}

static void pageable_memory_is_staged()
{
    stream_owner stream;
    float values[4] = {1, 2, 3, 4};
    device_array<float> memory(4);
    CHECK_CUDA(cudaMemcpyAsync(memory.data(), values, 16, UP, stream.handle));
    memset(values, 0, sizeof values);
    CHECK_CUDA(cudaMemcpyAsync(values, memory.data(), 16, DOWN, stream.handle));
    CHECK(values[3] == 4);
}

static void streams_wait_for_events_only()
{
    stream_owner first, second;
    event_owner event, later;
    pinned out(-1);
    device_array<float> memory(std::vector<float>(4, 0));
    CHECK_CUDA(MOR4J_LAUNCH(add, 1, 4, 0, first.handle, memory.data(), 4, 1.0f));
    CHECK_CUDA(cudaEventRecord(event.handle, first.handle));
    CHECK_CUDA(MOR4J_LAUNCH(add, 1, 4, 0, first.handle, memory.data(), 4, 10.0f));
    CHECK_CUDA(cudaMemcpyAsync(out.values, memory.data(), 16, DOWN, second.handle));
    CHECK_CUDA(cudaStreamSynchronize(second.handle));
    CHECK(out.values[0] == 0, "a stream waited for another: %g", out.values[0]);
    CHECK_CUDA(cudaStreamWaitEvent(second.handle, event.handle, 0));
    CHECK_CUDA(cudaMemcpyAsync(out.values, memory.data(), 16, DOWN, second.handle));
    CHECK_CUDA(cudaEventRecord(later.handle, second.handle));
    CHECK(cudaEventQuery(later.handle) == cudaErrorNotReady);
    CHECK(cudaGetLastError() == cudaErrorNotReady && cudaEventQuery(later.handle) == cudaSuccess);
    CHECK(out.values[0] == 1, "%g", out.values[0]);
    float milliseconds = -1;
    CHECK_CUDA(cudaEventElapsedTime(&milliseconds, event.handle, later.handle));
    CHECK(milliseconds >= 0);
    CHECK_CUDA(cudaDeviceSynchronize());
    CHECK(memory.download()[3] == 11);
}

static void the_null_stream_waits_for_blocking_streams()
{
    for (unsigned flags : {cudaStreamDefault, cudaStreamNonBlocking}) {
        stream_owner stream(flags);
        pinned out(-1);
        device_array<float> memory(std::vector<float>(4, 0));
        CHECK_CUDA(MOR4J_LAUNCH(add, 1, 4, 0, stream.handle, memory.data(), 4, 1.0f));
        CHECK_CUDA(cudaMemcpyAsync(out.values, memory.data(), 16, DOWN, nullptr));
        CHECK_CUDA(cudaStreamSynchronize(nullptr));
        CHECK(out.values[0] == (flags == cudaStreamDefault ? 1 : 0), "flags %u: %g", flags, out.values[0]);
        CHECK_CUDA(cudaStreamSynchronize(stream.handle));
    }
}

static void memory_has_a_limit()
{
    void *a = nullptr, *b = nullptr;
    const uint64_t before = mor4j_emulated_allocated_bytes();
    mor4j_emulated_set_memory_limit(before + 1000);
    size_t free = 0, total = 0;
    CHECK_CUDA(cudaMalloc(&a, 600));
    CHECK_CUDA(cudaMemGetInfo(&free, &total));
    CHECK(free == 400 && total == before + 1000 && mor4j_emulated_allocated_bytes() == before + 600);
    CHECK(cudaMalloc(&b, 401) == cudaErrorMemoryAllocation && !b);
    CHECK(cudaGetLastError() == cudaErrorMemoryAllocation && cudaGetLastError() == cudaSuccess);
    CHECK_CUDA(cudaMalloc(&b, 400));
    CHECK(reinterpret_cast<uintptr_t>(a) % 256 == 0 && reinterpret_cast<uintptr_t>(b) % 256 == 0);
    CHECK(cudaFree(static_cast<char *>(a) + 16) == cudaErrorInvalidValue);
    CHECK_CUDA(cudaFree(a));
    CHECK(cudaFree(a) == cudaErrorInvalidValue);
    CHECK_CUDA(cudaFree(b));
    CHECK_CUDA(cudaFree(nullptr));
    mor4j_emulated_set_memory_limit(0);
    CHECK(cudaGetLastError() == cudaErrorInvalidValue);
}

static void copies_stay_in_allocations()
{
    device_array<float> memory(4);
    float values[8] = {};
    const size_t rest = 16 + 4;
    CHECK(cudaMemcpy(memory.data(), values, rest, UP) == cudaErrorInvalidValue);
    CHECK(cudaMemcpy(values, memory.data(), rest, DOWN) == cudaErrorInvalidValue);
    CHECK(cudaMemcpy(values, memory.data(), 16, UP) == cudaErrorInvalidValue);
    CHECK(cudaMemcpy(memory.data(), values, 16, cudaMemcpyDeviceToDevice) == cudaErrorInvalidValue);
    CHECK(cudaMemsetAsync(memory.data(), 0, rest, nullptr) == cudaErrorInvalidValue);
    CHECK_CUDA(cudaMemcpy(memory.data(), values, 16, cudaMemcpyDefault));
    CHECK(cudaGetLastError() == cudaErrorInvalidValue && memory.download()[3] == 0);
}

static void asked_for_errors_come_once()
{
    void *p = nullptr;
    mor4j_emulated_fail_next("cudaMalloc", cudaErrorMemoryAllocation);
    CHECK(cudaMalloc(&p, 16) == cudaErrorMemoryAllocation);
    cudaGetLastError();
    CHECK_CUDA(cudaMalloc(&p, 16));
    /* An error of a launch that was enqueued well comes with what waits for it, and stays. */
    mor4j_emulated_fail_next("execute", cudaErrorIllegalAddress);
    CHECK_CUDA(MOR4J_LAUNCH(add, 1, 1, 0, nullptr, static_cast<float *>(p), 1, 1.0f));
    CHECK(cudaStreamSynchronize(nullptr) == cudaErrorIllegalAddress);
    CHECK(cudaFree(p) == cudaErrorIllegalAddress && cudaGetLastError() == cudaErrorIllegalAddress);
    mor4j_emulated_reset();
    CHECK_CUDA(cudaFree(p));
    mor4j_emulated_fail_next("launch", cudaErrorLaunchOutOfResources);
    CHECK(MOR4J_LAUNCH(add, 1, 1, 0, nullptr, nullptr, 0, 1.0f) == cudaErrorLaunchOutOfResources);
}

static void calls_fail_by_their_number()
{
    cudaEvent_t event;
    cublasLtHandle_t handle;
    const uint64_t objects = mor4j_emulated_live_objects();
    mor4j_emulated_fail_calls(2, 3, cudaErrorMemoryAllocation);
    CHECK_CUDA(cudaEventCreateWithFlags(&event, cudaEventDefault));
    CHECK(mor4j_emulated_live_objects() == objects + 1);
    CHECK(cudaEventDestroy(event) == cudaErrorMemoryAllocation);
    CHECK(cublasLtCreate(&handle) == CUBLAS_STATUS_ALLOC_FAILED);
    CHECK_CUDA(cudaEventDestroy(event));
    CHECK(mor4j_emulated_live_objects() == objects);
    CHECK(mor4j_emulated_calls() == 4 && std::string(mor4j_emulated_called(3)) == "cublasLtCreate");
    CHECK(std::string(mor4j_emulated_called(5)).empty());
    mor4j_emulated_fail_calls(1, UINT64_MAX, cudaErrorInvalidValue);
    for (int i = 0; i < 3; i++) CHECK(cudaEventCreateWithFlags(&event, cudaEventDefault) == cudaErrorInvalidValue);
    mor4j_emulated_reset();
    CHECK_CUDA(cudaGetLastError());
}

/* As on a device: a launch gives the last error, whoever made it. */
static void older_errors_show_at_launches()
{
    cudaFree(reinterpret_cast<void *>(4096));
    CHECK(MOR4J_LAUNCH(add, 1, 1, 0, nullptr, nullptr, 0, 1.0f) == cudaErrorInvalidValue);
    CHECK_CUDA(MOR4J_LAUNCH(add, 1, 1, 0, nullptr, nullptr, 0, 1.0f));
}

static void threads_may_call_at_once()
{
    std::vector<std::thread> threads;
    device_array<float> memory(std::vector<float>(4 * 64, 0));
    for (int t = 0; t < 4; t++) {
        threads.emplace_back([&memory, t]() {
            stream_owner stream;
            for (int i = 0; i < 50; i++) {
                CHECK_CUDA(MOR4J_LAUNCH(add, 2, 32, 0, stream.handle, memory.data() + t * 64, 64, 1.0f));
                if (i % 7 == 0) CHECK_CUDA(cudaStreamSynchronize(stream.handle));
            }
        });
    }
    for (std::thread &thread : threads) thread.join();
    CHECK_CUDA(cudaDeviceSynchronize());
    expect_equal("sums", memory.download(), std::vector<float>(4 * 64, 50));
}

int main()
{
    return run_cases({{"work_is_done_when_waited_for", work_is_done_when_waited_for},
                      {"pageable_memory_is_staged", pageable_memory_is_staged},
                      {"streams_wait_for_events_only", streams_wait_for_events_only},
                      {"the_null_stream_waits_for_blocking_streams", the_null_stream_waits_for_blocking_streams},
                      {"memory_has_a_limit", memory_has_a_limit},
                      {"copies_stay_in_allocations", copies_stay_in_allocations},
                      {"asked_for_errors_come_once", asked_for_errors_come_once},
                      {"calls_fail_by_their_number", calls_fail_by_their_number},
                      {"older_errors_show_at_launches", older_errors_show_at_launches},
                      {"threads_may_call_at_once", threads_may_call_at_once}});
}
