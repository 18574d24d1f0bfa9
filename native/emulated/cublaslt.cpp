#include <string.h>

#include "cublas.h"
#include "gemm.h"

struct cublasLtContext {};

struct cublasLtMatmulDescOpaque {
    int32_t compute;
    int32_t scale;
    int32_t pointer_mode;
    int32_t transa;
    int32_t transb;
    uint32_t epilogue;
};

struct cublasLtMatrixLayoutOpaque {
    uint32_t type;
    int32_t order;
    uint64_t rows;
    uint64_t cols;
    int64_t ld;
    int32_t batches;
};

struct cublasLtMatmulPreferenceOpaque {
    uint32_t search_mode;
    uint64_t workspace_bytes;
    uint32_t reduction_schemes;
    uint32_t alignments[4]; /* of A, B, C and D */
};

namespace mor4j_emulated {

static const uint64_t ALGORITHM = 0x6D6F72346A6C7401;
static const size_t WORKSPACE_WANTED = 4096;
static const uint32_t EPILOGUE_DEFAULT = 1;

/* Handles and descriptors are created and destroyed the same way. */
template <typename T> static cublasStatus_t create(const char *function, T **object, const T &value)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    if (!object) return CUBLAS_STATUS_INVALID_VALUE;
    const cublasStatus_t status = enter_cublas(function);
    if (status == CUBLAS_STATUS_SUCCESS) {
        *object = new T(value);
        live_objects++;
    }
    return status;
}

/* Host memory, given back whatever the call says. */
template <typename T> static cublasStatus_t destroy(const char *function, T *object)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    if (object) live_objects--;
    delete object;
    return enter_cublas(function);
}

template <typename T> static cublasStatus_t set(const char *function, T &field, const void *value, size_t bytes)
{
    if (!value || bytes != sizeof field) return CUBLAS_STATUS_INVALID_VALUE;
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    const cublasStatus_t status = enter_cublas(function);
    if (status == CUBLAS_STATUS_SUCCESS) memcpy(&field, value, sizeof field);
    return status;
}

static gemm_matrix matrix_of(const void *data, const cublasLtMatrixLayoutOpaque &layout, bool transposed)
{
    return {data,
            static_cast<cudaDataType>(layout.type),
            static_cast<int64_t>(layout.rows),
            static_cast<int64_t>(layout.cols),
            layout.ld,
            transposed};
}

static cublasStatus_t check_matmul(const cublasLtMatmulDescOpaque *desc,
                                   const cublasLtMatrixLayoutOpaque *const layouts[4], gemm &g)
{
    if (!desc) return CUBLAS_STATUS_INVALID_VALUE;
    for (int i = 0; i < 4; i++) {
        if (!layouts[i]) return CUBLAS_STATUS_INVALID_VALUE;
        if (layouts[i]->order != 0 || layouts[i]->batches != 1) return CUBLAS_STATUS_NOT_SUPPORTED;
    }
    if (desc->pointer_mode != 0 || desc->epilogue != EPILOGUE_DEFAULT || desc->scale != CUDA_R_32F) {
        return CUBLAS_STATUS_NOT_SUPPORTED;
    }
    g.a = matrix_of(g.a.data, *layouts[0], desc->transa != CUBLAS_OP_N);
    g.b = matrix_of(g.b.data, *layouts[1], desc->transb != CUBLAS_OP_N);
    g.c = matrix_of(g.c.data, *layouts[2], false);
    g.d = matrix_of(g.d.data, *layouts[3], false);
    return check_gemm(g, static_cast<cublasComputeType_t>(desc->compute));
}

/* An algorithm may count on the alignments that were asked for. */
static bool is_aligned(const cublasLtMatmulAlgo_t &algo, const void *const pointers[4], bool reads_c)
{
    for (int i = 0; i < 4; i++) {
        const uint64_t alignment = algo.data[2 + i];
        if (alignment > 1 && (i != 2 || reads_c) && reinterpret_cast<uintptr_t>(pointers[i]) % alignment != 0) {
            return false;
        }
    }
    return true;
}

} // namespace mor4j_emulated

using namespace mor4j_emulated;

