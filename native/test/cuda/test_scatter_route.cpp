/* mor4j_cuda_scatter_route: the same bits as mor4j_cuda_scatter, mor4j_cuda_route and mor4j_cuda_decide_expert, which
   have tests against doubles, and its own states and scores against doubles. */
#include <cmath>
#include <vector>

#include "support.h"

static uint64_t seed = 20250717;

static const int32_t STATES = 30;
static const int32_t RECURSION = 2; /* the next one */

struct shape {
    int64_t hidden;
    int32_t count, bucket, type;
    bool residual, gates, add;
};

/* What a pass leaves. */
struct result {
    std::vector<float> x, z, gates;
    std::vector<uint8_t> keep;
    std::vector<int32_t> depths;
};

/* A pass before its end. */
struct pass {
    std::vector<int32_t> list;
    std::vector<float> x, y, residual, w, gates;
    std::vector<double> thresholds;
    std::vector<int32_t> max_recursions, depths;
    int32_t takes_all, function, weighted;
};

static pass random_pass(const shape &s)
{
    pass p;
    p.list = random_rows(&seed, s.count, STATES);
    p.x = random_floats(&seed, static_cast<size_t>(STATES * s.hidden));
    p.y = random_floats(&seed, static_cast<size_t>(s.bucket * s.hidden));
    p.residual = round_to(random_floats(&seed, static_cast<size_t>(s.bucket * s.hidden)), s.type);
    p.w = round_to(random_floats(&seed, static_cast<size_t>(s.hidden)), s.type);
    p.gates = random_floats(&seed, STATES);
    for (int32_t r = 0; r < STATES; r++) {
        p.thresholds.push_back(random_float(&seed));
        p.max_recursions.push_back(RECURSION + (random_below(&seed, 4) == 0 ? 0 : 1));
        p.depths.push_back(static_cast<int32_t>(random_below(&seed, 3)));
    }
    if (s.count > 1) p.gates[p.list[1]] = 0;
    if (s.count > 1) p.y[s.hidden] = NAN;
    if (s.count > 2) p.y[2 * s.hidden] = INFINITY;
    p.takes_all = random_below(&seed, 4) == 0;
    p.function = static_cast<int32_t>(random_below(&seed, 3));
    p.weighted = random_below(&seed, 3) != 0;
    return p;
}

static result run(const shape &s, const pass &p, bool fused)
{
    const device_rows rows(p.list, s.bucket);
    const device_array<float> y(p.y);
    const device_numbers residual(p.residual, s.type), w(p.w, s.type);
    const device_array<double> thresholds(p.thresholds);
    const device_array<int32_t> max_recursions(p.max_recursions);
    const std::vector<mor4j_cuda_router> routers(RECURSION + 1, {w.data(), nullptr, 0, 1, 0.7f, p.takes_all});
    const device_array<mor4j_cuda_router> table(routers);
    const device_array<float> x(p.x), z(std::vector<float>(s.bucket, -77.0f)), gates(p.gates);
    const device_array<uint8_t> keep(std::vector<uint8_t>(STATES, 9));
    const device_array<int32_t> depths(p.depths);
    const mor4j_cuda_scatter_args scatter = {rows.get(),
                                             y.data(),
                                             s.residual ? residual.data() : nullptr,
                                             s.gates ? gates.data() : nullptr,
                                             x.data(),
                                             s.hidden,
                                             s.add,
                                             s.type};
    mor4j_cuda_decide_expert_args decide = {
        {},          table.data(), nullptr,       nullptr, nullptr,    thresholds.data(), max_recursions.data(),
        keep.data(), gates.data(), depths.data(), 0.3f,    p.function, p.weighted,        RECURSION};
    if (fused) {
        const mor4j_cuda_scatter_route_args args = {scatter, decide, z.data()};
        CHECK_CUDA(mor4j_cuda_scatter_route(&args, nullptr));
    } else {
        const mor4j_cuda_route_args route = {
            rows.get(), table.data(), nullptr, x.data(), z.data(), nullptr, s.hidden, 0, 1, RECURSION, s.type};
        decide.rows = rows.get();
        decide.z = decide.decision = z.data();
        CHECK_CUDA(mor4j_cuda_scatter(&scatter, nullptr));
        CHECK_CUDA(mor4j_cuda_route(&route, nullptr));
        CHECK_CUDA(mor4j_cuda_decide_expert(&decide, nullptr));
    }
    return {x.download(), z.download(), gates.download(), keep.download(), depths.download()};
}

