/* Attention of rows of different sequences, by splits of their contexts, against a softmax in double. */
#include "attend_pass.h"

static const int32_t SHAPES[][3] = {{1, 1, 2},   {3, 1, 6},   {4, 4, 10},  {6, 2, 32}, {15, 5, 64},
                                    {10, 1, 80}, {3, 1, 128}, {4, 2, 256}, {5, 1, 64}};
static const int32_t SPLITS[] = {1, 2, 5, 32};
static const int32_t CONTEXTS[] = {1, 2, 31, 32, 33, 127, 128, 129, 300, 1000};

static attention_shape shape_of(const int32_t (&heads)[3], int32_t kv_type, int32_t type)
{
    return {heads[0], heads[1], heads[2], kv_type, type};
}

static void attends()
{
    uint64_t random = 1;
    int32_t turn = 0;
    for (const auto &heads : SHAPES) {
        for (int32_t kv_type = MOR4J_CUDA_KV_F32; kv_type <= MOR4J_CUDA_KV_INT8; kv_type++, turn++) {
            const attention_shape shape = shape_of(heads, kv_type, NUMBER_TYPES[turn % 4 % 3]);
            const int32_t splits = SPLITS[turn * 5 / 3 % 4];
            describe("NH %d NKV %d DH %d, cache %d, %s, %d splits", shape.heads, shape.kv_heads, shape.head_dim,
                     kv_type, type_name(shape.type), splits);
            kv_sequences caches(shape, 120, &random);
            std::vector<const test_sequence *> of;
            std::vector<int32_t> contexts;
            for (int32_t context : CONTEXTS) {
                /* Sometimes there is more than what the row sees. */
                of.push_back(&caches.add(context + (turn + context) % 3, (turn + context) % 2));
                contexts.push_back(context);
            }
            attend_pass pass(shape, caches, of, contexts, &random);
            const std::vector<float> got = pass.run(splits);
            pass.check(got);
            pass.check_alone(got, splits, 3);
            pass.check_kinds(got, splits);
        }
    }
}

/* All numbers of splits for the same rows, of which some have more splits than chunks. */
static void splits_agree()
{
    uint64_t random = 2;
    const attention_shape shape = {6, 2, 20, MOR4J_CUDA_KV_BF16, MOR4J_CUDA_F32};
    kv_sequences caches(shape, 50, &random);
    const test_sequence &a = caches.add(700, false), &b = caches.add(140, true), &c = caches.add(64, true);
    attend_pass pass(shape, caches, {&a, &b, &a, &c}, {700, 129, 256, 64}, &random);
    for (int32_t splits : {1, 2, 3, 4, 5, 6, 7, 32, 64}) {
        describe("%d splits", splits);
        pass.check(pass.run(splits));
    }
}

/* What mor4j_cuda_rope_append and then attention do, done by attention: the same outputs and the same caches, bit by
   bit. */