cublasStatus_t cublasLtCreate(cublasLtHandle_t *lightHandle)
{
    return create(__func__, lightHandle, cublasLtContext{});
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t lightHandle) { return destroy(__func__, lightHandle); }

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *matmulDesc, cublasComputeType_t computeType,
                                        cudaDataType scaleType)
{
    return create(__func__, matmulDesc, {computeType, scaleType, 0, CUBLAS_OP_N, CUBLAS_OP_N, EPILOGUE_DEFAULT});
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t matmulDesc) { return destroy(__func__, matmulDesc); }

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t matmulDesc, cublasLtMatmulDescAttributes_t attr,
                                              const void *buf, size_t sizeInBytes)
{
    if (!matmulDesc) return CUBLAS_STATUS_INVALID_VALUE;
    switch (attr) {
    case CUBLASLT_MATMUL_DESC_COMPUTE_TYPE: return set(__func__, matmulDesc->compute, buf, sizeInBytes);
    case CUBLASLT_MATMUL_DESC_SCALE_TYPE: return set(__func__, matmulDesc->scale, buf, sizeInBytes);
    case CUBLASLT_MATMUL_DESC_POINTER_MODE: return set(__func__, matmulDesc->pointer_mode, buf, sizeInBytes);
    case CUBLASLT_MATMUL_DESC_TRANSA: return set(__func__, matmulDesc->transa, buf, sizeInBytes);
    case CUBLASLT_MATMUL_DESC_TRANSB: return set(__func__, matmulDesc->transb, buf, sizeInBytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE: return set(__func__, matmulDesc->epilogue, buf, sizeInBytes);
    }
    return CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *matLayout, cudaDataType type, uint64_t rows,
                                          uint64_t cols, int64_t ld)
{
    return create(__func__, matLayout, {static_cast<uint32_t>(type), 0, rows, cols, ld, 1});
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t matLayout) { return destroy(__func__, matLayout); }

cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t matLayout, cublasLtMatrixLayoutAttribute_t attr,
                                                const void *buf, size_t sizeInBytes)
{
    if (!matLayout) return CUBLAS_STATUS_INVALID_VALUE;
    switch (attr) {
    case CUBLASLT_MATRIX_LAYOUT_TYPE: return set(__func__, matLayout->type, buf, sizeInBytes);
    case CUBLASLT_MATRIX_LAYOUT_ORDER: return set(__func__, matLayout->order, buf, sizeInBytes);
    case CUBLASLT_MATRIX_LAYOUT_ROWS: return set(__func__, matLayout->rows, buf, sizeInBytes);
    case CUBLASLT_MATRIX_LAYOUT_COLS: return set(__func__, matLayout->cols, buf, sizeInBytes);
    case CUBLASLT_MATRIX_LAYOUT_LD: return set(__func__, matLayout->ld, buf, sizeInBytes);
    case CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT: return set(__func__, matLayout->batches, buf, sizeInBytes);
    }
    return CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *pref)
{
    return create(__func__, pref, {0, 0, 0xFFFFFFFFu, {256, 256, 256, 256}});
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t pref) { return destroy(__func__, pref); }

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t pref,
                                                    cublasLtMatmulPreferenceAttributes_t attr, const void *buf,
                                                    size_t sizeInBytes)
{
    if (!pref) return CUBLAS_STATUS_INVALID_VALUE;
    switch (attr) {
    case CUBLASLT_MATMUL_PREF_SEARCH_MODE: return set(__func__, pref->search_mode, buf, sizeInBytes);
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES: return set(__func__, pref->workspace_bytes, buf, sizeInBytes);
    case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK: return set(__func__, pref->reduction_schemes, buf, sizeInBytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
        return set(__func__, pref->alignments[attr - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES], buf, sizeInBytes);
    }
    return CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t lightHandle, cublasLtMatmulDesc_t operationDesc,
                                              cublasLtMatrixLayout_t Adesc, cublasLtMatrixLayout_t Bdesc,
                                              cublasLtMatrixLayout_t Cdesc, cublasLtMatrixLayout_t Ddesc,
                                              cublasLtMatmulPreference_t preference, int requestedAlgoCount,
                                              cublasLtMatmulHeuristicResult_t heuristicResultsArray[],
                                              int *returnAlgoCount)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    if (!lightHandle) return CUBLAS_STATUS_NOT_INITIALIZED;
    if (!preference || requestedAlgoCount < 1 || !heuristicResultsArray || !returnAlgoCount) {
        return CUBLAS_STATUS_INVALID_VALUE;
    }
    *returnAlgoCount = 0;
    cublasStatus_t status = enter_cublas(__func__);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    gemm g = {};
    const cublasLtMatrixLayoutOpaque *const layouts[] = {Adesc, Bdesc, Cdesc, Ddesc};
    status = check_matmul(operationDesc, layouts, g);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const size_t workspace = preference->workspace_bytes < WORKSPACE_WANTED ? 0 : WORKSPACE_WANTED;
    cublasLtMatmulHeuristicResult_t &result = heuristicResultsArray[0];
    memset(&result, 0, sizeof result);
    result.algo.data[0] = ALGORITHM;
    result.algo.data[1] = workspace;
    for (int i = 0; i < 4; i++) result.algo.data[2 + i] = preference->alignments[i];
    const uint32_t in_output = CUBLASLT_REDUCTION_SCHEME_INPLACE | CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE;
    result.algo.data[6] = (preference->reduction_schemes & in_output) != 0;
    result.workspaceSize = workspace;
    result.state = CUBLAS_STATUS_SUCCESS;
    result.wavesCount = 1;
    *returnAlgoCount = 1;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t lightHandle, cublasLtMatmulDesc_t computeDesc, const void *alpha,
                              const void *A, cublasLtMatrixLayout_t Adesc, const void *B, cublasLtMatrixLayout_t Bdesc,
                              const void *beta, const void *C, cublasLtMatrixLayout_t Cdesc, void *D,
                              cublasLtMatrixLayout_t Ddesc, const cublasLtMatmulAlgo_t *algo, void *workspace,
                              size_t workspaceSizeInBytes, cudaStream_t stream)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    if (!lightHandle) return CUBLAS_STATUS_NOT_INITIALIZED;
    if (!alpha || !beta || (algo && algo->data[0] != ALGORITHM)) return CUBLAS_STATUS_INVALID_VALUE;
    if (algo && algo->data[1] > workspaceSizeInBytes) return CUBLAS_STATUS_INVALID_VALUE;
    cublasStatus_t status = enter_cublas(__func__);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    gemm g = {};
    g.a.data = A;
    g.b.data = B;
    g.c.data = C;
    g.d.data = D;
    g.alpha = *static_cast<const float *>(alpha);
    g.beta = *static_cast<const float *>(beta);
    g.workspace = workspace;
    g.workspace_bytes = algo ? algo->data[1] : 0;
    g.adds_parts_as_output = algo && algo->data[6] != 0;
    const void *const pointers[] = {A, B, C, D};
    if (algo && !is_aligned(*algo, pointers, g.beta != 0)) return CUBLAS_STATUS_INVALID_VALUE;
    const cublasLtMatrixLayoutOpaque *const layouts[] = {Adesc, Bdesc, Cdesc, Ddesc};
    status = check_matmul(computeDesc, layouts, g);
    return status != CUBLAS_STATUS_SUCCESS ? status : enqueue_gemm(g, stream);
}
