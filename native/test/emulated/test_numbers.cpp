/* Number types of the emulated device against conversions by arithmetic (support.cpp), and cuBLAS against sums in
   double. */
#include <math.h>

#include "cublas.h"
#include "device.cuh"
#include "support.h"

static const cudaDataType DATA_TYPES[] = {CUDA_R_32F, CUDA_R_16BF, CUDA_R_16F}; /* by mor4j_cuda_type */

static bool same(float a, float b) { return a == b ? signbit(a) == signbit(b) : isnan(a) && isnan(b); }

static void every_half_is_its_float()
{
    for (uint32_t bits = 0; bits < 65536; bits++) {
        const uint16_t half = static_cast<uint16_t>(bits);
        CHECK(same(to_float(bf16_t{half}), bf16_value(half)), "bf16 %04x", bits);
        CHECK(same(to_float(f16_t{half}), f16_value(half)), "f16 %04x", bits);
        if (!isnan(bf16_value(half))) CHECK(from_float<bf16_t>(bf16_value(half)).bits == half, "bf16 %04x", bits);
        if (!isnan(f16_value(half))) CHECK(from_float<f16_t>(f16_value(half)).bits == half, "f16 %04x", bits);
    }
}

static void check_rounding(float value)
{
    CHECK(from_float<f16_t>(value).bits == f16_bits(value), "f16 of %a: %04x for %04x", value,
          from_float<f16_t>(value).bits, f16_bits(value));
    /* The bfloat16 numbers on both sides: the nearer one, or of equally near ones the even one. */
    const uint16_t got = from_float<bf16_t>(value).bits;
    if (isnan(value)) {
        CHECK(got == 0x7FFF);
        return;
    }
    const uint16_t low = static_cast<uint16_t>(mor4j_float_bits(value) >> 16);
    const double below = fabs(static_cast<double>(value) - bf16_value(low));
    const double next = isinf(bf16_value(low + 1)) ? ldexp(signbit(value) ? -1 : 1, 128) : bf16_value(low + 1);
    const double above = fabs(next - value);
    const bool up = above < below || (above == below && low % 2);
    CHECK(isinf(value) ? got == low : got == low + up, "bf16 of %a: %04x", value, got);
}

static void floats_are_rounded_to_nearest_even()
{
    uint64_t random = 7;
    for (int i = 0; i < 200000; i++) check_rounding(mor4j_bits_float(static_cast<uint32_t>(random_bits(&random))));
    for (int i = 0; i < 200000; i++) {
        check_rounding(ldexpf(random_float(&random), static_cast<int>(random_below(&random, 48)) - 30));
    }
    for (float value : {0.0f, -0.0f, 65504.0f, 65519.996f, 65520.0f, 0x1p-24f, 0x1p-25f, 0x1.000002p-25f, 0x1.8p-24f,
                        0x1p-14f, 1.00048828125f, 1.00146484375f, 3.4e38f, -INFINITY, INFINITY, NAN}) {
        check_rounding(value);
    }
}

struct product {
    int m, n, k;
    bool transa, transb;
    int32_t type, out_type;
    float alpha, beta;
};

static int stored(bool transposed, int rows, int cols) { return transposed ? cols : rows; }

static std::vector<double> expected(const product &p, const std::vector<float> &a, const std::vector<float> &b,
                                    const std::vector<float> &c, int lda, int ldb, int ldc)
{
    std::vector<double> want(c.size());
    for (int col = 0; col < p.n; col++) {
        for (int row = 0; row < ldc; row++) {
            double sum = 0;
            for (int i = 0; row < p.m && i < p.k; i++) {
                sum += static_cast<double>(a[p.transa ? row * lda + i : i * lda + row]) *
                       b[p.transb ? i * ldb + col : col * ldb + i];
            }
            const double old = c[col * ldc + row];
            want[col * ldc + row] = row >= p.m ? old : p.alpha * sum + (p.beta == 0 ? 0 : p.beta * old);
        }
    }
    return want;
}

static cublasStatus_t multiply_lt(const product &p, const void *a, int lda, const void *b, int ldb, void *c, int ldc)
{
    cublasLtHandle_t handle;
    cublasLtMatmulDesc_t desc;
    cublasLtMatrixLayout_t layouts[3];
    cublasLtMatmulPreference_t preference;
    const int32_t transa = p.transa, transb = p.transb;
    const uint32_t alignment = 16;
    const uint64_t workspace_bytes = 8192;
    device_array<uint8_t> workspace(workspace_bytes);
    CHECK(cublasLtCreate(&handle) == 0 && cublasLtMatmulDescCreate(&desc, CUBLAS_COMPUTE_32F, CUDA_R_32F) == 0);
    CHECK(cublasLtMatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_TRANSA, &transa, 4) == 0);
    CHECK(cublasLtMatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_TRANSB, &transb, 4) == 0);
    const cudaDataType type = DATA_TYPES[p.type];
    CHECK(cublasLtMatrixLayoutCreate(&layouts[0], type, stored(p.transa, p.m, p.k), stored(p.transa, p.k, p.m), lda) ==
          0);
    CHECK(cublasLtMatrixLayoutCreate(&layouts[1], type, stored(p.transb, p.k, p.n), stored(p.transb, p.n, p.k), ldb) ==
          0);
    CHECK(cublasLtMatrixLayoutCreate(&layouts[2], DATA_TYPES[p.out_type], p.m, p.n, ldc) == 0);
    CHECK(cublasLtMatmulPreferenceCreate(&preference) == 0);
    CHECK(cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace_bytes,
                                               8) == 0);
    for (int i = 0; i < 4; i++) {
        const int attribute = CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES + i;
        CHECK(cublasLtMatmulPreferenceSetAttribute(
                  preference, static_cast<cublasLtMatmulPreferenceAttributes_t>(attribute), &alignment, 4) == 0);
    }
    cublasLtMatmulHeuristicResult_t result;
    int count = 0;
    cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(handle, desc, layouts[0], layouts[1], layouts[2], layouts[2],
                                                           preference, 1, &result, &count);
    if (status == CUBLAS_STATUS_SUCCESS) {
        CHECK(count == 1 && result.workspaceSize <= workspace_bytes);
        status = cublasLtMatmul(handle, desc, &p.alpha, a, layouts[0], b, layouts[1], &p.beta, c, layouts[2], c,
                                layouts[2], &result.algo, workspace.data(), workspace_bytes, nullptr);
    }
    for (cublasLtMatrixLayout_t layout : layouts) CHECK(cublasLtMatrixLayoutDestroy(layout) == 0);
    CHECK(cublasLtMatmulPreferenceDestroy(preference) == 0 && cublasLtMatmulDescDestroy(desc) == 0 &&
          cublasLtDestroy(handle) == 0);
    return status;
}

