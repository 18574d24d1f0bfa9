/* mor4j_cuda_route against products in double. */
#include <cmath>
#include <memory>
#include <vector>

#include "support.h"

static uint64_t seed = 20250717;

static const int32_t STATES = 40;

struct shape {
    int64_t hidden;
    int32_t inner; /* 0 for linear */
    int32_t outs;
    int32_t routers;
    int32_t type;
};

/* Routers on the device, and the numbers of their weights. */
struct router_table {
    std::vector<std::vector<float>> w1, w2;
    std::vector<device_numbers> stored;
    std::vector<mor4j_cuda_router> routers;
    std::unique_ptr<device_array<mor4j_cuda_router>> table;

    explicit router_table(const shape &s)
    {
        for (int32_t k = 0; k < s.routers; k++) {
            w1.push_back(round_to(
                random_floats(&seed, static_cast<size_t>((s.inner == 0 ? s.outs : s.inner) * s.hidden)), s.type));
            w2.push_back(round_to(random_floats(&seed, static_cast<size_t>(s.outs) * s.inner), s.type));
            stored.emplace_back(w1.back(), s.type);
            stored.emplace_back(w2.back(), s.type);
            routers.push_back({stored[2 * k].data(), s.inner == 0 ? nullptr : stored[2 * k + 1].data(), s.inner, s.outs,
                               0.5f + k * 0.7f, 0});
        }
        table = std::make_unique<device_array<mor4j_cuda_router>>(routers);
    }
};

/* A number and how far rounding may take it. */
struct bounded {
    double value, error;
};

/* The product of a row of w with x, in float32. */
static bounded product(const float *w, const std::vector<bounded> &x)
{
    bounded sum = {0, 0};
    double size = 0;
    for (size_t j = 0; j < x.size(); j++) {
        sum.value += w[j] * x[j].value;
        sum.error += std::fabs(w[j]) * x[j].error;
        size += std::fabs(w[j] * x[j].value);
    }
    sum.error += (8 + std::sqrt(static_cast<double>(x.size())) * 4) * 0x1p-24 * size;
    return sum;
}

static bounded gelu(const bounded &v)
{
    const double value = 0.5 * v.value * (1 + std::erf(v.value * std::sqrt(0.5)));
    return {value, 1.13 * v.error + 8 * 0x1p-24 * std::fabs(v.value)};
}

static std::vector<bounded> oracle(const shape &s, const router_table &routers, int32_t k, const float *x)
{
    std::vector<bounded> row, hidden, z;
    for (int64_t j = 0; j < s.hidden; j++) {
        row.push_back({x[j] / routers.routers[k].temperature, 0}); /* float32, as defined */
    }
    for (int32_t j = 0; j < s.inner; j++) hidden.push_back(gelu(product(&routers.w1[k][j * s.hidden], row)));
    for (int32_t j = 0; j < s.outs; j++) {
        z.push_back(s.inner == 0 ? product(&routers.w1[k][j * s.hidden], row)
                                 : product(&routers.w2[k][j * s.inner], hidden));
    }
    return z;
}

/* z [bucket, outs]; recursions empty: `fixed` for all. */
static std::vector<float> run(const shape &s, const router_table &routers, const std::vector<float> &x,
                              const std::vector<int32_t> &list, int32_t bucket, const std::vector<int32_t> &recursions,
                              int32_t fixed)
{
    const device_rows rows(list, bucket);
    const device_array<float> states(x), workspace(static_cast<size_t>(bucket) * s.inner + 1);
    device_array<float> z(std::vector<float>(static_cast<size_t>(bucket) * s.outs, -77.0f));
    const device_array<int32_t> device_recursions(recursions.empty() ? std::vector<int32_t>(STATES, 1000) : recursions);
    const mor4j_cuda_route_args args = {rows.get(),
                                        routers.table->data(),
                                        recursions.empty() ? nullptr : device_recursions.data(),
                                        states.data(),
                                        z.data(),
                                        s.inner == 0 ? nullptr : workspace.data(),
                                        s.hidden,
                                        s.inner,
                                        s.outs,
                                        fixed,
                                        s.type};
    CHECK_CUDA(mor4j_cuda_route(&args, nullptr));
    expect_equal("the states", states.download(), x);
    const std::vector<float> got = z.download();
    for (size_t i = list.size() * s.outs; i < got.size(); i++) CHECK(got[i] == -77.0f, "z[%zu] is beyond the count", i);
    return got;
}

