/* Threads of a block: indices, barriers, warp operations, exits, orders, and what is reported when threads wait for
   ever. */
#include <string>

#include "device.cuh"
#include "emulated.h"
#include "support.h"

static __global__ void write_indices(uint32_t *out)
{
    await_previous_kernel();
    const uint32_t block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    const uint32_t thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    out[block * blockDim.x * blockDim.y * blockDim.z + thread] += block * 1000 + thread;
}

static void has_every_index_once()
{
    const dim3 grid(3, 2, 2), block(5, 3, 7);
    device_array<uint32_t> out(std::vector<uint32_t>(12 * 105, 7));
    CHECK_CUDA(MOR4J_LAUNCH(write_indices, grid, block, 0, nullptr, out.data()));
    const std::vector<uint32_t> got = out.download();
    for (uint32_t i = 0; i < got.size(); i++) CHECK(got[i] == 7 + i / 105 * 1000 + i % 105, "%u is %u", i, got[i]);
}

template <bool SYNC> static __global__ void reverse(int *values, int rounds)
{
    await_previous_kernel();
    MOR4J_SHARED int shared[256];
    int value = values[threadIdx.x];
    for (int i = 0; i < rounds; i++) {
        shared[threadIdx.x] = value + 1;
        if (SYNC) __syncthreads();
        value = shared[blockDim.x - 1 - threadIdx.x];
        if (SYNC) __syncthreads();
    }
    values[threadIdx.x] = value;
}

/* Whether `threads` values come back reversed `rounds` times. */
static bool reverses(void (*kernel)(int *, int), int threads, int rounds)
{
    std::vector<int> values(threads);
    for (int i = 0; i < threads; i++) values[i] = i * 10;
    device_array<int> memory(values);
    CHECK_CUDA(MOR4J_LAUNCH(kernel, 1, threads, 0, nullptr, memory.data(), rounds));
    const std::vector<int> got = memory.download();
    bool right = true;
    for (int i = 0; i < threads; i++) right &= got[i] == (rounds % 2 ? threads - 1 - i : i) * 10 + rounds;
    return right;
}

static void barriers_hold()
{
    for (int threads : {1, 31, 32, 33, 100, 256}) {
        for (int rounds : {1, 2, 5}) {
            CHECK(reverses(reverse<true>, threads, rounds), "%d threads, %d rounds", threads, rounds);
        }
    }
}

static void a_missing_barrier_shows() { CHECK(!reverses(reverse<false>, 100, 3)); }

static __global__ void predicates(int *out)
{
    await_previous_kernel();
    const int thread = threadIdx.x;
    out[thread * 4] = __syncthreads_count(thread % 3 == 0);
    out[thread * 4 + 1] = __syncthreads_or(thread == 50) * 2 + __syncthreads_or(0);
    out[thread * 4 + 2] = __syncthreads_and(thread >= 0) * 2 + __syncthreads_and(thread != 69);
    out[thread * 4 + 3] = 0;
}

static void barriers_reduce()
{
    device_array<int> out(70 * 4);
    CHECK_CUDA(MOR4J_LAUNCH(predicates, 1, 70, 0, nullptr, out.data()));
    const std::vector<int> got = out.download();
    for (int i = 0; i < 70; i++) {
        CHECK(got[i * 4] == 24 && got[i * 4 + 1] == 2 && got[i * 4 + 2] == 2, "%d: %d %d %d", i, got[i * 4],
              got[i * 4 + 1], got[i * 4 + 2]);
    }
}

static const int WARP_RESULTS = 9;

static __global__ void warp_operations(double *out)
{
    await_previous_kernel();
    const unsigned all = 0xFFFFFFFFu;
    const int lane = threadIdx.x % 32;
    double *mine = out + threadIdx.x * WARP_RESULTS;
    mine[0] = __shfl_sync(all, lane * 1.5, 7);
    mine[1] = __shfl_xor_sync(all, lane + 0.5f, 5);
    mine[2] = __shfl_up_sync(all, lane, 3);
    mine[3] = __shfl_down_sync(all, (long long)lane << 40, 4);
    mine[4] = __shfl_down_sync(all, lane, 4, 8);
    mine[5] = __ballot_sync(all, lane % 3 == 0);
    mine[6] = __any_sync(all, lane == 9) * 2 + __all_sync(all, lane == 9);
    mine[7] = __match_any_sync(all, lane % 8);
    if (lane % 2) {
        mine[8] = __shfl_sync(0xAAAAAAAAu, lane, 31);
    } else {
        mine[8] = __shfl_sync(0x55555555u, lane, 0);
        __syncwarp(0x55555555u);
    }
}

