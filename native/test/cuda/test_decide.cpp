/* mor4j_cuda_decide_expert and mor4j_cuda_decide_token against the rules in mor4j_cuda.h, functions in double. */
#include <cmath>
#include <vector>

#include "support.h"

static uint64_t seed = 20250717;

static const int32_t STATES = 300;
static const int32_t ROUTERS = 4;

/* One rounding of a double that may be off in its last place. */
static void check_gate(int32_t row, float got, float want)
{
    CHECK(is_close(got, want, 0x1p-23 * std::fabs(want)), "gate of row %d: %.9g, not %.9g", row, got, want);
}

template <typename T, size_t N> static T one_of(const T (&choices)[N]) { return choices[random_below(&seed, N)]; }

/* Mostly of the size of scores, now and then extreme. */
static float random_score()
{
    const float extremes[] = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 3e38f, -3e38f, 100.0f, -100.0f, 1e-40f};
    return random_below(&seed, 4) == 0 ? one_of(extremes) : 4 * random_float(&seed);
}

static std::vector<float> random_scores(size_t n)
{
    std::vector<float> scores(n);
    for (float &score : scores) score = random_score();
    return scores;
}

static float sigmoid(float z) { return static_cast<float>(1 / (1 + std::exp(-static_cast<double>(z)))); }

static float expert_weight(float z, int32_t function, float alpha)
{
    if (function == MOR4J_CUDA_SIGMOID) return sigmoid(z) * alpha;
    if (function == MOR4J_CUDA_TANH) return static_cast<float>(std::tanh(static_cast<double>(z))) * alpha;
    return z;
}

/* What decisions change, [STATES]. */
struct decided {
    std::vector<uint8_t> keep = std::vector<uint8_t>(STATES, 9);
    std::vector<float> gates = std::vector<float>(STATES, -77.0f);
    std::vector<int32_t> depths = std::vector<int32_t>(STATES, 5);
};

static void check_same(const decided &got, const decided &want)
{
    expect_equal("keep", got.keep, want.keep);
    expect_equal("depths", got.depths, want.depths);
    for (int32_t r = 0; r < STATES; r++) check_gate(r, got.gates[r], want.gates[r]);
}

struct expert_pass {
    std::vector<int32_t> list, recursions, max_recursions;
    std::vector<float> z, decision;
    std::vector<double> thresholds;
    std::vector<mor4j_cuda_router> routers;
    int32_t fixed_recursion, function, weighted;
    bool own_decision;
};

static expert_pass random_expert_pass(int32_t count, bool mixed)
{
    const double thresholds[] = {0.0, INFINITY, -INFINITY, 0.5, -0.5, NAN};
    expert_pass p;
    p.list = random_rows(&seed, count, STATES);
    p.z = random_scores(count + 2);
    p.decision = random_scores(count + 2);
    for (int32_t r = 0; r < STATES; r++) {
        if (mixed) p.recursions.push_back(static_cast<int32_t>(random_below(&seed, ROUTERS)));
        p.max_recursions.push_back(static_cast<int32_t>(random_below(&seed, ROUTERS + 1)));
        p.thresholds.push_back(one_of(thresholds));
    }
    /* A threshold that is the score itself, and one right above it. */
    for (int32_t i = 0; i < count; i += 7) p.thresholds[p.list[i]] = p.decision[i];
    for (int32_t i = 1; i < count; i += 7) {
        p.thresholds[p.list[i]] = std::nextafter(static_cast<double>(p.decision[i]), 1e300);
    }
    for (int32_t k = 0; k < ROUTERS; k++) p.routers.push_back({nullptr, nullptr, 0, 1, 1.0f, k == 2});
    p.fixed_recursion = static_cast<int32_t>(random_below(&seed, ROUTERS));
    p.function = static_cast<int32_t>(random_below(&seed, 3));
    p.weighted = random_below(&seed, 3) != 0;
    p.own_decision = random_below(&seed, 2) == 0;
    return p;
}

static const float ALPHA = 0.3f;

