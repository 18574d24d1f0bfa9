/* mor4j_cuda_sample against an oracle that sorts, in double. */
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "support.h"

/* Goes on from one order of threads to the next, so that each has rows of its own. */
static uint64_t seed = 20250717;

struct drawn {
    int32_t token;
    bool sure; /* not within rounding of a boundary */
};

struct likely {
    double p;
    float logit;
    int32_t id;
};

static bool precedes(const likely &a, const likely &b)
{
    return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
}

/* Keeps the fewest that reach the share; false where rounding may decide. */
static bool keep_nucleus(std::vector<likely> &tokens, double share, double rounding)
{
    double mass = 0, sum = 0;
    for (const likely &token : tokens) mass += token.p;
    bool sure = true;
    size_t kept = 0;
    while (kept < tokens.size() && sum < share * mass) {
        sum += tokens[kept++].p;
        sure = sure && (rounding == 0 || std::fabs(sum - share * mass) > rounding * mass);
    }
    tokens.resize(std::max<size_t>(kept, 1));
    return sure;
}

static drawn draw(std::vector<likely> &tokens, double point, double rounding, bool sure)
{
    std::sort(tokens.begin(), tokens.end(), [](const likely &a, const likely &b) { return a.id < b.id; });
    double mass = 0, sum = 0;
    for (const likely &token : tokens) mass += token.p;
    for (const likely &token : tokens) {
        sum += token.p;
        sure = sure && (rounding == 0 || std::fabs(sum - point * mass) > rounding * mass);
        if (sum > point * mass) return {token.id, sure};
    }
    return {tokens.back().id, false};
}

static drawn oracle(const float *logits, int64_t vocabulary, const mor4j_cuda_sampling &how, double rounding)
{
    std::vector<likely> tokens;
    for (int64_t i = 0; i < vocabulary; i++) {
        if (logits[i] > -INFINITY) tokens.push_back({0, logits[i], static_cast<int32_t>(i)});
    }
    if (tokens.empty()) return {-1, true};
    std::sort(tokens.begin(), tokens.end(), precedes);
    const float largest = tokens[0].logit;
    if (how.temperature == 0 || std::isinf(largest)) return {tokens[0].id, true};
    for (likely &token : tokens) token.p = std::exp((static_cast<double>(token.logit) - largest) / how.temperature);
    if (how.top_k > 0 && how.top_k < static_cast<int64_t>(tokens.size())) tokens.resize(how.top_k);
    bool sure = how.top_p >= 1 || keep_nucleus(tokens, how.top_p, rounding);
    std::vector<likely> likely_enough;
    for (const likely &token : tokens) {
        sure = sure && (token.p == 1 || how.min_p == 0 || rounding == 0 || std::fabs(token.p - how.min_p) > rounding);
        if (token.p >= how.min_p) likely_enough.push_back(token);
    }
    return draw(likely_enough, how.point, rounding, sure);
}

static std::vector<int32_t> run(const std::vector<float> &logits, int64_t vocabulary,
                                const std::vector<mor4j_cuda_sampling> &how, int32_t count)
{
    const int32_t bucket = static_cast<int32_t>(how.size());
    const device_rows rows(random_rows(&seed, count, 2 * bucket), bucket);
    const device_array<float> device_logits(logits);
    const device_array<mor4j_cuda_sampling> device_how(how);
    device_array<int32_t> tokens(std::vector<int32_t>(bucket, -77));
    const mor4j_cuda_sample_args args = {rows.get(), device_logits.data(), device_how.data(), tokens.data(),
                                         vocabulary};
    CHECK_CUDA(mor4j_cuda_sample(&args, nullptr));
    const std::vector<int32_t> first = tokens.download();
    for (int32_t i = count; i < bucket; i++) {
        CHECK(first[i] == -77, "row %d is not of the pass, its token is %d", i, first[i]);
    }
    return first;
}

static void check_rows(const std::vector<float> &logits, int64_t vocabulary,
                       const std::vector<mor4j_cuda_sampling> &how, double rounding)
{
    const std::vector<int32_t> tokens = run(logits, vocabulary, how, static_cast<int32_t>(how.size()));
    size_t unsure = 0;
    for (size_t i = 0; i < how.size(); i++) {
        const drawn want = oracle(&logits[i * vocabulary], vocabulary, how[i], rounding);
        unsure += !want.sure;
        CHECK(!want.sure || tokens[i] == want.token,
              "V=%ld row %zu temperature %g top-k %d top-p %g min-p %g point %.17g: %d, not %d", (long)vocabulary, i,
              how[i].temperature, how[i].top_k, how[i].top_p, how[i].min_p, how[i].point, tokens[i], want.token);
        CHECK(tokens[i] >= -1 && tokens[i] < vocabulary, "token %d of %ld", tokens[i], (long)vocabulary);
    }
    CHECK(unsure <= how.size() / 10 + 1, "%zu of %zu rows lie within rounding of a boundary", unsure, how.size());
}

