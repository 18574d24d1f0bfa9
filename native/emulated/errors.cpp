#include <map>
#include <string.h>

#include "device.h"
#include "emulated.h"

namespace mor4j_emulated {

static cudaError_t sticky = cudaSuccess;
static thread_local cudaError_t last = cudaSuccess;
static std::map<std::string, cudaError_t> requested;
static bool counting;
static std::vector<const char *> called; /* while counting */
static uint64_t first_failing, last_failing;
static cudaError_t failing_code;
static std::string failure;
uint64_t live_objects;

std::recursive_mutex &device_lock()
{
    static std::recursive_mutex *lock = new std::recursive_mutex(); /* outlives every thread */
    return *lock;
}

static bool is_sticky(cudaError_t error)
{
    return (error >= cudaErrorIllegalAddress && error <= cudaErrorLaunchFailure &&
            error != cudaErrorLaunchOutOfResources) ||
           error == cudaErrorECCUncorrectable;
}

cudaError_t poisoned() { return sticky; }

cudaError_t poison(cudaError_t error)
{
    if (sticky == cudaSuccess && is_sticky(error)) sticky = error;
    return error;
}

cudaError_t injected_by_number(const char *function)
{
    if (!counting) return cudaSuccess;
    called.push_back(function);
    return called.size() < first_failing || called.size() > last_failing ? cudaSuccess : failing_code;
}

cudaError_t injected_by_name(const char *function)
{
    const auto entry = requested.find(function);
    if (entry == requested.end()) return cudaSuccess;
    const cudaError_t code = entry->second;
    requested.erase(entry);
    return code;
}

cudaError_t injected(const char *function)
{
    const cudaError_t error = injected_by_number(function);
    return error != cudaSuccess ? error : injected_by_name(function);
}

cudaError_t enter(const char *function) { return sticky != cudaSuccess ? sticky : poison(injected(function)); }

cudaError_t leave(cudaError_t error)
{
    if (error != cudaSuccess) last = error;
    return error;
}

void set_failure(const std::string &text) { failure = text; }

struct error_text {
    cudaError_t code;
    const char *name;
    const char *text;
};

/* clang-format off */
#define MOR4J_ERROR(name, text) {name, #name, text}
/* clang-format on */
static const error_text TEXTS[] = {
    MOR4J_ERROR(cudaSuccess, "no error"),
    MOR4J_ERROR(cudaErrorInvalidValue, "invalid argument"),
    MOR4J_ERROR(cudaErrorMemoryAllocation, "out of memory"),
    MOR4J_ERROR(cudaErrorInitializationError, "initialization error"),
    MOR4J_ERROR(cudaErrorInvalidConfiguration, "invalid configuration argument"),
    MOR4J_ERROR(cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy"),
    MOR4J_ERROR(cudaErrorInsufficientDriver, "CUDA driver version is insufficient for CUDA runtime version"),
    MOR4J_ERROR(cudaErrorNoDevice, "no CUDA-capable device is detected"),
    MOR4J_ERROR(cudaErrorInvalidDevice, "invalid device ordinal"),
    MOR4J_ERROR(cudaErrorNoKernelImageForDevice, "no kernel image is available for execution on the device"),
    MOR4J_ERROR(cudaErrorECCUncorrectable, "uncorrectable ECC error encountered"),
    MOR4J_ERROR(cudaErrorInvalidResourceHandle, "invalid resource handle"),
    MOR4J_ERROR(cudaErrorIllegalState, "the operation cannot be performed in the present state"),
    MOR4J_ERROR(cudaErrorNotReady, "device not ready"),
    MOR4J_ERROR(cudaErrorIllegalAddress, "an illegal memory access was encountered"),
    MOR4J_ERROR(cudaErrorLaunchOutOfResources, "too many resources requested for launch"),
    MOR4J_ERROR(cudaErrorLaunchTimeout, "the launch timed out and was terminated"),
    MOR4J_ERROR(cudaErrorAssert, "device-side assert triggered"),
    MOR4J_ERROR(cudaErrorHardwareStackError, "hardware stack error"),
    MOR4J_ERROR(cudaErrorIllegalInstruction, "an illegal instruction was encountered"),
    MOR4J_ERROR(cudaErrorMisalignedAddress, "misaligned address"),
    MOR4J_ERROR(cudaErrorInvalidAddressSpace, "operation not supported on global/shared address space"),
    MOR4J_ERROR(cudaErrorInvalidPc, "invalid program counter"),
    MOR4J_ERROR(cudaErrorLaunchFailure, "unspecified launch failure"),
    MOR4J_ERROR(cudaErrorNotSupported, "operation not supported"),
    MOR4J_ERROR(cudaErrorStreamCaptureUnsupported, "operation not permitted when stream is capturing"),
    MOR4J_ERROR(cudaErrorStreamCaptureInvalidated, "operation failed due to a previous error during capture"),
    MOR4J_ERROR(cudaErrorStreamCaptureMerge, "operation would result in a merge of separate capture sequences"),
    MOR4J_ERROR(cudaErrorStreamCaptureUnmatched, "capture was not ended in the same stream as it began"),
    MOR4J_ERROR(cudaErrorStreamCaptureUnjoined, "capturing stream has unjoined work"),
    MOR4J_ERROR(cudaErrorStreamCaptureIsolation, "dependency created on uncaptured work in another stream"),
    MOR4J_ERROR(cudaErrorStreamCaptureImplicit,
                "operation would make the legacy stream depend on a capturing blocking stream"),
    MOR4J_ERROR(cudaErrorCapturedEvent, "operation not permitted on an event last recorded in a capturing stream"),
    MOR4J_ERROR(cudaErrorStreamCaptureWrongThread,
                "attempt to terminate a thread-local capture sequence from another thread"),
    MOR4J_ERROR(cudaErrorUnknown, "unknown error"),
};
#undef MOR4J_ERROR

static const error_text *find_text(cudaError_t error)
{
    for (const error_text &text : TEXTS) {
        if (text.code == error) return &text;
    }
    return nullptr;
}

} // namespace mor4j_emulated

using namespace mor4j_emulated;

const char *cudaGetErrorName(cudaError_t error)
{
    const error_text *text = find_text(error);
    return text ? text->name : "unrecognized error code";
}

const char *cudaGetErrorString(cudaError_t error)
{
    const error_text *text = find_text(error);
    return text ? text->text : "unrecognized error code";
}

cudaError_t cudaPeekAtLastError(void)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    return sticky != cudaSuccess ? sticky : last;
}

cudaError_t cudaGetLastError(void)
{
    const cudaError_t error = cudaPeekAtLastError();
    last = cudaSuccess;
    return error;
}

void mor4j_emulated_fail_next(const char *function, int32_t code)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    requested[function] = static_cast<cudaError_t>(code);
}

void mor4j_emulated_fail_calls(uint64_t first, uint64_t last, int32_t code)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    counting = true;
    called.clear();
    first_failing = first;
    last_failing = last;
    failing_code = static_cast<cudaError_t>(code);
}

uint64_t mor4j_emulated_calls(void)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    return called.size();
}

const char *mor4j_emulated_called(uint64_t call)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    return call > 0 && call <= called.size() ? called[call - 1] : "";
}

uint64_t mor4j_emulated_live_objects(void)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    return live_objects;
}

const char *mor4j_emulated_failure(void)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    return failure.c_str();
}

void mor4j_emulated_reset(void)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    sticky = cudaSuccess;
    last = cudaSuccess;
    requested.clear();
    counting = false;
    failure.clear();
    drop_queues();
    forget_unawaited();
}