static cublasStatus_t multiply_ex(const product &p, const void *a, int lda, const void *b, int ldb, void *c, int ldc)
{
    cublasHandle_t handle;
    CHECK(cublasCreate_v2(&handle) == 0 && cublasSetStream_v2(handle, nullptr) == 0);
    const cublasStatus_t status =
        cublasGemmEx(handle, p.transa ? CUBLAS_OP_T : CUBLAS_OP_N, p.transb ? CUBLAS_OP_T : CUBLAS_OP_N, p.m, p.n, p.k,
                     &p.alpha, a, DATA_TYPES[p.type], lda, b, DATA_TYPES[p.type], ldb, &p.beta, c,
                     DATA_TYPES[p.out_type], ldc, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
    CHECK(cublasDestroy_v2(handle) == 0);
    return status;
}

typedef cublasStatus_t (*multiplication)(const product &, const void *, int, const void *, int, void *, int);

static void check_product(const product &p, multiplication multiply)
{
    describe("m %d, n %d, k %d, trans %d %d, %s to %s, beta %g", p.m, p.n, p.k, p.transa, p.transb, type_name(p.type),
             type_name(p.out_type), p.beta);
    uint64_t random = 11;
    const int lda = stored(p.transa, p.m, p.k) + 3, ldb = stored(p.transb, p.k, p.n) + 1, ldc = p.m + 2;
    const std::vector<float> a = round_to(random_floats(&random, lda * stored(p.transa, p.k, p.m)), p.type);
    const std::vector<float> b = round_to(random_floats(&random, ldb * stored(p.transb, p.n, p.k)), p.type);
    std::vector<float> c = round_to(random_floats(&random, ldc * p.n), p.out_type);
    if (p.beta == 0) c[0] = NAN; /* must not be read */
    device_numbers da(a, p.type), db(b, p.type), dc(c, p.out_type);
    CHECK(multiply(p, da.data(), lda, db.data(), ldb, dc.data(), ldc) == CUBLAS_STATUS_SUCCESS);
    expect_close("product", dc.download(), expected(p, a, b, c, lda, ldb, ldc), p.k, p.out_type, fmax(1, sqrt(p.k)));
}

static void products_of_every_kind()
{
    for (int32_t type : NUMBER_TYPES) {
        for (int kind = 0; kind < 8; kind++) {
            const int32_t out_type = kind & 4 ? type : static_cast<int32_t>(MOR4J_CUDA_F32);
            const product p = {37,
                               5,
                               70,
                               (kind & 1) != 0,
                               (kind & 2) != 0,
                               type,
                               out_type,
                               kind % 3 ? 1.0f : 0.5f,
                               kind % 3 ? 0 : 2.0f};
            check_product(p, multiply_ex);
            check_product(p, multiply_lt);
        }
    }
    check_product({1, 1, 1, false, false, MOR4J_CUDA_F32, MOR4J_CUDA_F32, 1, 0}, multiply_ex);
    check_product({300, 33, 129, true, false, MOR4J_CUDA_BF16, MOR4J_CUDA_F32, 1, 0}, multiply_lt);
}

static void what_does_not_exist_is_refused()
{
    device_array<float> memory(1000);
    for (multiplication multiply : {multiply_ex, multiply_lt}) {
        const product mixed = {4, 4, 4, false, false, MOR4J_CUDA_F32, MOR4J_CUDA_BF16, 1, 0};
        CHECK(multiply(mixed, memory.data(), 4, memory.data(), 4, memory.data(), 4) == CUBLAS_STATUS_NOT_SUPPORTED);
        const product fine = {4, 4, 4, false, false, MOR4J_CUDA_F32, MOR4J_CUDA_F32, 1, 0};
        CHECK(multiply(fine, memory.data(), 3, memory.data(), 4, memory.data(), 4) == CUBLAS_STATUS_INVALID_VALUE);
    }
    const product fine = {4, 4, 4, false, false, MOR4J_CUDA_F32, MOR4J_CUDA_F32, 1, 0};
    CHECK(multiply_lt(fine, memory.data() + 1, 4, memory.data(), 4, memory.data(), 4) == CUBLAS_STATUS_INVALID_VALUE);
}

int main()
{
    return run_cases({{"every_half_is_its_float", every_half_is_its_float},
                      {"floats_are_rounded_to_nearest_even", floats_are_rounded_to_nearest_even},
                      {"products_of_every_kind", products_of_every_kind},
                      {"what_does_not_exist_is_refused", what_does_not_exist_is_refused}});
}
