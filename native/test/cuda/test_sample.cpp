/* mor4j_cuda_sample against an oracle that sorts, with the arithmetic that the rules share: the same choices. */
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "choice.h"
#include "support.h"

/* Goes on from one order of threads to the next, so that each has rows of its own. */
static uint64_t seed = 20250717;

static int32_t oracle(const float *logits, int64_t vocabulary, const mor4j_cuda_sampling &how)
{
    std::vector<int32_t> tokens;
    for (int64_t i = 0; i < vocabulary; i++) {
        if (logits[i] > -INFINITY) tokens.push_back(static_cast<int32_t>(i));
    }
    if (tokens.empty()) return -1;
    std::sort(tokens.begin(), tokens.end(),
              [logits](int32_t a, int32_t b) { return logits[a] > logits[b] || (logits[a] == logits[b] && a < b); });
    int32_t chosen = tokens[0];
    const float largest = logits[chosen];
    if (how.temperature == 0 || std::isinf(largest)) return chosen;
    const float scale = mor4j_weight_scale(how.temperature);
    if (how.top_k > 0 && how.top_k < static_cast<int64_t>(tokens.size())) tokens.resize(how.top_k);
    uint64_t total = 0, before = 0;
    for (int32_t i : tokens) total += mor4j_weight((logits[i] - largest) * scale);
    double best = -INFINITY;
    for (int32_t i : tokens) {
        if (how.top_p < 1 && i != tokens[0] && before >= std::ceil(how.top_p * static_cast<double>(total))) break;
        before += mor4j_weight((logits[i] - largest) * scale);
        if (logits[i] < static_cast<double>(largest) + how.temperature * how.min_log) continue;
        const double value =
            mor4j_noisy(logits[i], largest, how.temperature, mor4j_noise_bits(how.draw, static_cast<uint32_t>(i)));
        if (value > best || (value == best && i < chosen)) {
            best = value;
            chosen = i;
        }
    }
    return chosen;
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
                       const std::vector<mor4j_cuda_sampling> &how)
{
    const std::vector<int32_t> tokens = run(logits, vocabulary, how, static_cast<int32_t>(how.size()));
    for (size_t i = 0; i < how.size(); i++) {
        const int32_t want = oracle(&logits[i * vocabulary], vocabulary, how[i]);
        CHECK(tokens[i] == want, "V=%ld row %zu temperature %g top-k %d top-p %g min-log %g draw %lx: %d, not %d",
              (long)vocabulary, i, how[i].temperature, how[i].top_k, how[i].top_p, how[i].min_log, (long)how[i].draw,
              tokens[i], want);
    }
}

/* Normal by the sum of uniform numbers; in steps, so that there are equal ones, where `step` is not 0. */
static float random_logit(float size, float step)
{
    float sum = 0;
    for (int i = 0; i < 12; i++) sum += random_float(&seed);
    return step == 0 ? sum / 2 * size : std::round(sum / 2 * size / step) * step;
}

template <typename T, size_t N> static T one_of(const T (&choices)[N]) { return choices[random_below(&seed, N)]; }

static mor4j_cuda_sampling random_sampling(int64_t vocabulary)
{
    const int32_t v = static_cast<int32_t>(vocabulary);
    const double temperatures[] = {0.0, 0.1, 0.7, 1.0, 1.0, 3.0, 1e6, 1e-30};
    const int32_t top_k[] = {0, 0, 1, 3, 10, 50, v - 1, v, v + 10};
    const double top_p[] = {1.0, 1.0, 0.95, 0.9, 0.5, 1e-9, 0.0};
    const double min_p[] = {0.0, 0.0, 0.0, 0.02, 0.3, 1.0};
    return {random_bits(&seed), one_of(temperatures), one_of(top_p), std::log(one_of(min_p)), one_of(top_k), 0};
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
    check_rows(logits, vocabulary, how);
}

static void check_equal(int64_t vocabulary, size_t rows)
{
    std::vector<float> logits(rows * vocabulary);
    std::vector<mor4j_cuda_sampling> how;
    for (size_t i = 0; i < rows; i++) {
        const float logit = random_logit(10.0f, 0);
        for (int64_t j = 0; j < vocabulary; j++) logits[i * vocabulary + j] = logit;
        how.push_back(random_sampling(vocabulary));
    }
    check_rows(logits, vocabulary, how);
}

