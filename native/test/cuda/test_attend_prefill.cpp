/* Attention of many rows of the same sequences side by side, against a softmax in double. */
#include "attend_pass.h"

static const int32_t SHAPES[][3] = {{1, 1, 2},   {3, 1, 6},   {4, 4, 10},  {6, 2, 32}, {15, 5, 64},
                                    {10, 1, 80}, {3, 1, 128}, {4, 2, 256}, {35, 1, 20}};

/* Rows `contexts` of one sequence. */
struct run_of_rows {
    int32_t length;
    bool overlaid;
    std::vector<int32_t> contexts;
};

static std::vector<int32_t> ascending(int32_t first, int32_t count)
{
    std::vector<int32_t> contexts;
    for (int32_t i = 0; i < count; i++) contexts.push_back(first + i);
    return contexts;
}

static attend_pass pass_of(const attention_shape &shape, kv_sequences &caches, const std::vector<run_of_rows> &runs,
                           uint64_t *random)
{
    std::vector<const test_sequence *> of;
    std::vector<int32_t> contexts;
    for (const run_of_rows &run : runs) {
        const test_sequence &sequence = caches.add(run.length, run.overlaid);
        for (int32_t context : run.contexts) {
            of.push_back(&sequence);
            contexts.push_back(context);
        }
    }
    return attend_pass(shape, caches, of, contexts, random);
}

/* Runs longer than a tile and shorter ones, from the beginning of a sequence and from its midst, in order and not. */
static void attends()
{
    const std::vector<run_of_rows> runs = {
        {71, false, ascending(1, 71)},  {1, true, {1}},      {130, true, ascending(125, 5)},
        {40, true, {40, 7, 32, 33, 1}}, {33, false, {33}},   {300, false, {300, 299}},
        {64, true, ascending(40, 25)},  {130, false, {129}}, {31, true, ascending(3, 28)}};
    uint64_t random = 1;
    int32_t turn = 0;
    for (const auto &heads : SHAPES) {
        for (int32_t kv_type = MOR4J_CUDA_KV_F32; kv_type <= MOR4J_CUDA_KV_INT8; kv_type++, turn++) {
            const attention_shape shape = {heads[0], heads[1], heads[2], kv_type, NUMBER_TYPES[turn % 4 % 3]};
            describe("NH %d NKV %d DH %d, cache %d, %s", shape.heads, shape.kv_heads, shape.head_dim, kv_type,
                     type_name(shape.type));
            kv_sequences caches(shape, 60, &random);
            attend_pass pass =
                pass_of(shape, caches, {runs.begin() + turn % 3 * 2, runs.end() - (2 - turn % 3)}, &random);
            const std::vector<float> got = pass.run(0);
            pass.check(got);
            pass.check_alone(got, 0, 17);
            pass.check_kinds(got, 0);
        }
    }
}

/* Rows in any company and place of a tile have the same bits: here the pass begins at every row up to some. */
static void does_not_depend_on_tiles()
{
    uint64_t random = 2;
    const attention_shape shape = {3, 1, 10, MOR4J_CUDA_KV_BF16, MOR4J_CUDA_F32};
    kv_sequences caches(shape, 20, &random);
    attend_pass pass = pass_of(shape, caches, {{40, true, ascending(1, 40)}, {50, false, ascending(20, 30)}}, &random);
    const std::vector<float> got = pass.run(0);
    pass.check(got);
    for (size_t first = 1; first < 60; first += 7) {
        describe("from row %zu on", first);
        const auto at = got.begin() + static_cast<int64_t>(first) * shape.width();
        expect_equal("rows", pass.run(0, first, 70 - first, 1), std::vector<float>(at, got.end()));
    }
    pass.run(0, 0, 0, 5);
}

/* Rows of the same pages see different entries where their overlays differ, or one has none. */
static void tells_overlays_apart()
{
    uint64_t random = 4;
    const attention_shape shape = {4, 2, 12, MOR4J_CUDA_KV_F32, MOR4J_CUDA_F16};
    kv_sequences caches(shape, 20, &random);
    const test_sequence &over = caches.add(50, true), &beneath = caches.add_beneath(over);
    test_sequence without = beneath;
    without.overlay_pages = -1;
    without.overlay_slots = over.overlay_slots;
    attend_pass pass(shape, caches, {&over, &over, &beneath, &without, &over, &without}, {50, 49, 48, 48, 50, 33},
                     &random);
    pass.check(pass.run(0));
}