/* Normal by the sum of uniform numbers; in steps, so that there are equal ones, where `step` is not 0. */
static float random_logit(float size, float step)
{
    float sum = 0;
    for (int i = 0; i < 12; i++) sum += random_float(&seed);
    return step == 0 ? sum / 2 * size : std::round(sum / 2 * size / step) * step;
}

static double random_point() { return static_cast<double>(random_bits(&seed) >> 11) * 0x1p-53; }

template <typename T, size_t N> static T one_of(const T (&choices)[N]) { return choices[random_below(&seed, N)]; }

static mor4j_cuda_sampling random_sampling(int64_t vocabulary)
{
    const int32_t v = static_cast<int32_t>(vocabulary);
    const float temperatures[] = {0.0f, 0.1f, 0.7f, 1.0f, 1.0f, 3.0f, 1e3f, 1e-30f};
    const int32_t top_k[] = {0, 0, 1, 3, 10, 50, v - 1, v, v + 10};
    const float top_p[] = {1.0f, 1.0f, 0.95f, 0.9f, 0.5f, 1e-9f, 0.0f};
    const float min_p[] = {0.0f, 0.0f, 0.0f, 0.02f, 0.3f, 1.0f};
    return {random_point(), one_of(temperatures), one_of(top_p), one_of(min_p), one_of(top_k), 0};
}

static void check_random(int64_t vocabulary, size_t rows)
{
    std::vector<float> logits(rows * vocabulary);
    std::vector<mor4j_cuda_sampling> how;
    const float steps[] = {0.0f, 0.0f, 0.5f, 3.0f};
    const float not_numbers[] = {NAN, -INFINITY};
    for (size_t i = 0; i < rows; i++) {
        const float step = one_of(steps), size = i % 2 == 0 ? 1.0f : 4.0f;
        const bool holes = random_below(&seed, 4) == 0;
        for (int64_t j = 0; j < vocabulary; j++) {
            const bool hole = holes && random_below(&seed, 3) == 0;
            logits[i * vocabulary + j] = hole ? one_of(not_numbers) : random_logit(size, step);
        }
        how.push_back(random_sampling(vocabulary));
    }
    /* Errors of many probabilities even out. */
    check_rows(logits, vocabulary, how, vocabulary <= 1000 ? 1e-6 : 1e-7);
}

/* All probabilities are 1, so that every sum is exact, and so is the oracle. */
static void check_equal(int64_t vocabulary, size_t rows)
{
    std::vector<float> logits(rows * vocabulary);
    std::vector<mor4j_cuda_sampling> how;
    for (size_t i = 0; i < rows; i++) {
        const float logit = random_logit(10.0f, 0);
        for (int64_t j = 0; j < vocabulary; j++) logits[i * vocabulary + j] = logit;
        how.push_back(random_sampling(vocabulary));
    }
    how[0] = {1.0 - 0x1p-53, 1.0f, 1.0f, 0.0f, 0, 0};
    check_rows(logits, vocabulary, how, 0);
}

/* The draws of points at equal distances are as many as the probability says, but for one. */
static void check_frequencies(const mor4j_cuda_sampling &common, std::vector<double> shares)
{
    const std::vector<float> row = {0.5f, -1.0f, NAN, 2.0f, 2.0f, -INFINITY, 1.0f};
    const int64_t vocabulary = static_cast<int64_t>(row.size());
    const int rows = 50;
    std::vector<float> logits;
    std::vector<mor4j_cuda_sampling> how;
    for (int i = 0; i < rows; i++) {
        logits.insert(logits.end(), row.begin(), row.end());
        how.push_back(common);
        how.back().point = (i + 0.5) / rows;
    }
    std::vector<int> counts(vocabulary);
    for (int32_t token : run(logits, vocabulary, how, rows)) counts[token]++;
    double mass = 0;
    for (double share : shares) mass += share;
    for (int64_t j = 0; j < vocabulary; j++) {
        CHECK(std::fabs(counts[j] - rows * shares[j] / mass) <= 1.001, "token %ld is drawn %d times of %d, not %g",
              (long)j, counts[j], rows, rows * shares[j] / mass);
    }
}

