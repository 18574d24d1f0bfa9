/* RMSNorm of the residual stream, and the activation of the feed-forward. */
#include <math.h>

#include "passes.h"

/* A row of an array of rows. */
static std::vector<float> row_of(const std::vector<float> &rows, size_t row, size_t n)
{
    return std::vector<float>(rows.begin() + row * n, rows.begin() + (row + 1) * n);
}

/* Checks the rows of `got` from `first` on to be NaN still. */
static void expect_unwritten(const std::vector<float> &got, size_t first)
{
    for (size_t i = first; i < got.size(); i++) CHECK(isnan(got[i]), "number %zu is %g", i, got[i]);
}

static std::vector<double> normed(const std::vector<float> &y, const std::vector<float> &weight, double eps)
{
    double sum = 0;
    for (float v : y) sum += static_cast<double>(v) * static_cast<double>(v);
    const double rms = sqrt(sum / y.size() + eps);
    std::vector<double> out;
    for (size_t j = 0; j < y.size(); j++) {
        out.push_back(static_cast<double>(y[j]) / rms * static_cast<double>(weight[j]));
    }
    return out;
}

/* Number j of a sum of two rows in float32: what y has to become, bit for bit. */
static std::vector<float> added(const std::vector<float> &y, const std::vector<float> &residual)
{
    std::vector<float> sum = y;
    for (size_t j = 0; j < y.size(); j++) sum[j] += residual[j];
    return sum;
}

/* A device does not keep the bits of a NaN that goes through an addition. */
static std::vector<float> with_one_nan(std::vector<float> values)
{
    for (float &v : values) {
        if (v != v) v = NAN;
    }
    return values;
}

static void check_norm(const test_pass &pass, int32_t type, bool with_residual, bool indexed, uint64_t *random)
{
    const float eps = 1e-5f;
    const size_t n = pass.length, count = pass.list.size();
    std::vector<float> before = random_floats(random, indexed ? pass.of_states() : pass.of_bucket(), 5.0f);
    if (count > 1) before[(indexed ? pass.list[1] : 1) * n + n / 2] = NAN;
    if (count > 5) before[(indexed ? pass.list[5] : 5) * n] = 1e-22f; /* its square is none */
    const std::vector<float> residual = round_to(random_floats(random, pass.of_bucket(), 2.0f), type);
    const std::vector<float> weight = random_floats(random, n, 2.0f);
    const device_array<float> y(before), weight_there(weight);
    const device_numbers residual_there(residual, type), out(pass.of_bucket(), type);
    const mor4j_cuda_rmsnorm_args args = {pass.rows.get(),
                                          y.data(),
                                          with_residual ? residual_there.data() : nullptr,
                                          weight_there.data(),
                                          out.data(),
                                          pass.length,
                                          eps,
                                          type,
                                          indexed,
                                          0};
    CHECK_CUDA(mor4j_cuda_rmsnorm(&args, nullptr));
    const std::vector<float> got = out.download();
    std::vector<float> stream = before;
    for (size_t i = 0; i < count; i++) {
        const size_t at = indexed ? pass.list[i] : i;
        std::vector<float> row = row_of(before, at, n);
        if (with_residual) row = added(row, row_of(residual, i, n));
        std::copy(row.begin(), row.end(), stream.begin() + at * n);
        expect_close("normed", row_of(got, i, n), normed(row, weight, eps), pass.length, type);
    }
    expect_unwritten(got, count * n);
    expect_equal("residual stream", with_one_nan(y.download()), with_one_nan(stream));
}

static void norms()
{
    int64_t turn = 0;
    for_passes(8, [&](const test_pass &pass, uint64_t *random) {
        check_norm(pass, NUMBER_TYPES[turn++ % 3], false, false, random);
        check_norm(pass, NUMBER_TYPES[turn++ % 3], true, false, random);
        check_norm(pass, NUMBER_TYPES[turn++ % 3], false, true, random);
    });
}

/* An infinity makes NaN of itself and zeros of the rest, as a division by it does. */
static void norms_infinity()
{
    for (int64_t n : {3, 960}) {
        std::vector<float> y((2 * n), 1.0f);
        y[1] = -INFINITY;
        const device_array<float> y_there(y), weight(std::vector<float>(n, 3.0f)), out(y.size());
        const device_rows rows({1, 0}, 2);
        const mor4j_cuda_rmsnorm_args args = {
            rows.get(), y_there.data(), nullptr, weight.data(), out.data(), n, 0.0f, MOR4J_CUDA_F32, 0, 0};
        CHECK_CUDA(mor4j_cuda_rmsnorm(&args, nullptr));
        const std::vector<float> got = out.download();
        for (int64_t j = 0; j < n; j++) CHECK(j == 1 ? isnan(got[1]) : got[j] == 0.0f);
        for (size_t j = n; j < got.size(); j++) CHECK(is_close(got[j], 3.0, 1e-6));
    }
}