static mor4j_cuda_sampling sampling(double temperature, double top_p = 1.0, double min_p = 0.0, int32_t top_k = 0)
{
    return {0, temperature, top_p, std::log(min_p), top_k, 0};
}

/* Draws of many positions are as many as the probabilities say: chi-square with up to four degrees of freedom below
   23.5, which is a chance of one in 10,000, for draws that are always the same. */
static void check_frequencies(const mor4j_cuda_sampling &common, std::vector<double> shares)
{
    const std::vector<float> row = {0.5f, -1.0f, NAN, 2.0f, 2.0f, -INFINITY, 1.0f};
    const int64_t vocabulary = static_cast<int64_t>(row.size());
    const int rows = 400;
    uint64_t draws = 1;
    std::vector<float> logits;
    std::vector<mor4j_cuda_sampling> how;
    for (int i = 0; i < rows; i++) {
        logits.insert(logits.end(), row.begin(), row.end());
        how.push_back(common);
        how.back().draw = random_bits(&draws);
    }
    std::vector<int> counts(vocabulary);
    for (int32_t token : run(logits, vocabulary, how, rows)) counts[token]++;
    double mass = 0, distance = 0;
    for (double share : shares) mass += share;
    for (int64_t j = 0; j < vocabulary; j++) {
        const double expected = rows * shares[j] / mass;
        CHECK(expected > 0 || counts[j] == 0, "token %ld is no candidate and was drawn %d times", (long)j, counts[j]);
        if (expected > 0) distance += (counts[j] - expected) * (counts[j] - expected) / expected;
    }
    CHECK(distance < 23.5, "chi-square %g at temperature %g", distance, common.temperature);
}

static void test_frequencies()
{
    const double a = std::exp(-1.5), b = std::exp(-3.0), c = std::exp(-1.0);
    check_frequencies(sampling(1.0), {a, b, 0, 1, 1, 0, c});
    check_frequencies(sampling(2.0), {std::sqrt(a), std::sqrt(b), 0, 1, 1, 0, std::sqrt(c)});
    check_frequencies(sampling(1.0, 1.0, 0.0, 3), {0, 0, 0, 1, 1, 0, c});
    check_frequencies(sampling(1.0, 1.0, 0.3), {0, 0, 0, 1, 1, 0, c});
    check_frequencies(sampling(1.0, 0.7), {0, 0, 0, 1, 1, 0, 0}); /* 2 of 2.64 */
    check_frequencies(sampling(1.0, 0.3), {0, 0, 0, 1, 0, 0, 0}); /* of equal ones the first */
}

static void check_one(std::vector<float> logits, const mor4j_cuda_sampling &how, int32_t want)
{
    const int64_t vocabulary = static_cast<int64_t>(logits.size());
    const int32_t token = run(logits, vocabulary, {how}, 1)[0];
    CHECK(token == want, "token %d, not %d, of %ld, at temperature %g", token, want, (long)vocabulary, how.temperature);
}

static void test_corners()
{
    for (double temperature : {0.0, 1.0, 1e-38, 1e-45, 3e38}) {
        const mor4j_cuda_sampling how = sampling(temperature);
        check_one({NAN, -INFINITY, NAN}, how, -1);
        check_one({NAN}, how, -1);
        check_one({-INFINITY}, how, -1);
        check_one({-3e38f}, how, 0);
        check_one({1.0f, INFINITY, NAN, INFINITY}, how, 1);
        check_one({NAN, 1.0f, -INFINITY}, how, 1);
        check_one({-3e38f, 3e38f, -3e38f}, how, 1); /* their difference is infinite */
    }
    check_one({-0.0f, 0.0f}, sampling(0.0), 0);
    check_one({1.0f, 3.0f, 2.0f}, sampling(1.0, 1.0, 2.0), 1);
    check_one({1.0f, 3.0f, 3.0f}, sampling(1.0, 1e-30), 1);
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