static void test_frequencies()
{
    const double a = std::exp(-1.5), b = std::exp(-3.0), c = std::exp(-1.0);
    check_frequencies({0, 1.0f, 1.0f, 0.0f, 0, 0}, {a, b, 0, 1, 1, 0, c});
    check_frequencies({0, 2.0f, 1.0f, 0.0f, 0, 0}, {std::sqrt(a), std::sqrt(b), 0, 1, 1, 0, std::sqrt(c)});
    check_frequencies({0, 1.0f, 1.0f, 0.0f, 3, 0}, {0, 0, 0, 1, 1, 0, c});
    check_frequencies({0, 1.0f, 1.0f, 0.3f, 0, 0}, {0, 0, 0, 1, 1, 0, c});
    check_frequencies({0, 1.0f, 0.7f, 0.0f, 0, 0}, {0, 0, 0, 1, 1, 0, 0}); /* 2 of 2.64 */
    check_frequencies({0, 1.0f, 0.3f, 0.0f, 0, 0}, {0, 0, 0, 1, 0, 0, 0}); /* of equal ones the first */
}

static void check_one(std::vector<float> logits, const mor4j_cuda_sampling &how, int32_t want)
{
    const int64_t vocabulary = static_cast<int64_t>(logits.size());
    const int32_t token = run(logits, vocabulary, {how}, 1)[0];
    CHECK(token == want, "token %d, not %d, of %ld, at temperature %g", token, want, (long)vocabulary, how.temperature);
}

static void test_corners()
{
    for (float temperature : {0.0f, 1.0f, 1e-38f, 1e-45f, 3e38f}) {
        const mor4j_cuda_sampling how = {0.999, temperature, 1.0f, 0.0f, 0, 0};
        check_one({NAN, -INFINITY, NAN}, how, -1);
        check_one({NAN}, how, -1);
        check_one({-INFINITY}, how, -1);
        check_one({-3e38f}, how, 0);
        check_one({1.0f, INFINITY, NAN, INFINITY}, how, 1);
        check_one({NAN, 1.0f, -INFINITY}, how, 1);
        check_one({-0.0f, 0.0f}, how, temperature == 0 ? 0 : 1);
        check_one({-3e38f, 3e38f, -3e38f}, how, 1); /* their difference is infinite */
    }
    check_one({0.0f, -0.0f, 0.0f}, {0.9, 1.0f, 1.0f, 0.0f, 2, 0}, 1);
    check_one({1.0f, 3.0f, 2.0f}, {0.9, 1.0f, 1.0f, 2.0f, 0, 0}, 1);
    check_one({2.0f, 2.0f, 2.0f}, {0.0, 1.0f, 1.0f, 0.0f, 0, 0}, 0);
    check_one({1.0f, 3.0f, 3.0f}, {0.9999999, 1.0f, 1e-30f, 0.0f, 0, 0}, 1);
}

static void test_rows_beyond_count()
{
    const std::vector<float> logits = {1.0f, 2.0f, 2.0f, 1.0f, 5.0f, 1.0f, 9.0f, 1.0f};
    const std::vector<mor4j_cuda_sampling> greedy(4);
    for (int32_t count = 0; count <= 4; count++) {
        const std::vector<int32_t> tokens = run(logits, 2, greedy, count);
        const int32_t want[] = {1, 0, 0, 0};
        for (int32_t i = 0; i < count; i++) CHECK(tokens[i] == want[i], "row %d: %d", i, tokens[i]);
    }
}

static void test_arguments()
{
    CHECK(mor4j_cuda_sample(nullptr, nullptr) == 1, "no arguments");
    device_array<int32_t> numbers(std::vector<int32_t>(4));
    device_array<float> logits(std::vector<float>(4));
    device_array<mor4j_cuda_sampling> how(std::vector<mor4j_cuda_sampling>(1));
    const mor4j_cuda_sample_args good = {
        {numbers.data(), numbers.data(), 1, 0}, logits.data(), how.data(), numbers.data(), 4};
    mor4j_cuda_sample_args args = good;
    args.vocabulary = 0;
    CHECK(mor4j_cuda_sample(&args, nullptr) == 1, "V = 0");
    args.vocabulary = (1 << 21) + 1;
    CHECK(mor4j_cuda_sample(&args, nullptr) == 1, "V too large");
    args = good;
    args.rows.bucket = 0;
    CHECK(mor4j_cuda_sample(&args, nullptr) == 1, "bucket 0");
    args = good;
    args.logits = nullptr;
    CHECK(mor4j_cuda_sample(&args, nullptr) == 1, "no logits");
}

static void test_random()
{
    for (int64_t vocabulary : {1, 2, 5, 33, 1000}) check_random(vocabulary, 30);
}

static void test_large()
{
    check_random(4096, 2);
    check_random(4097, 2);
    check_random(49152, 2);
    check_random(262144, 1);
}

static void test_equal()
{
    for (int64_t vocabulary : {1, 2, 5, 1000}) check_equal(vocabulary, 15);
}

int main()
{
    return run_cases({{"arguments", test_arguments},
                      {"rows beyond count", test_rows_beyond_count},
                      {"corners", test_corners},
                      {"frequencies", test_frequencies},
                      {"random", test_random},
                      {"equal logits", test_equal},
                      {"large vocabularies", test_large}});
}