/* The same bits for a row alone and among others, wherever it lies. */
static void does_not_depend_on_others()
{
    uint64_t random = 9;
    for (int64_t length : {100, 257, 960, 4100}) {
        const size_t n = length;
        const std::vector<float> y = random_floats(&random, 33 * n), weight = random_floats(&random, n);
        const device_array<float> y_there(y), weight_there(weight), out(33 * n), alone(n);
        std::vector<int32_t> list(33);
        for (size_t i = 0; i < list.size(); i++) list[i] = static_cast<int32_t>(i);
        const device_rows rows(list, 33), one({7}, 1);
        mor4j_cuda_rmsnorm_args args = {
            rows.get(), y_there.data(), nullptr, weight_there.data(), out.data(), length, 1e-6f, MOR4J_CUDA_F32, 1, 0};
        CHECK_CUDA(mor4j_cuda_rmsnorm(&args, nullptr));
        args.rows = one.get();
        args.out = alone.data();
        CHECK_CUDA(mor4j_cuda_rmsnorm(&args, nullptr));
        expect_equal("a row alone", alone.download(), row_of(out.download(), 7, n));
    }
}

static double silu(double x) { return x / (1.0 + exp(-x)); }

static void silu_muls()
{
    int64_t turn = 0;
    for_passes(10, [&](const test_pass &pass, uint64_t *random) {
        const int32_t type = NUMBER_TYPES[turn++ % 3];
        const size_t f = pass.length;
        std::vector<float> gate_up = random_floats(random, 2 * pass.of_bucket(), 30.0f);
        gate_up[0] = pass.length > 3 ? -200.0f : 0.0f;
        if (pass.list.size() > 1) gate_up[2 * f + f / 2] = NAN;
        if (pass.list.size() > 2) gate_up[4 * f] = INFINITY, gate_up[4 * f + 1] = 50.0f;
        gate_up = round_to(gate_up, type);
        const device_numbers gate_up_there(gate_up, type), out(pass.of_bucket(), type);
        const mor4j_cuda_silu_mul_args args = {pass.rows.get(), gate_up_there.data(), out.data(), pass.length, type, 0};
        CHECK_CUDA(mor4j_cuda_silu_mul(&args, nullptr));
        const std::vector<float> got = out.download();
        for (size_t i = 0; i < pass.list.size(); i++) {
            for (size_t j = 0; j < f; j++) {
                const double gate = gate_up[i * 2 * f + j], up = gate_up[i * 2 * f + f + j];
                const double want = silu(gate) * up;
                const double tolerance = (2e-6 + 2 * type_epsilon(type)) * fmax(fabs(want), 1e-4);
                CHECK(is_close(got[i * f + j], want, tolerance), "row %zu, %zu: %g, not %g", i, j, (got[i * f + j]),
                      want);
            }
        }
        expect_unwritten(got, pass.list.size() * f);
        expect_equal("input", gate_up_there.download_bytes(), encode(gate_up, type));
    });
}

static void refuses()
{
    const device_rows rows({0}, 1);
    const device_array<float> x(8);
    const mor4j_cuda_rmsnorm_args norm = {rows.get(), x.data(), nullptr,         x.data(), x.data(),
                                          4,          1e-5f,    MOR4J_CUDA_BF16, 0,        0};
    mor4j_cuda_rmsnorm_args n = norm;
    EXPECT_REFUSED(mor4j_cuda_rmsnorm(nullptr, nullptr));
    EXPECT_REFUSED((n.hidden = 0, mor4j_cuda_rmsnorm(&n, nullptr)));
    EXPECT_REFUSED((n = norm, n.y = nullptr, mor4j_cuda_rmsnorm(&n, nullptr)));
    EXPECT_REFUSED((n = norm, n.weight = nullptr, mor4j_cuda_rmsnorm(&n, nullptr)));
    EXPECT_REFUSED((n = norm, n.out = nullptr, mor4j_cuda_rmsnorm(&n, nullptr)));
    EXPECT_REFUSED((n = norm, n.type = MOR4J_CUDA_INT8, mor4j_cuda_rmsnorm(&n, nullptr)));
    EXPECT_REFUSED((n = norm, n.indexed = 1, n.residual = x.data(), mor4j_cuda_rmsnorm(&n, nullptr)));
    EXPECT_REFUSED((n = norm, n.rows.bucket = 0, mor4j_cuda_rmsnorm(&n, nullptr)));
    const mor4j_cuda_silu_mul_args silu_mul = {rows.get(), x.data(), x.data(), 4, MOR4J_CUDA_F32, 0};
    mor4j_cuda_silu_mul_args s = silu_mul;
    EXPECT_REFUSED(mor4j_cuda_silu_mul(nullptr, nullptr));
    EXPECT_REFUSED((s.intermediate = 0, mor4j_cuda_silu_mul(&s, nullptr)));
    EXPECT_REFUSED((s = silu_mul, s.gate_up = nullptr, mor4j_cuda_silu_mul(&s, nullptr)));
    EXPECT_REFUSED((s = silu_mul, s.out = nullptr, mor4j_cuda_silu_mul(&s, nullptr)));
    EXPECT_REFUSED((s = silu_mul, s.type = 3, mor4j_cuda_silu_mul(&s, nullptr)));
    EXPECT_REFUSED((s = silu_mul, s.rows.count = nullptr, mor4j_cuda_silu_mul(&s, nullptr)));
}

int main()
{
    return run_cases({{"rmsnorm", norms},
                      {"rmsnorm of an infinity", norms_infinity},
                      {"rmsnorm of a row alone", does_not_depend_on_others},
                      {"silu_mul", silu_muls},
                      {"refused arguments", refuses}});
}