static void warps_exchange()
{
    device_array<double> out(64 * WARP_RESULTS);
    CHECK_CUDA(MOR4J_LAUNCH(warp_operations, 1, 64, 0, nullptr, out.data()));
    const std::vector<double> got = out.download();
    for (int t = 0; t < 64; t++) {
        const int lane = t % 32;
        const double want[WARP_RESULTS] = {10.5,
                                           (lane ^ 5) + 0.5,
                                           (double)(lane < 3 ? lane : lane - 3),
                                           (double)((long long)(lane + 4 < 32 ? lane + 4 : lane) << 40),
                                           (double)(lane % 8 < 4 ? lane + 4 : lane),
                                           (double)0x49249249u,
                                           2,
                                           (double)(0x01010101u << lane % 8),
                                           (double)(lane % 2 ? 31 : 0)};
        for (int i = 0; i < WARP_RESULTS; i++) {
            CHECK(got[t * WARP_RESULTS + i] == want[i], "thread %d, result %d", t, i);
        }
    }
}

static __global__ void leave_early(int *out, int staying)
{
    await_previous_kernel();
    const int thread = threadIdx.x;
    if (thread >= staying) return;
    const int present = __syncthreads_count(1);
    const unsigned ballot = __ballot_sync(0xFFFFFFFFu, 1);
    __syncthreads();
    out[thread] = present * 100 + __popc(ballot);
}

static void exited_threads_do_not_count()
{
    for (int staying : {1, 7, 32, 33, 63}) {
        device_array<int> out(64);
        CHECK_CUDA(MOR4J_LAUNCH(leave_early, 2, 64, 0, nullptr, out.data(), staying));
        const std::vector<int> got = out.download();
        for (int t = 0; t < 64; t++) {
            const int lanes = staying - t / 32 * 32 < 32 ? staying - t / 32 * 32 : 32;
            CHECK(got[t] == (t < staying ? staying * 100 + lanes : -1), "%d staying, thread %d: %d", staying, t,
                  got[t]);
        }
    }
}

static __global__ void count(unsigned *counter, int *largest, unsigned long long *sum, int *order)
{
    await_previous_kernel();
    const int thread = blockIdx.x * blockDim.x + threadIdx.x;
    order[atomicAdd(counter, 1)] = thread;
    atomicMax(largest, thread * 37 % 101);
    atomicAdd(sum, 1ull << 33);
}

static void atomics_and_orders()
{
    device_array<unsigned> counter(std::vector<unsigned>{0});
    device_array<int> largest(std::vector<int>{-5}), order(200);
    device_array<unsigned long long> sum(std::vector<unsigned long long>{1});
    for (uint32_t seed : {0u, 1u, 5u}) {
        set_order(seed);
        counter.upload({0});
        CHECK_CUDA(MOR4J_LAUNCH(count, 4, 50, 0, nullptr, counter.data(), largest.data(), sum.data(), order.data()));
        const std::vector<int> got = order.download();
        std::vector<int> sorted(200);
        bool rises = true, falls = true;
        for (int i = 0; i < 200; i++) {
            sorted[got[i]]++;
            rises &= got[i] == i;
            falls &= got[i] == 199 - i;
        }
        CHECK(sorted == std::vector<int>(200, 1));
        CHECK(rises == (seed == 0) && falls == (seed == 1), "order %u", seed);
    }
    CHECK(counter.download()[0] == 200);
    CHECK(largest.download()[0] == 100);
    CHECK(sum.download()[0] == 1 + (600ull << 33));
}

static __global__ void use_dynamic(float *out, int n)
{
    await_previous_kernel();
    MOR4J_DYNAMIC_SHARED(float, values);
    if (threadIdx.x == 0) out[0] = values[n - 1];
    __syncthreads();
    for (int i = threadIdx.x; i < n; i += blockDim.x) values[i] = i;
    __syncthreads();
    if (threadIdx.x == 0) out[1] = values[n - 1];
}

static void dynamic_shared_memory_begins_as_nan()
{
    device_array<float> out(2);
    for (int n : {1, 5, 1000}) {
        CHECK_CUDA(MOR4J_LAUNCH(use_dynamic, 3, 64, n * sizeof(float), nullptr, out.data(), n));
        const std::vector<float> got = out.download();
        CHECK(got[0] != got[0] && got[1] == n - 1, "%g %g", got[0], got[1]);
    }
}