static void check_states(const shape &s, const pass &p, const result &got)
{
    std::vector<double> want(p.x.begin(), p.x.end());
    for (int32_t i = 0; i < s.count; i++) {
        const double gate = s.gates && s.add ? p.gates[p.list[i]] : 1;
        double score = 0, size = 1;
        for (int64_t j = 0; j < s.hidden; j++) {
            const double v =
                p.y[i * s.hidden + j] + (s.residual ? static_cast<double>(p.residual[i * s.hidden + j]) : 0);
            double &x = want[p.list[i] * s.hidden + j];
            if (gate != 0) x = (s.add ? x : 0) + gate * v;
            score += p.w[j] * (x / 0.7f);
            size += std::fabs(p.w[j] * (x / 0.7f));
        }
        const double tolerance = size * 0x1p-24 * (8 + 4 * std::sqrt(static_cast<double>(s.hidden)));
        CHECK(is_close(got.z[i], score, tolerance), "score of row %d: %g, not %g", i, got.z[i], score);
    }
    expect_close("states", got.x, want, 1, MOR4J_CUDA_F32, 4);
    for (int32_t i = s.count; i < s.bucket; i++) CHECK(got.z[i] == -77.0f, "z[%d] is beyond the count", i);
}

static void check(const shape &s)
{
    describe("H=%ld, %d rows of %d, type %s, residual %d gates %d add %d", (long)s.hidden, s.count, s.bucket,
             type_name(s.type), s.residual, s.gates, s.add);
    const pass p = random_pass(s);
    const result got = run(s, p, true), want = run(s, p, false);
    check_states(s, p, got);
    expect_equal("x", got.x, want.x);
    expect_equal("z", got.z, want.z);
    expect_equal("gates", got.gates, want.gates);
    expect_equal("keep", got.keep, want.keep);
    expect_equal("depths", got.depths, want.depths);
}

static void same_as_its_parts()
{
    for (int32_t type : NUMBER_TYPES) {
        for (int64_t hidden : {1, 3, 64, 100, 960}) {
            check({hidden, 3, 4, type, true, true, true});
            check({hidden, 3, 3, type, true, true, false});
            check({hidden, 2, 2, type, false, true, true});
            check({hidden, 1, 1, type, true, false, true});
        }
    }
    check({2051, 2, 2, MOR4J_CUDA_BF16, true, true, true});
    check({2052, 2, 2, MOR4J_CUDA_BF16, true, true, true});
    check({64, 0, 3, MOR4J_CUDA_F32, true, true, true});
}

static void arguments()
{
    const device_rows rows({0}, 1);
    const device_array<double> memory(8);
    float *floats = reinterpret_cast<float *>(memory.data());
    int32_t *numbers = reinterpret_cast<int32_t *>(memory.data());
    const mor4j_cuda_scatter_args scatter = {rows.get(), floats, nullptr, nullptr, floats, 4, 1, MOR4J_CUDA_F32};
    uint8_t *keep = reinterpret_cast<uint8_t *>(memory.data());
    const auto *routers = reinterpret_cast<const mor4j_cuda_router *>(memory.data());
    const mor4j_cuda_decide_expert_args decide = {{},      routers, nullptr, nullptr, nullptr, memory.data(),
                                                  numbers, keep,    floats,  numbers, 1.0f,    MOR4J_CUDA_SIGMOID,
                                                  1,       0};
    std::vector<mor4j_cuda_scatter_route_args> wrong(6, {scatter, decide, floats});
    wrong[0].z = nullptr;
    wrong[1].scatter.hidden = 0;
    wrong[2].decide.recursions = numbers;
    wrong[3].decide.function = MOR4J_CUDA_SOFTMAX;
    wrong[4].scatter.rows.bucket = 0;
    wrong[5].decide.fixed_recursion = -1;
    for (const auto &args : wrong) {
        CHECK(mor4j_cuda_scatter_route(&args, nullptr) == 1, "case %zd", &args - wrong.data());
    }
    CHECK(mor4j_cuda_scatter_route(nullptr, nullptr) == 1, "no arguments");
}

int main() { return run_cases({{"arguments", arguments}, {"same as its parts", same_as_its_parts}}); }