static void turns_and_appends()
{
    uint64_t random = 6;
    int32_t turn = 0;
    for (const auto &heads : SHAPES) {
        for (int32_t kv_type = MOR4J_CUDA_KV_F32; kv_type <= MOR4J_CUDA_KV_INT8; kv_type++, turn++) {
            const attention_shape shape = shape_of(heads, kv_type, NUMBER_TYPES[turn % 4 % 3]);
            kv_sequences caches(shape, 100, &random);
            std::vector<mor4j_cuda_kv_row> kv(30);
            const std::vector<int32_t> list = random_rows(&random, 2 * 9, 30);
            std::vector<int32_t> positions(kv.size(), 0);
            for (size_t i = 0; i < list.size(); i++) {
                const int32_t context = CONTEXTS[i % 9];
                const mor4j_cuda_kv_row row = caches.storing_row(caches.add(context, i >= 9), context);
                const size_t state = static_cast<size_t>(list[i]);
                kv[state] = row;
                positions[state] = context - 1 + random_below(&random, 3000);
            }
            const size_t rows = list.size();
            std::vector<float> qkv = random_floats(&random, rows * static_cast<size_t>(shape.qkv_width()), 2.0f);
            /* Entries of zeros, and of what is no number. */
            std::fill_n(qkv.begin() + 4 * shape.qkv_width(), shape.qkv_width(), 0.0f);
            qkv[static_cast<size_t>(5 * shape.qkv_width() + shape.width())] = NAN;
            std::vector<float> frequencies;
            for (int32_t d = 0; d < shape.head_dim / 2; d++) {
                frequencies.push_back(1.0f / static_cast<float>(1 + d * d));
            }
            const device_array<int32_t> positions_there(positions);
            const device_array<float> frequencies_there(frequencies);
            const device_rows pass(list, static_cast<int32_t>(rows) + 2);
            const size_t bucket = rows + 2;
            qkv.resize(bucket * static_cast<size_t>(shape.qkv_width()), NAN);
            for (int32_t splits : {1, 3}) {
                const int32_t mode = splits == 1 ? MOR4J_CUDA_KV_READ : MOR4J_CUDA_KV_OVERLAY;
                describe("NH %d NKV %d DH %d, cache %d, %s, mode %d, %d splits", shape.heads, shape.kv_heads,
                         shape.head_dim, kv_type, type_name(shape.type), mode, splits);
                std::vector<uint8_t> outputs[2], pages[2];
                for (const bool fused : {false, true}) {
                    mor4j_cuda_cache cache = caches.upload(kv);
                    cache.kv_mode = mode;
                    const device_numbers there(qkv, shape.type),
                        out(std::vector<float>(bucket * static_cast<size_t>(shape.width()), 7.0f), shape.type);
                    const std::vector<uint8_t> before = there.download_bytes();
                    const device_array<float> partials(static_cast<size_t>(
                        mor4j_cuda_partial_floats(static_cast<int32_t>(bucket), shape.heads, shape.head_dim, splits)));
                    const device_array<uint32_t> done(
                        std::vector<uint32_t>(bucket * static_cast<size_t>(shape.heads), 0));
                    const mor4j_cuda_rope_append_args append = {
                        pass.get(), cache, there.data(), positions_there.data(), frequencies_there.data(),
                        shape.type, 0};
                    if (!fused) CHECK_CUDA(mor4j_cuda_rope_append(&append, nullptr));
                    const mor4j_cuda_attend_args args = {pass.get(),
                                                         cache,
                                                         there.data(),
                                                         out.data(),
                                                         partials.data(),
                                                         done.data(),
                                                         splits,
                                                         shape.type,
                                                         nullptr,
                                                         0,
                                                         0,
                                                         fused ? positions_there.data() : nullptr,
                                                         fused ? frequencies_there.data() : nullptr};
                    CHECK_CUDA(mor4j_cuda_attend_decode(&args, nullptr));
                    outputs[fused] = out.download_bytes();
                    pages[fused] = caches.stored();
                    CHECK(!fused || there.download_bytes() == before, "the queries were written to");
                }
                CHECK(outputs[0] == outputs[1], "outputs differ");
                CHECK(pages[0] == pages[1], "caches differ");
            }
        }
    }
}

static void is_nothing_for_no_rows()
{
    uint64_t random = 3;
    const attention_shape shape = {3, 1, 8, MOR4J_CUDA_KV_F32, MOR4J_CUDA_BF16};
    kv_sequences caches(shape, 10, &random);
    const test_sequence &a = caches.add(200, false);
    const attend_pass pass(shape, caches, {&a}, {200}, &random);
    for (int32_t splits : SPLITS) pass.run(splits, 0, 0, 3);
}

/* Whole warps, chunks and splits of -infinity, then a number; NaN and +infinity; values that are none. Others do not
   notice. */