/* kind 0: halves at different barriers; 1: a lane of the mask never comes; 2: a lane waits for others only. */
static __global__ void misuse(int kind, int *out)
{
    await_previous_kernel();
    const int thread = threadIdx.x;
    if (kind == 0) {
        if (thread < 16) {
            __syncthreads();
        } else {
            __syncthreads();
        }
    } else if (kind == 1) {
        if (thread == 3) {
            __syncthreads();
        } else {
            __syncwarp();
        }
    } else {
        __syncwarp(~(1u << thread % 32));
    }
    out[thread] = 1;
}

static void waiting_for_ever_is_reported()
{
    const char *const texts[] = {"different barriers", "for ever", "a mask without the lane"};
    for (int kind = 0; kind < 3; kind++) {
        device_array<int> out(64);
        CHECK_CUDA(MOR4J_LAUNCH(misuse, 1, 64, 0, nullptr, kind, out.data()));
        CHECK(cudaDeviceSynchronize() == cudaErrorLaunchFailure, "kind %d", kind);
        const std::string failure = mor4j_emulated_failure();
        CHECK(failure.find(texts[kind]) != std::string::npos && failure.find("misuse") == 0, "kind %d: %s", kind,
              failure.c_str());
        /* As on a device, nothing works from then on. */
        void *p = nullptr;
        CHECK(cudaMalloc(&p, 16) == cudaErrorLaunchFailure);
        CHECK(cudaGetLastError() == cudaErrorLaunchFailure);
        CHECK(MOR4J_LAUNCH(misuse, 1, 64, 0, nullptr, 0, out.data()) == cudaErrorLaunchFailure);
        mor4j_emulated_reset();
        CHECK_CUDA(cudaGetLastError());
        CHECK(reverses(reverse<true>, 100, 3));
    }
}

static __global__ void wait_but_for(unsigned thread)
{
    if (threadIdx.x != thread) await_previous_kernel();
}

/* One thread of 64 that goes ahead of the kernel before is one too many. */
static void forgotten_waits_are_noted()
{
    CHECK_CUDA(MOR4J_LAUNCH(wait_but_for, 3, 64, 0, nullptr, 64u));
    CHECK_CUDA(cudaDeviceSynchronize());
    CHECK(std::string(mor4j_emulated_unawaited()).empty());
    CHECK_CUDA(MOR4J_LAUNCH(wait_but_for, 3, 64, 0, nullptr, 7u));
    CHECK_CUDA(cudaDeviceSynchronize());
    CHECK(std::string(mor4j_emulated_unawaited()) == "wait_but_for");
    mor4j_emulated_reset();
    CHECK(std::string(mor4j_emulated_unawaited()).empty());
}

static void launches_are_checked()
{
    device_array<int> out(1);
    CHECK(MOR4J_LAUNCH(misuse, 0, 64, 0, nullptr, 0, out.data()) == cudaErrorInvalidConfiguration);
    CHECK(MOR4J_LAUNCH(misuse, 1, 1025, 0, nullptr, 0, out.data()) == cudaErrorInvalidConfiguration);
    CHECK(MOR4J_LAUNCH(misuse, 1, 0, 0, nullptr, 0, out.data()) == cudaErrorInvalidConfiguration);
    CHECK(MOR4J_LAUNCH(misuse, 1, dim3(1, 1, 65), 0, nullptr, 0, out.data()) == cudaErrorInvalidConfiguration);
    CHECK(MOR4J_LAUNCH(misuse, dim3(1, 65536), 1, 0, nullptr, 0, out.data()) == cudaErrorInvalidConfiguration);
    CHECK(MOR4J_LAUNCH(misuse, 1, 1, (48 << 10) + 1, nullptr, 0, out.data()) == cudaErrorInvalidConfiguration);
    CHECK_CUDA(cudaGetLastError());
}

int main()
{
    return run_cases({{"has_every_index_once", has_every_index_once},
                      {"barriers_hold", barriers_hold},
                      {"a_missing_barrier_shows", a_missing_barrier_shows},
                      {"barriers_reduce", barriers_reduce},
                      {"warps_exchange", warps_exchange},
                      {"exited_threads_do_not_count", exited_threads_do_not_count},
                      {"atomics_and_orders", atomics_and_orders},
                      {"dynamic_shared_memory_begins_as_nan", dynamic_shared_memory_begins_as_nan},
                      {"waiting_for_ever_is_reported", waiting_for_ever_is_reported},
                      {"forgotten_waits_are_noted", forgotten_waits_are_noted},
                      {"launches_are_checked", launches_are_checked}});
}