/* An entry that is no number reaches the rows that see it, not those before it, nor those of other sequences. */
static void keeps_what_is_no_number()
{
    uint64_t random = 3;
    for (int32_t kv_type = MOR4J_CUDA_KV_F32; kv_type <= MOR4J_CUDA_KV_INT8; kv_type++) {
        const attention_shape shape = {4, 2, 6, kv_type, MOR4J_CUDA_F32};
        const bool infinite = kv_type != MOR4J_CUDA_KV_INT8;
        describe("cache %d", kv_type);
        kv_sequences caches(shape, 60, &random);
        test_sequence &key = caches.add(90, true), &value = caches.add(40, false), &late = caches.add(140, false),
                      &plain = caches.add(40, false);
        caches.replace(key, 45, 0, NAN);
        caches.replace(value, 20, 1, infinite ? INFINITY : NAN);
        for (int32_t e = 0; infinite && e < 132; e++) caches.replace(late, e, 0, -INFINITY);
        std::vector<const test_sequence *> of;
        std::vector<int32_t> contexts;
        const auto add = [&](const test_sequence &sequence, int32_t first, int32_t count) {
            of.insert(of.end(), static_cast<size_t>(count), &sequence);
            for (int32_t context : ascending(first, count)) contexts.push_back(context);
        };
        add(key, 41, 10);
        add(value, 16, 10);
        add(late, 131, 10);
        add(plain, 31, 10);
        attend_pass pass(shape, caches, of, contexts, &random);
        for (size_t row = 0; row < of.size(); row++) {
            for (int64_t i = 0; i < shape.width(); i++) pass.query(row, 0)[i] = fabsf(pass.query(row, 0)[i]) + 0.125f;
        }
        pass.query(35, 3)[0] = NAN;
        const std::vector<float> got = pass.run(0);
        pass.check(got);
        CHECK(isfinite(got[4 * 24]) && isnan(got[5 * 24]) && isfinite(got[14 * 24]) && !isfinite(got[15 * 24]));
        CHECK(!infinite || (isnan(got[21 * 24]) && isfinite(got[22 * 24])));
        CHECK(isfinite(got[35 * 24 + 17]) && isnan(got[35 * 24 + 18]) && isfinite(got[36 * 24]));
    }
}

static void refuses_sizes_out_of_range()
{
    const device_array<float> numbers(256);
    const device_array<int32_t> rows(std::vector<int32_t>{0});
    const mor4j_cuda_cache cache = {reinterpret_cast<const mor4j_cuda_kv_row *>(numbers.data()),
                                    reinterpret_cast<const uint64_t *>(numbers.data()),
                                    0,
                                    0,
                                    0,
                                    0,
                                    4,
                                    2,
                                    8,
                                    32};
    const mor4j_cuda_attend_args good = {{rows.data(), rows.data(), 1, 0},
                                         cache,
                                         numbers.data(),
                                         numbers.data(),
                                         nullptr,
                                         nullptr,
                                         0,
                                         0,
                                         nullptr,
                                         0,
                                         0,
                                         nullptr,
                                         nullptr};
    CHECK_CUDA(mor4j_cuda_attend_prefill(&good, nullptr));
    std::vector<mor4j_cuda_attend_args> bad(6, good);
    bad[0].type = MOR4J_CUDA_INT8;
    bad[1].cache.heads = 3;
    bad[2].cache.head_dim = 7;
    bad[3].cache.page_tokens = 64;
    bad[4].rows.bucket = 0;
    bad[5].qkv = nullptr;
    for (const mor4j_cuda_attend_args &args : bad) {
        CHECK(mor4j_cuda_attend_prefill(&args, nullptr) == cudaErrorInvalidValue);
    }
    CHECK(mor4j_cuda_attend_prefill(nullptr, nullptr) == cudaErrorInvalidValue);
}

int main()
{
    return run_cases({{"attends", attends},
                      {"does_not_depend_on_tiles", does_not_depend_on_tiles},
                      {"tells_overlays_apart", tells_overlays_apart},
                      {"keeps_what_is_no_number", keeps_what_is_no_number},
                      {"refuses_sizes_out_of_range", refuses_sizes_out_of_range}});
}
