#include "gemm.h"

#include <string.h>

#include "numbers.h"

namespace mor4j_emulated {

static size_t number_bytes(cudaDataType type) { return type == CUDA_R_32F ? 4 : 2; }

static size_t extent_bytes(const gemm_matrix &m)
{
    return m.rows == 0 || m.cols == 0 ? 0 : static_cast<size_t>((m.cols - 1) * m.ld + m.rows) * number_bytes(m.type);
}

static float read_number(const gemm_matrix &m, int64_t i)
{
    if (m.type == CUDA_R_32F) return static_cast<const float *>(m.data)[i];
    if (m.type == CUDA_R_16BF) return to_float(static_cast<const bf16_t *>(m.data)[i]);
    return to_float(static_cast<const f16_t *>(m.data)[i]);
}

static void write_number(const gemm_matrix &m, int64_t i, float value)
{
    void *data = const_cast<void *>(m.data);
    if (m.type == CUDA_R_32F) {
        static_cast<float *>(data)[i] = value;
    } else if (m.type == CUDA_R_16BF) {
        static_cast<bf16_t *>(data)[i] = mor4j_to_bf16(value);
    } else {
        static_cast<f16_t *>(data)[i] = mor4j_to_f16(value);
    }
}

static float rounded(cudaDataType type, float value)
{
    return type == CUDA_R_32F    ? value
           : type == CUDA_R_16BF ? to_float(mor4j_to_bf16(value))
                                 : to_float(mor4j_to_f16(value));
}

static int64_t op_rows(const gemm_matrix &m) { return m.transposed ? m.cols : m.rows; }
static int64_t op_cols(const gemm_matrix &m) { return m.transposed ? m.rows : m.cols; }

/* op(M) column-major, with columns padded to a multiple of the tile. */
static const int64_t TILE
= 32;

static std::vector<float> unpack(const gemm_matrix &m, int64_t padded_rows)
{
    std::vector<float> numbers(static_cast<size_t>(padded_rows * op_cols(m)));
    for (int64_t col = 0; col < m.cols; col++) {
        for (int64_t row = 0; row < m.rows; row++) {
            const int64_t at = m.transposed ? row * padded_rows + col : col * padded_rows + row;
            numbers[at] = read_number(m, col * m.ld + row);
        }
    }
    return numbers;
}

/*
 * Each output is one sum in the order of k, whatever the shape, products and sums rounded by themselves; or two halves
 * of it, where they may be added in the output's type.
 */
static void multiply(const gemm &g)
{
    const int64_t m = op_rows(g.a), n = op_cols(g.b), k = op_cols(g.a);
    const int64_t padded = (m + TILE - 1) / TILE
    *TILE;
    const std::vector<float> a = unpack(g.a, padded);
    const std::vector<float> b = unpack(g.b, k);
    for (int64_t first = 0; first < m; first += TILE) {
        for (int64_t col = 0; col < n; col++) {
            float sums[TILE] = {}, halves[TILE] = {};
            for (int64_t i = 0; i < k; i++) {
                if (g.adds_parts_as_output && i == k / 2) {
                    for (int64_t row = 0; row < TILE; row++) halves[row] = rounded(g.d.type, sums[row]), sums[row] = 0;
                }
                const float *part = &a[i * padded + first];
                const float factor = b[col * k + i];
                for (int64_t row = 0; row < TILE; row++) sums[row] += part[row] * factor;
            }
            const int64_t rows = m - first < TILE
            ? m - first : TILE;
            for (int64_t row = 0; row < rows; row++) {
                float value =
                    g.alpha * (g.adds_parts_as_output ? halves[row] + rounded(g.d.type, sums[row]) : sums[row]);
                if (g.beta != 0) value += g.beta * read_number(g.c, col * g.c.ld + first + row);
                write_number(g.d, col * g.d.ld + first + row, value);
            }
        }
    }
}

static bool is_live(const gemm_matrix &m) { return extent_bytes(m) == 0 || is_device(m.data, extent_bytes(m)); }

static cudaError_t execute(const gemm &g)
{
    if (!is_live(g.a) || !is_live(g.b) || !is_live(g.d) || (g.beta != 0 && !is_live(g.c))) {
        return cudaErrorIllegalAddress;
    }
    if (g.workspace_bytes > 0) {
        if (!is_device(g.workspace, g.workspace_bytes)) return cudaErrorIllegalAddress;
        memset(g.workspace, 0xFF, g.workspace_bytes);
    }
    multiply(g);
    return cudaSuccess;
}

static bool is_type(cudaDataType type) { return type == CUDA_R_32F || type == CUDA_R_16F || type == CUDA_R_16BF; }

static bool is_compute(cublasComputeType_t compute, cudaDataType type)
{
    if (compute == CUBLAS_COMPUTE_32F || compute == CUBLAS_COMPUTE_32F_PEDANTIC) return true;
    return type == CUDA_R_32F && (compute == CUBLAS_COMPUTE_32F_FAST_16F || compute == CUBLAS_COMPUTE_32F_FAST_16BF ||
                                  compute == CUBLAS_COMPUTE_32F_FAST_TF32);
}

cublasStatus_t check_gemm(const gemm &g, cublasComputeType_t compute)
{
    for (const gemm_matrix *m : {&g.a, &g.b, &g.c, &g.d}) {
        if (m->rows < 0 || m->cols < 0 || m->ld < m->rows || m->ld < 1) return CUBLAS_STATUS_INVALID_VALUE;
        if (!is_type(m->type)) return CUBLAS_STATUS_NOT_SUPPORTED;
    }
    if (op_cols(g.a) != op_rows(g.b) || g.d.rows != op_rows(g.a) || g.d.cols != op_cols(g.b) || g.c.rows != g.d.rows ||
        g.c.cols != g.d.cols) {
        return CUBLAS_STATUS_INVALID_VALUE;
    }
    if (g.a.type != g.b.type || g.c.type != g.d.type || (g.d.type != g.a.type && g.d.type != CUDA_R_32F)) {
        return CUBLAS_STATUS_NOT_SUPPORTED;
    }
    return is_compute(compute, g.a.type) ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t enqueue_gemm(const gemm &g, cudaStream_t stream)
{
    const std::shared_ptr<struct stream> s = find_stream(stream);
    if (!s) return CUBLAS_STATUS_EXECUTION_FAILED;
    return leave(enqueue(s, [g]() { return execute(g); })) == cudaSuccess ? CUBLAS_STATUS_SUCCESS
                                                                          : CUBLAS_STATUS_EXECUTION_FAILED;
}

cublasStatus_t enter_cublas(const char *function)
{
    if (poisoned() != cudaSuccess) return CUBLAS_STATUS_EXECUTION_FAILED;
    const cudaError_t error = injected_by_number(function);
    if (error == cudaErrorMemoryAllocation) return CUBLAS_STATUS_ALLOC_FAILED;
    if (error != cudaSuccess) return CUBLAS_STATUS_EXECUTION_FAILED;
    return static_cast<cublasStatus_t>(injected_by_name(function));
}

} // namespace mor4j_emulated
