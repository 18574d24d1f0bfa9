/* A pass of attention, by either launcher, and what its rows should come to. */
#ifndef MOR4J_CUDA_TEST_ATTEND_PASS_H
#define MOR4J_CUDA_TEST_ATTEND_PASS_H

#include "kv_sequences.h"

/* splits 0: prefill. */
class attend_pass {
  public:
    /* Sequences are as they are to stay. Rows see the first `contexts[i]` entries of `of[i]`; the bucket has room for
       two more. */
    attend_pass(const attention_shape &s, kv_sequences &c, const std::vector<const test_sequence *> &of,
                const std::vector<int32_t> &contexts, uint64_t *random)
        : shape(s), caches(c), sequences(of), kv(of.size() + 3), list(random_rows(random, rows(), rows() + 3)),
          queries(round_to(random_floats(random, of.size() * static_cast<size_t>(s.qkv_width()), 2.0f), s.type))
    {
        for (size_t i = 0; i < of.size(); i++) kv[static_cast<size_t>(list[i])] = caches.row(*of[i], contexts[i]);
        cache = caches.upload(kv);
    }

    int32_t rows() const { return static_cast<int32_t>(sequences.size()); }
    float *query(size_t row, int64_t head)
    {
        return &queries[row * static_cast<size_t>(shape.qkv_width()) + static_cast<size_t>(head * shape.head_dim)];
    }
    int32_t context(size_t row) const { return kv[static_cast<size_t>(list[row])].context; }

    /* The outputs of rows first .. first + taken - 1 in a bucket with `spare` more, which have to stay as they were. */
    std::vector<float> run(int32_t splits, size_t first, size_t taken, int32_t spare) const
    {
        return run(splits, first, taken, spare, {}, 0);
    }
    /* With `kinds` [states] only the rows of `kind`; the others' results have to stay as they were, 7. */
    std::vector<float> run(int32_t splits, size_t first, size_t taken, int32_t spare, const std::vector<uint8_t> &kinds,
                           int32_t kind) const
    {
        const size_t width = static_cast<size_t>(shape.width()), n = taken * width;
        const int32_t bucket = static_cast<int32_t>(taken) + spare;
        std::vector<float> qkv(static_cast<size_t>(bucket * shape.qkv_width()), NAN);
        const auto from = queries.begin() + static_cast<int64_t>(first) * shape.qkv_width();
        std::copy(from, from + static_cast<int64_t>(taken) * shape.qkv_width(), qkv.begin());
        const device_numbers there(qkv, shape.type),
            out(std::vector<float>(n + static_cast<size_t>(spare) * width, 7.0f), shape.type);
        const auto begin = list.begin() + static_cast<int64_t>(first);
        const device_rows pass(std::vector<int32_t>(begin, begin + static_cast<int64_t>(taken)), bucket);
        const int64_t floats = splits > 0 ? mor4j_cuda_partial_floats(bucket, shape.heads, shape.head_dim, splits) : 1;
        const device_array<float> partials(static_cast<size_t>(floats));
        const size_t heads = static_cast<size_t>(bucket * shape.heads);
        const device_array<uint32_t> done(std::vector<uint32_t>(splits > 1 ? heads : 1, 0));
        const device_array<uint8_t> kinds_there(kinds.empty() ? std::vector<uint8_t>(1) : kinds);
        const mor4j_cuda_attend_args args = {pass.get(),
                                             cache,
                                             there.data(),
                                             out.data(),
                                             partials.data(),
                                             done.data(),
                                             splits,
                                             shape.type,
                                             kinds.empty() ? nullptr : kinds_there.data(),
                                             kind,
                                             0,
                                             nullptr,
                                             nullptr};
        CHECK_CUDA(splits > 0 ? mor4j_cuda_attend_decode(&args, nullptr) : mor4j_cuda_attend_prefill(&args, nullptr));
        std::vector<float> got = out.download();
        for (size_t i = n; i < got.size(); i++) CHECK(got[i] == 7.0f, "rows beyond the count were touched");
        partials.check_sentinels();
        done.check_sentinels();
        for (uint32_t count : done.download()) {
            CHECK(count == 0, "the next launch would begin with a count of %u", count);
        }
        got.resize(n);
        return got;
    }
    std::vector<float> run(int32_t splits) const { return run(splits, 0, sequences.size(), 2); }

    /* The rows of either kind alone have the bits that they have without kinds, and the others are left alone. */
    void check_kinds(const std::vector<float> &got, int32_t splits) const
    {
        std::vector<uint8_t> kinds(kv.size(), 9);
        for (size_t i = 0; i < sequences.size(); i++) kinds[static_cast<size_t>(list[i])] = i / 3 % 2 == 0 ? 0 : 4;
        for (int32_t kind : {0, 4}) {
            std::vector<float> want = got;
            for (size_t i = 0; i < sequences.size(); i++) {
                if (kinds[static_cast<size_t>(list[i])] == kind) continue;
                std::fill_n(want.begin() + static_cast<int64_t>(i) * shape.width(), shape.width(), 7.0f);
            }
            expect_equal("kind", run(splits, 0, sequences.size(), 2, kinds, kind), want);
        }
    }

    /* Against double, head by head. */
    void check(const std::vector<float> &got)
    {
        const int64_t dh = shape.head_dim;
        for (size_t i = 0; i < sequences.size(); i++) {
            for (int64_t head = 0; head < shape.heads; head++) {
                const std::vector<double> want =
                    caches.attend(*sequences[i], context(i), query(i, head), head / shape.group());
                const auto at = got.begin() + static_cast<int64_t>(i) * shape.width() + head * dh;
                /* Scores of up to some tens, each rounded, go into exponents. */
                expect_close("attention", std::vector<float>(at, at + dh), want, 16 * (context(i) + dh), shape.type,
                             2.0);
            }
        }
    }

    /* Any row alone, in a bucket of its own, has the bits it has among others; so has the pass when it is repeated. */
    void check_alone(const std::vector<float> &got, int32_t splits, size_t step) const
    {
        expect_equal("again", run(splits), got);
        for (size_t i = 0; i < sequences.size(); i += step) {
            const auto at = got.begin() + static_cast<int64_t>(i) * shape.width();
            expect_equal("alone", run(splits, i, 1, 0), std::vector<float>(at, at + shape.width()));
        }
    }

  private:
    attention_shape shape;
    kv_sequences &caches;
    std::vector<const test_sequence *> sequences;
    std::vector<mor4j_cuda_kv_row> kv; /* [states] */
    std::vector<int32_t> list;
    mor4j_cuda_cache cache;
    std::vector<float> queries; /* [rows, qkv]: keys and values in them are not looked at */
};

#endif