static decided expert_oracle(const expert_pass &p)
{
    decided want;
    for (size_t i = 0; i < p.list.size(); i++) {
        const int32_t r = p.list[i], k = p.recursions.empty() ? p.fixed_recursion : p.recursions[r];
        const double decision = p.own_decision ? p.decision[i] : p.z[i];
        const bool keep = k < p.max_recursions[r] && (k == 2 || decision >= p.thresholds[r]);
        want.keep[r] = keep;
        want.gates[r] = !keep ? 0 : p.weighted ? expert_weight(p.z[i], p.function, ALPHA) : 1;
        want.depths[r] += keep;
    }
    return want;
}

static void check_expert(int32_t count, bool mixed)
{
    const expert_pass p = random_expert_pass(count, mixed);
    describe("%d rows, %s, function %d, weighted %d", count, mixed ? "mixed" : "one recursion", p.function, p.weighted);
    const device_rows rows(p.list, count + 2);
    const device_array<mor4j_cuda_router> routers(p.routers);
    const device_array<int32_t> recursions(mixed ? p.recursions : std::vector<int32_t>(1)),
        max_recursions(p.max_recursions);
    const device_array<float> z(p.z), decision(p.decision);
    const device_array<double> thresholds(p.thresholds);
    decided got;
    const device_array<uint8_t> keep(got.keep);
    const device_array<float> gates(got.gates);
    const device_array<int32_t> depths(got.depths);
    mor4j_cuda_decide_expert_args args = {};
    args.rows = rows.get();
    args.routers = routers.data();
    args.recursions = mixed ? recursions.data() : nullptr;
    args.z = z.data();
    args.decision = p.own_decision ? decision.data() : z.data();
    args.logit_thresholds = thresholds.data();
    args.max_recursions = max_recursions.data();
    args.keep = keep.data();
    args.gates = gates.data();
    args.depths = depths.data();
    args.alpha = ALPHA;
    args.function = p.function;
    args.weighted = p.weighted;
    args.fixed_recursion = p.fixed_recursion;
    CHECK_CUDA(mor4j_cuda_decide_expert(&args, nullptr));
    got = {keep.download(), gates.download(), depths.download()};
    check_same(got, expert_oracle(p));
}

static void expert()
{
    for (int32_t count : {0, 1, 5, 100, 129, STATES - 2}) {
        for (int i = 0; i < 6; i++) check_expert(count, i % 2 == 0);
    }
}

struct token_pass {
    std::vector<int32_t> list, max_recursions;
    std::vector<float> z, bias;
    int32_t outs, function, weighted;
};

static token_pass random_token_pass(int32_t count, int32_t outs)
{
    token_pass p;
    p.list = random_rows(&seed, count, STATES);
    p.outs = outs;
    for (int32_t i = 0; i < count + 2; i++) {
        const bool extreme = i % 3 == 0, equal = i % 5 == 0;
        for (int32_t j = 0; j < outs; j++) {
            p.z.push_back(extreme ? random_score() : equal ? 0.25f : 4 * random_float(&seed));
        }
    }
    if (random_below(&seed, 2) == 0) p.bias = random_floats(&seed, outs, 0.2f);
    for (int32_t r = 0; r < STATES; r++) {
        p.max_recursions.push_back(static_cast<int32_t>(1 + random_below(&seed, outs)));
    }
    p.function = random_below(&seed, 2) == 0 ? MOR4J_CUDA_SIGMOID : MOR4J_CUDA_SOFTMAX;
    p.weighted = random_below(&seed, 3) != 0;
    return p;
}

static float token_weight(const token_pass &p, const float *z, int32_t j)
{
    if (p.function == MOR4J_CUDA_SIGMOID) return sigmoid(z[j]) * ALPHA;
    float largest = -INFINITY;
    for (int32_t o = 0; o < p.outs; o++) largest = std::isnan(z[o]) || z[o] > largest ? z[o] : largest;
    double sum = 0;
    for (int32_t o = 0; o < p.outs; o++) sum += std::exp(static_cast<double>(z[o] - largest));
    return static_cast<float>(std::exp(static_cast<double>(z[j] - largest)) / sum) * ALPHA;
}

