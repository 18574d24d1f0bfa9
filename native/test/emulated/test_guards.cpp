/* What lies around device and shared memory: reads and writes out of bounds end the process or are reported. */
#include <signal.h>
#include <stdio.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "device.cuh"
#include "emulated.h"
#include "support.h"

#if defined(__SANITIZE_ADDRESS__)
static const bool ADDRESS_SANITIZER = true;
#elif defined(__has_feature)
static const bool ADDRESS_SANITIZER = __has_feature(address_sanitizer);
#else
static const bool ADDRESS_SANITIZER = false;
#endif

static __global__ void read_at(const float *values, int64_t index, float *out)
{
    await_previous_kernel();
    *out = values[index];
}

static __global__ void write_at(float *values, int64_t index)
{
    await_previous_kernel();
    values[index] = 3;
}

static __global__ void read_static_at(int index, float *out)
{
    await_previous_kernel();
    MOR4J_SHARED float values[64];
    values[threadIdx.x % 64] = threadIdx.x;
    __syncthreads();
    *out = values[index];
}

static __global__ void touch_dynamic_at(int index, float *out, int writes)
{
    await_previous_kernel();
    MOR4J_DYNAMIC_SHARED(float, values);
    if (writes) {
        values[index] = 1;
    } else {
        *out = values[index];
    }
}

/* Whether what a child process does ends it by a signal or a sanitizer. */
static bool crashes(void (*body)(int64_t), int64_t argument)
{
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr)) _exit(0);
        body(argument);
        _exit(0);
    }
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

/* Of 10 numbers; errors that are reported are not crashes. */
static void read_device(int64_t index)
{
    float *values = nullptr, *out = nullptr;
    if (cudaMalloc(reinterpret_cast<void **>(&values), 10 * sizeof(float)) != cudaSuccess) return;
    if (cudaMalloc(reinterpret_cast<void **>(&out), sizeof(float)) != cudaSuccess) return;
    MOR4J_LAUNCH(read_at, 1, 1, 0, nullptr, values, index, out);
    cudaDeviceSynchronize();
}

static void read_freed(int64_t index)
{
    float *values = nullptr, *out = nullptr;
    if (cudaMalloc(reinterpret_cast<void **>(&values), 10 * sizeof(float)) != cudaSuccess) return;
    if (cudaMalloc(reinterpret_cast<void **>(&out), sizeof(float)) != cudaSuccess) return;
    cudaFree(values);
    MOR4J_LAUNCH(read_at, 1, 1, 0, nullptr, values, index, out);
    cudaDeviceSynchronize();
}

static void read_static(int64_t index)
{
    float *out = nullptr;
    if (cudaMalloc(reinterpret_cast<void **>(&out), sizeof(float)) != cudaSuccess) return;
    MOR4J_LAUNCH(read_static_at, 1, 64, 0, nullptr, static_cast<int>(index), out);
    cudaDeviceSynchronize();
}

static void read_dynamic(int64_t index)
{
    float *out = nullptr;
    if (cudaMalloc(reinterpret_cast<void **>(&out), sizeof(float)) != cudaSuccess) return;
    MOR4J_LAUNCH(touch_dynamic_at, 1, 1, 40, nullptr, static_cast<int>(index), out, 0);
    cudaDeviceSynchronize();
}

static void reads_out_of_bounds_crash()
{
    CHECK(!crashes(read_device, 9) && !crashes(read_device, 0));
    CHECK(crashes(read_device, 64) && crashes(read_device, -16384));
    CHECK(crashes(read_device, 10) == ADDRESS_SANITIZER && crashes(read_device, -1) == ADDRESS_SANITIZER);
    CHECK(crashes(read_freed, 0));
    CHECK(!crashes(read_dynamic, 9) && crashes(read_dynamic, 12));
    CHECK(crashes(read_dynamic, 10) == ADDRESS_SANITIZER);
    CHECK(!crashes(read_static, 63));
    if (ADDRESS_SANITIZER) CHECK(crashes(read_static, 64));
}

/* AddressSanitizer would end the process. */
static void writes_out_of_bounds_are_reported()
{
    if (ADDRESS_SANITIZER) return;
    for (int64_t index : {10, -1}) {
        float *values = nullptr;
        CHECK_CUDA(cudaMalloc(reinterpret_cast<void **>(&values), 10 * sizeof(float)));
        CHECK_CUDA(MOR4J_LAUNCH(write_at, 1, 1, 0, nullptr, values, index));
        CHECK(cudaFree(values) == cudaErrorIllegalAddress);
        CHECK(std::string(mor4j_emulated_failure()).find("allocation of 40 bytes") != std::string::npos);
        mor4j_emulated_reset();
    }
    CHECK_CUDA(MOR4J_LAUNCH(touch_dynamic_at, 1, 1, 40, nullptr, 10, nullptr, 1));
    CHECK(cudaDeviceSynchronize() == cudaErrorLaunchFailure);
    mor4j_emulated_reset();
}

/* What arrays of the tests are surrounded by reads as NaN. */
static void arrays_are_surrounded_by_nan()
{
    device_array<float> values(std::vector<float>(5, 1.0f)), out(1);
    CHECK_CUDA(MOR4J_LAUNCH(read_at, 1, 1, 0, nullptr, values.data(), static_cast<int64_t>(-1), out.data()));
    const float got = out.download()[0];
    CHECK(got != got);
}

static void checks_of_arrays_can_fail(int64_t index)
{
    device_array<float> values(5);
    MOR4J_LAUNCH(write_at, 1, 1, 0, nullptr, values.data(), index);
    values.download();
}

static void arrays_notice_writes_around_them()
{
    CHECK(!crashes(checks_of_arrays_can_fail, 4));
    for (int64_t index : {-64, -1, 5}) CHECK(crashes(checks_of_arrays_can_fail, index));
}

int main()
{
    return run_cases({{"reads_out_of_bounds_crash", reads_out_of_bounds_crash},
                      {"writes_out_of_bounds_are_reported", writes_out_of_bounds_are_reported},
                      {"arrays_are_surrounded_by_nan", arrays_are_surrounded_by_nan},
                      {"arrays_notice_writes_around_them", arrays_notice_writes_around_them}});
}
