#include "cublas.h"

#include <algorithm>
#include <string.h>

#include "gemm.h"

struct cublasContext {
    cudaStream_t stream;
    void *workspace;
    size_t workspace_bytes;
    cublasMath_t math;
};

namespace mor4j_emulated {

static const int CUBLAS_VERSION = 130101;
static const size_t WORKSPACE_USED = 4096; /* of what it is given: whoever shares it without waiting will see */

static std::vector<std::unique_ptr<cublasContext>> handles;

static std::vector<std::unique_ptr<cublasContext>>::iterator find(cublasHandle_t handle)
{
    return std::find_if(handles.begin(), handles.end(), [=](const auto &h) { return h.get() == handle; });
}

template <typename F> static cublasStatus_t with_handle(const char *function, cublasHandle_t handle, F body)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    if (find(handle) == handles.end()) return CUBLAS_STATUS_NOT_INITIALIZED;
    const cublasStatus_t status = enter_cublas(function);
    return status != CUBLAS_STATUS_SUCCESS ? status : body();
}

struct status_text {
    cublasStatus_t code;
    const char *name;
    const char *text;
};

static const status_text TEXTS[] = {
    {CUBLAS_STATUS_SUCCESS, "CUBLAS_STATUS_SUCCESS", "success"},
    {CUBLAS_STATUS_NOT_INITIALIZED, "CUBLAS_STATUS_NOT_INITIALIZED", "the library was not initialized"},
    {CUBLAS_STATUS_ALLOC_FAILED, "CUBLAS_STATUS_ALLOC_FAILED", "the resource allocation failed"},
    {CUBLAS_STATUS_INVALID_VALUE, "CUBLAS_STATUS_INVALID_VALUE",
     "an unsupported value or parameter was passed to the function"},
    {CUBLAS_STATUS_ARCH_MISMATCH, "CUBLAS_STATUS_ARCH_MISMATCH", "the device architecture lacks a required feature"},
    {CUBLAS_STATUS_MAPPING_ERROR, "CUBLAS_STATUS_MAPPING_ERROR", "an access to GPU memory space failed"},
    {CUBLAS_STATUS_EXECUTION_FAILED, "CUBLAS_STATUS_EXECUTION_FAILED", "the GPU program failed to execute"},
    {CUBLAS_STATUS_INTERNAL_ERROR, "CUBLAS_STATUS_INTERNAL_ERROR", "an internal operation failed"},
    {CUBLAS_STATUS_NOT_SUPPORTED, "CUBLAS_STATUS_NOT_SUPPORTED", "the functionality requested is not supported"},
    {CUBLAS_STATUS_LICENSE_ERROR, "CUBLAS_STATUS_LICENSE_ERROR", "the functionality requested requires some license"},
};

static const status_text *find_text(cublasStatus_t status)
{
    for (const status_text &text : TEXTS) {
        if (text.code == status) return &text;
    }
    return nullptr;
}

} // namespace mor4j_emulated

using namespace mor4j_emulated;

const char *cublasGetStatusName(cublasStatus_t status)
{
    const status_text *text = find_text(status);
    return text ? text->name : "CUBLAS_STATUS_UNKNOWN";
}

const char *cublasGetStatusString(cublasStatus_t status)
{
    const status_text *text = find_text(status);
    return text ? text->text : "unknown status";
}

cublasStatus_t cublasCreate_v2(cublasHandle_t *handle)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    if (!handle) return CUBLAS_STATUS_INVALID_VALUE;
    const cublasStatus_t status = enter_cublas(__func__);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    handles.emplace_back(new cublasContext{nullptr, nullptr, 0, CUBLAS_DEFAULT_MATH});
    *handle = handles.back().get();
    live_objects++;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy_v2(cublasHandle_t handle)
{
    return with_handle(__func__, handle, [&]() {
        handles.erase(find(handle));
        live_objects--;
        return CUBLAS_STATUS_SUCCESS;
    });
}

cublasStatus_t cublasGetVersion_v2(cublasHandle_t, int *version)
{
    if (!version) return CUBLAS_STATUS_INVALID_VALUE;
    *version = CUBLAS_VERSION;
    return CUBLAS_STATUS_SUCCESS;
}

size_t cublasLtGetVersion(void) { return CUBLAS_VERSION; }

cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t streamId)
{
    return with_handle(__func__, handle, [&]() {
        handle->stream = streamId;
        handle->workspace = nullptr; /* a new stream goes back to the library's own */
        handle->workspace_bytes = 0;
        return CUBLAS_STATUS_SUCCESS;
    });
}

cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void *workspace, size_t workspaceSizeInBytes)
{
    return with_handle(__func__, handle, [&]() {
        if (workspaceSizeInBytes > 0 && !is_device(workspace, workspaceSizeInBytes)) return CUBLAS_STATUS_INVALID_VALUE;
        handle->workspace = workspace;
        handle->workspace_bytes = workspaceSizeInBytes;
        return CUBLAS_STATUS_SUCCESS;
    });
}

cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode)
{
    return with_handle(__func__, handle, [&]() {
        if (mode != CUBLAS_DEFAULT_MATH && mode != CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION) {
            return CUBLAS_STATUS_NOT_SUPPORTED;
        }
        handle->math = mode;
        return CUBLAS_STATUS_SUCCESS;
    });
}

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n,
                            int k, const void *alpha, const void *A, cudaDataType Atype, int lda, const void *B,
                            cudaDataType Btype, int ldb, const void *beta, void *C, cudaDataType Ctype, int ldc,
                            cublasComputeType_t computeType, cublasGemmAlgo_t)
{
    return with_handle(__func__, handle, [&]() {
        if (!alpha || !beta || transa < CUBLAS_OP_N || transa > CUBLAS_OP_C || transb < CUBLAS_OP_N ||
            transb > CUBLAS_OP_C) {
            return CUBLAS_STATUS_INVALID_VALUE;
        }
        const bool a = transa != CUBLAS_OP_N, b = transb != CUBLAS_OP_N;
        gemm g;
        g.a = {A, Atype, a ? k : m, a ? m : k, lda, a};
        g.b = {B, Btype, b ? n : k, b ? k : n, ldb, b};
        g.c = g.d = {C, Ctype, m, n, ldc, false};
        g.alpha = *static_cast<const float *>(alpha);
        g.beta = *static_cast<const float *>(beta);
        g.workspace = handle->workspace;
        g.workspace_bytes = std::min(handle->workspace_bytes, WORKSPACE_USED);
        g.adds_parts_as_output = handle->math == CUBLAS_DEFAULT_MATH;
        const cublasStatus_t status = check_gemm(g, computeType);
        return status != CUBLAS_STATUS_SUCCESS ? status : enqueue_gemm(g, handle->stream);
    });
}