static void keeps_what_is_no_number()
{
    uint64_t random = 4;
    for (int32_t kv_type = MOR4J_CUDA_KV_F32; kv_type <= MOR4J_CUDA_KV_INT8; kv_type++) {
        const attention_shape shape = {4, 2, 6, kv_type, MOR4J_CUDA_F32};
        const bool infinite = kv_type != MOR4J_CUDA_KV_INT8;
        kv_sequences caches(shape, 100, &random);
        test_sequence &late = caches.add(420, false), &never = caches.add(300, false), &nan = caches.add(300, true),
                      &inf = caches.add(200, false), &value = caches.add(200, true), &plain = caches.add(300, false);
        for (int32_t e = 0; infinite && e < 411; e++) caches.replace(late, e, 0, -INFINITY);
        for (int32_t e = 0; infinite && e < 300; e++) caches.replace(never, e, 0, -INFINITY);
        caches.replace(nan, 140, 0, NAN);
        if (infinite) caches.replace(inf, 33, 0, INFINITY);
        caches.replace(value, 199, 1, infinite ? INFINITY : NAN);
        caches.replace(plain, 290, 0, NAN);
        caches.replace(plain, 290, 1, NAN);
        attend_pass pass(shape, caches, {&late, &never, &nan, &inf, &value, &plain}, {420, 300, 300, 200, 200, 290},
                         &random);
        for (size_t row = 0; row < 6; row++) {
            for (int64_t i = 0; i < shape.width(); i++) pass.query(row, 0)[i] = fabsf(pass.query(row, 0)[i]) + 0.125f;
        }
        pass.query(5, 1)[2] = NAN;
        for (int32_t splits : SPLITS) {
            describe("cache %d, %d splits", kv_type, splits);
            const std::vector<float> got = pass.run(splits);
            pass.check(got);
            CHECK(!infinite || (isfinite(got[0]) && isnan(got[24])));
            CHECK(isnan(got[48]) && isfinite(got[120]) && isnan(got[126]) && isfinite(got[132]));
        }
    }
}

static void refuses_sizes_out_of_range()
{
    CHECK(mor4j_cuda_partial_floats(3, 15, 64, 5) == 3 * 15 * 5 * 66);
    CHECK(mor4j_cuda_partial_floats(0, 15, 64, 5) == -1 && mor4j_cuda_partial_floats(3, 0, 64, 5) == -1);
    CHECK(mor4j_cuda_partial_floats(3, 15, 258, 5) == -1 && mor4j_cuda_partial_floats(3, 15, 64, 65) == -1);
    CHECK(mor4j_cuda_partial_floats(INT32_MAX, INT32_MAX, 256, 64) == -1);
    const device_array<float> numbers(256);
    const device_array<int32_t> rows(std::vector<int32_t>{0});
    const device_array<uint32_t> done(std::vector<uint32_t>(4, 0));
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
                                         numbers.data(),
                                         done.data(),
                                         2,
                                         0,
                                         nullptr,
                                         0,
                                         0,
                                         nullptr,
                                         nullptr};
    CHECK_CUDA(mor4j_cuda_attend_decode(&good, nullptr));
    std::vector<mor4j_cuda_attend_args> bad(12, good);
    bad[0].splits = 0;
    bad[1].splits = 65;
    bad[2].type = MOR4J_CUDA_INT8;
    bad[3].cache.heads = 3;
    bad[4].cache.head_dim = 258;
    bad[5].cache.kv_type = 3;
    bad[6].rows.bucket = 0;
    bad[7].out = nullptr;
    bad[8].partials = nullptr;
    bad[9].done = nullptr;
    bad[10].positions = rows.data();
    bad[11].inverse_frequencies = numbers.data();
    for (const mor4j_cuda_attend_args &args : bad) {
        CHECK(mor4j_cuda_attend_decode(&args, nullptr) == cudaErrorInvalidValue);
    }
    CHECK(mor4j_cuda_attend_decode(nullptr, nullptr) == cudaErrorInvalidValue);
}

int main()
{
    return run_cases({{"attends", attends},
                      {"splits_agree", splits_agree},
                      {"turns_and_appends", turns_and_appends},
                      {"is_nothing_for_no_rows", is_nothing_for_no_rows},
                      {"keeps_what_is_no_number", keeps_what_is_no_number},
                      {"refuses_sizes_out_of_range", refuses_sizes_out_of_range}});
}