static decided token_oracle(const token_pass &p)
{
    decided want;
    for (size_t i = 0; i < p.list.size(); i++) {
        const int32_t r = p.list[i];
        const float *z = &p.z[i * p.outs];
        int32_t last = 0;
        float largest = -INFINITY;
        for (int32_t j = 0; j < p.max_recursions[r]; j++) {
            const float weight = token_weight(p, z, j), score = weight + (p.bias.empty() ? 0.0f : p.bias[j]);
            if (score > largest) {
                largest = score;
                last = j;
            }
        }
        want.keep[r] = 1;
        want.gates[r] = p.weighted ? token_weight(p, z, last) : 1;
        want.depths[r] = last + 1;
    }
    return want;
}

static void check_token(int32_t count, int32_t outs)
{
    const token_pass p = random_token_pass(count, outs);
    describe("%d rows, %d outputs, function %d, weighted %d, %s", count, outs, p.function, p.weighted,
             p.bias.empty() ? "no bias" : "bias");
    const device_rows rows(p.list, count + 2);
    const device_array<float> z(p.z), bias(p.bias.empty() ? std::vector<float>(1) : p.bias);
    const device_array<int32_t> max_recursions(p.max_recursions);
    decided got;
    const device_array<uint8_t> keep(got.keep);
    const device_array<float> gates(got.gates);
    const device_array<int32_t> depths(got.depths);
    mor4j_cuda_decide_token_args args = {};
    args.rows = rows.get();
    args.z = z.data();
    args.bias = p.bias.empty() ? nullptr : bias.data();
    args.max_recursions = max_recursions.data();
    args.keep = keep.data();
    args.gates = gates.data();
    args.depths = depths.data();
    args.outs = outs;
    args.alpha = ALPHA;
    args.function = p.function;
    args.weighted = p.weighted;
    CHECK_CUDA(mor4j_cuda_decide_token(&args, nullptr));
    got = {keep.download(), gates.download(), depths.download()};
    check_same(got, token_oracle(p));
}

static void token()
{
    for (int32_t outs : {1, 2, 3, 4, 7, MOR4J_CUDA_MAX_OUTPUTS}) {
        for (int i = 0; i < 4; i++) {
            for (int32_t count : {1, 20, 140}) check_token(count, outs);
        }
    }
    check_token(0, 3);
}

static void arguments()
{
    const device_rows rows({0}, 1);
    const device_array<double> memory(8);
    float *floats = reinterpret_cast<float *>(memory.data());
    int32_t *numbers = reinterpret_cast<int32_t *>(memory.data());
    uint8_t *keep = reinterpret_cast<uint8_t *>(memory.data());
    std::vector<mor4j_cuda_decide_token_args> tokens(
        5, {rows.get(), floats, nullptr, numbers, keep, floats, numbers, 3, 1.0f, MOR4J_CUDA_SOFTMAX, 1});
    tokens[0].rows.bucket = 0;
    tokens[1].outs = 0;
    tokens[2].outs = MOR4J_CUDA_MAX_OUTPUTS + 1;
    tokens[3].function = MOR4J_CUDA_TANH;
    tokens[4].z = nullptr;
    for (const auto &args : tokens) {
        CHECK(mor4j_cuda_decide_token(&args, nullptr) == 1, "case %zd", &args - tokens.data());
    }
    std::vector<mor4j_cuda_decide_expert_args> experts(
        5, {rows.get(), reinterpret_cast<mor4j_cuda_router *>(memory.data()), nullptr, floats, floats, memory.data(),
            numbers, keep, floats, numbers, 1.0f, MOR4J_CUDA_SIGMOID, 1, 0});
    experts[0].rows.bucket = 0;
    experts[1].function = MOR4J_CUDA_SOFTMAX;
    experts[2].fixed_recursion = -1;
    experts[3].decision = nullptr;
    experts[4].logit_thresholds = nullptr;
    for (const auto &args : experts) {
        CHECK(mor4j_cuda_decide_expert(&args, nullptr) == 1, "case %zd", &args - experts.data());
    }
    CHECK(mor4j_cuda_decide_token(nullptr, nullptr) == 1 && mor4j_cuda_decide_expert(nullptr, nullptr) == 1,
          "no arguments");
}

int main() { return run_cases({{"arguments", arguments}, {"expert-choice", expert}, {"token-choice", token}}); }
