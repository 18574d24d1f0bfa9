#include "device.h"

#include <string.h>

#include "block.h"

namespace mor4j_emulated {

static const int CUDA_VERSION = 13000;

struct attribute {
    cudaDeviceAttr name;
    int value;
};

/* Those of the smallest device that kernels are built for (8.0), with few processors so that grids need several
   waves. */
static const attribute ATTRIBUTES[] = {
    {cudaDevAttrMaxThreadsPerBlock, MAX_BLOCK_THREADS},
    {cudaDevAttrMaxBlockDimX, MAX_BLOCK_THREADS},
    {cudaDevAttrMaxBlockDimY, MAX_BLOCK_THREADS},
    {cudaDevAttrMaxBlockDimZ, 64},
    {cudaDevAttrMaxGridDimX, 0x7FFFFFFF},
    {cudaDevAttrMaxGridDimY, 0xFFFF},
    {cudaDevAttrMaxGridDimZ, 0xFFFF},
    {cudaDevAttrMaxSharedMemoryPerBlock, MAX_DYNAMIC_SHARED},
    {cudaDevAttrWarpSize, 32},
    {cudaDevAttrClockRate, 1000000},
    {cudaDevAttrMultiProcessorCount, 4},
    {cudaDevAttrIntegrated, 0},
    {cudaDevAttrMemoryClockRate, 1000000},
    {cudaDevAttrGlobalMemoryBusWidth, 256},
    {cudaDevAttrL2CacheSize, 4 << 20},
    {cudaDevAttrMaxThreadsPerMultiProcessor, 2048},
    {cudaDevAttrUnifiedAddressing, 1},
    {cudaDevAttrComputeCapabilityMajor, 8},
    {cudaDevAttrComputeCapabilityMinor, 0},
    {cudaDevAttrMaxSharedMemoryPerMultiprocessor, 164 << 10},
    {cudaDevAttrMaxSharedMemoryPerBlockOptin, 163 << 10},
};

} // namespace mor4j_emulated

using namespace mor4j_emulated;

cudaError_t cudaGetDeviceCount(int *count)
{
    return api(__func__, [&]() {
        if (!count) return cudaErrorInvalidValue;
        *count = 1;
        return cudaSuccess;
    });
}

cudaError_t cudaGetDevice(int *device)
{
    return api(__func__, [&]() {
        if (!device) return cudaErrorInvalidValue;
        *device = 0;
        return cudaSuccess;
    });
}

cudaError_t cudaSetDevice(int device)
{
    return api(__func__, [&]() { return device == 0 ? cudaSuccess : cudaErrorInvalidDevice; });
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *prop, int device)
{
    return api(__func__, [&]() {
        if (!prop) return cudaErrorInvalidValue;
        if (device != 0) return cudaErrorInvalidDevice;
        memset(prop->name, 0, sizeof prop->name);
        strcpy(prop->name, "mor4j emulated device");
        return cudaSuccess;
    });
}

cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attr, int device)
{
    return api(__func__, [&]() {
        if (!value) return cudaErrorInvalidValue;
        if (device != 0) return cudaErrorInvalidDevice;
        for (const attribute &a : ATTRIBUTES) {
            if (a.name != attr) continue;
            *value = a.value;
            return cudaSuccess;
        }
        return cudaErrorInvalidValue;
    });
}

cudaError_t cudaDriverGetVersion(int *driverVersion)
{
    return api(__func__, [&]() {
        if (!driverVersion) return cudaErrorInvalidValue;
        *driverVersion = CUDA_VERSION;
        return cudaSuccess;
    });
}

cudaError_t cudaRuntimeGetVersion(int *runtimeVersion)
{
    return api(__func__, [&]() {
        if (!runtimeVersion) return cudaErrorInvalidValue;
        *runtimeVersion = CUDA_VERSION;
        return cudaSuccess;
    });
}
