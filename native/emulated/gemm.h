/*
 * D = alpha op(A) op(B) + beta C of column-major matrices in the emulated device's memory.
 */
#ifndef MOR4J_EMULATED_GEMM_H
#define MOR4J_EMULATED_GEMM_H

#include "cublas.h"
#include "device.h"

#pragma GCC visibility push(hidden)

namespace mor4j_emulated {

struct gemm_matrix {
    const void *data;
    cudaDataType type;
    int64_t rows; /* as stored */
    int64_t cols;
    int64_t ld; /* numbers from one column to the next, at least rows */
    bool transposed;
};

struct gemm {
    gemm_matrix a, b, c, d;
    float alpha;
    float beta; /* 0: C is not read */
    void *workspace;
    size_t workspace_bytes;
    bool adds_parts_as_output; /* parts of a sum are rounded to the type of D before they are added: libraries may */
};

/* SUCCESS; INVALID_VALUE for shapes that do not fit; NOT_SUPPORTED for combinations of types that do not exist. */
cublasStatus_t check_gemm(const gemm &g, cublasComputeType_t compute);

/* Queues it, or adds it to a capture. */
cublasStatus_t enqueue_gemm(const gemm &g, cudaStream_t stream);

/* Of a cuBLAS function: what a test asked for, or what a poisoned device gives. */
cublasStatus_t enter_cublas(const char *function);

} // namespace mor4j_emulated

#pragma GCC visibility pop

#endif