static void check(const shape &s, int32_t count, int32_t bucket, bool mixed)
{
    describe("H=%ld inner %d outs %d type %s, %d rows of %d, %s", (long)s.hidden, s.inner, s.outs, type_name(s.type),
             count, bucket, mixed ? "mixed recursions" : "one recursion");
    const router_table routers(s);
    const std::vector<float> x = random_floats(&seed, static_cast<size_t>(STATES * s.hidden), 2.0f);
    const std::vector<int32_t> list = random_rows(&seed, count, STATES);
    std::vector<int32_t> recursions;
    const int32_t fixed = static_cast<int32_t>(random_below(&seed, s.routers));
    for (int32_t r = 0; mixed && r < STATES; r++) {
        recursions.push_back(static_cast<int32_t>(random_below(&seed, s.routers)));
    }
    const std::vector<float> z = run(s, routers, x, list, bucket, recursions, fixed);
    for (int32_t i = 0; i < count; i++) {
        const int32_t k = mixed ? recursions[list[i]] : fixed;
        const std::vector<bounded> want = oracle(s, routers, k, &x[list[i] * s.hidden]);
        for (int32_t o = 0; o < s.outs; o++) {
            CHECK(is_close(z[i * s.outs + o], want[o].value, want[o].error), "row %d output %d: %g, not %g +- %g", i, o,
                  z[i * s.outs + o], want[o].value, want[o].error);
        }
    }
    if (count == 0) return;
    const int32_t i = static_cast<int32_t>(random_below(&seed, count));
    const std::vector<float> alone = run(s, routers, x, {list[i]}, 1, recursions, fixed);
    expect_equal("a row alone", alone, {z.begin() + i * s.outs, z.begin() + (i + 1) * s.outs});
}

static void linear()
{
    for (int32_t type : NUMBER_TYPES) {
        for (int64_t hidden : {1, 3, 64, 100, 960}) {
            for (int32_t outs : {1, 2, 3, 4, 7}) {
                check({hidden, 0, outs, 3, type}, 1 + static_cast<int32_t>(random_below(&seed, 3)), 4,
                      random_below(&seed, 2) == 0);
            }
        }
    }
    check({64, 0, 1, 3, MOR4J_CUDA_F32}, 0, 3, true);
    check({64, 0, 64, 2, MOR4J_CUDA_F32}, 1, 1, false);
}

static void mlp()
{
    for (int32_t type : NUMBER_TYPES) {
        check({3, 2, 1, 4, type}, 7, 9, true);
        check({64, 128, 7, 3, type}, 1, 1, true);
        check({100, 200, 3, 3, type}, 19, 20, true);
        check({100, 2, 4, 2, type}, 8, 8, false);
    }
    check({1, 2, 2, 1, MOR4J_CUDA_F32}, 9, 9, false);
    check({961, 9, 2, 3, MOR4J_CUDA_BF16}, 6, 6, true);
    check({960, 128, 3, 3, MOR4J_CUDA_BF16}, 9, 16, true);
    check({64, 128, 1, 2, MOR4J_CUDA_F16}, 0, 4, true);
}

/* NaN and infinities of a row reach its own scores, and no others. */
static void not_numbers()
{
    for (int32_t inner : {0, 5}) {
        const shape s = {12, inner, 1, 1, MOR4J_CUDA_F32};
        router_table routers(s);
        for (float &w : routers.w1[0]) w = std::fabs(w) + 0.1f;
        routers.stored[0].upload(routers.w1[0]);
        std::vector<float> x = random_floats(&seed, static_cast<size_t>(STATES * s.hidden));
        const std::vector<int32_t> list = {4, 39, 0, 7};
        const std::vector<float> before = run(s, routers, x, list, 4, {}, 0);
        x[39 * s.hidden + 5] = NAN;
        x[7 * s.hidden + 11] = INFINITY;
        const std::vector<float> z = run(s, routers, x, list, 4, {}, 0);
        CHECK(z[0] == before[0] && z[2] == before[2], "rows of numbers: %g %g, not %g %g", z[0], z[2], before[0],
              before[2]);
        CHECK(std::isnan(z[1]), "a row with NaN: %g", z[1]);
        CHECK(inner == 0 ? z[3] == INFINITY : !std::isfinite(z[3]), "a row with infinity: %g", z[3]);
    }
}

static void arguments()
{
    const shape s = {4, 2, 1, 1, MOR4J_CUDA_F32};
    const router_table routers(s);
    const device_rows rows({0}, 1);
    const device_array<float> numbers(8);
    const mor4j_cuda_route_args good = {
        rows.get(), routers.table->data(), nullptr, numbers.data(), numbers.data(), numbers.data(), 4, 2, 1,
        0,          MOR4J_CUDA_F32};
    std::vector<mor4j_cuda_route_args> wrong(9, good);
    wrong[0].rows.bucket = 0;
    wrong[1].hidden = 0;
    wrong[2].outs = MOR4J_CUDA_MAX_OUTPUTS + 1;
    wrong[3].workspace = nullptr;
    wrong[4].type = MOR4J_CUDA_INT8;
    wrong[5].fixed_recursion = -1;
    wrong[6].x = nullptr;
    wrong[7].inner = -1;
    wrong[8].outs = 0;
    for (const mor4j_cuda_route_args &args : wrong) {
        CHECK(mor4j_cuda_route(&args, nullptr) == 1, "case %zd", &args - wrong.data());
    }
    CHECK(mor4j_cuda_route(nullptr, nullptr) == 1, "no arguments");
}

int main()
{
    return run_cases({{"arguments", arguments}, {"linear", linear}, {"mlp", mlp}, {"not numbers", not_numbers}});
}
