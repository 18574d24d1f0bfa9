/* Who goes on to the next recursion: kept rows close ranks, in order and in place; deeper rows are kept. */
#include "passes.h"

struct compaction {
    std::vector<int32_t> list;
    std::vector<uint8_t> keep; /* of all states */
    int32_t bucket;

    std::vector<int32_t> kept() const
    {
        std::vector<int32_t> rows;
        for (int32_t row : list) {
            if (keep[row]) rows.push_back(row);
        }
        return rows;
    }
};

static void expect_list(const std::vector<int32_t> &got, int32_t count, const std::vector<int32_t> &want)
{
    CHECK(count == static_cast<int32_t>(want.size()), "%d kept, not %zu", count, want.size());
    expect_equal("kept rows", std::vector<int32_t>(got.begin(), got.begin() + count), want);
}

/* `share` of 8 rows is kept, by any byte but 0. */
static compaction random_compaction(uint64_t *random, pass_size size, int64_t share)
{
    compaction c = {random_rows(random, size.count, size.states), std::vector<uint8_t>(size.states), size.bucket};
    for (uint8_t &keep : c.keep) keep = random_below(random, 8) < share ? 1 + random_below(random, 255) : 0;
    return c;
}

static void check_apart(const compaction &c)
{
    const device_rows rows(c.list, c.bucket);
    const device_array<uint8_t> keep(c.keep);
    const std::vector<int32_t> before(c.bucket, -7);
    const device_array<int32_t> list(before), count(1);
    const mor4j_cuda_compact_args args = {rows.get(), keep.data(), list.data(), count.data()};
    CHECK_CUDA(mor4j_cuda_compact(&args, nullptr));
    const std::vector<int32_t> got = list.download(), want = c.kept();
    expect_list(got, count.download()[0], want);
    for (size_t i = want.size(); i < got.size(); i++) CHECK(got[i] == -7, "entry %zu of the list is %d", i, got[i]);
    CHECK(rows.download_count() == static_cast<int32_t>(c.list.size()));
    std::vector<int32_t> list_after = rows.download_list();
    list_after.resize(c.list.size());
    expect_equal("the list itself", list_after, c.list);
}

static void check_in_place(const compaction &c)
{
    const device_rows rows(c.list, c.bucket);
    const device_array<uint8_t> keep(c.keep);
    const mor4j_cuda_rows pass = rows.get();
    int32_t *list = const_cast<int32_t *>(pass.list), *count = const_cast<int32_t *>(pass.count);
    const mor4j_cuda_compact_args args = {pass, keep.data(), list, count};
    CHECK_CUDA(mor4j_cuda_compact(&args, nullptr));
    const std::vector<int32_t> got = rows.download_list();
    expect_list(got, rows.download_count(), c.kept());
    for (size_t i = c.list.size(); i < got.size(); i++) CHECK(got[i] == -1, "entry %zu of the list is %d", i, got[i]);
}

static void compacts()
{
    uint64_t random = 11;
    static const pass_size sizes[] = {{0, 1, 3},
                                      {1, 1, 1},
                                      {2, 3, 2},
                                      {7, 16, 11},
                                      {33, 40, 50},
                                      {256, 256, 300},
                                      {257, 300, 257},
                                      {1025, 2000, 1100},
                                      {8191, 8192, 9000},
                                      {8193, 8200, 8193},
                                      {16384, 65536, 20000},
                                      {65536, 65536, 65537}};
    for (const pass_size &size : sizes) {
        for (int64_t share : {0, 1, 5, 8}) {
            describe("%d of %d rows, %d of 8 kept", size.count, size.bucket, static_cast<int>(share));
            const compaction c = random_compaction(&random, size, share);
            check_apart(c);
            check_in_place(c);
        }
    }
}

static void keeps_deeper()
{
    uint64_t random = 12;
    for (const pass_size &size : {pass_size{0, 1, 3}, {1, 1, 1}, {7, 16, 11}, {33, 40, 50}, {257, 600, 300}}) {
        describe("%d of %d rows", size.count, size.bucket);
        const std::vector<int32_t> list = random_rows(&random, size.count, size.states);
        std::vector<int32_t> depths(size.states);
        for (int32_t &depth : depths) depth = static_cast<int32_t>(random_below(&random, 5));
        const device_rows rows(list, size.bucket);
        const device_array<int32_t> depths_there(depths);
        for (int32_t recursion : {0, 2, 4}) {
            std::vector<uint8_t> want(depths.size(), 9);
            const device_array<uint8_t> keep(want);
            const mor4j_cuda_keep_deeper_args args = {rows.get(), depths_there.data(), keep.data(), recursion, 0};
            CHECK_CUDA(mor4j_cuda_keep_deeper(&args, nullptr));
            for (int32_t row : list) want[row] = recursion < depths[row];
            expect_equal("keep", keep.download(), want);
        }
    }
}

static void refuses()
{
    const device_rows rows({0}, 1);
    const device_array<int32_t> numbers(2);
    const device_array<uint8_t> keep(1);
    const mor4j_cuda_compact_args compact = {rows.get(), keep.data(), numbers.data(), numbers.data() + 1};
    mor4j_cuda_compact_args c = compact;
    EXPECT_REFUSED(mor4j_cuda_compact(nullptr, nullptr));
    EXPECT_REFUSED((c.rows.bucket = 65537, mor4j_cuda_compact(&c, nullptr)));
    EXPECT_REFUSED((c.rows.bucket = 0, mor4j_cuda_compact(&c, nullptr)));
    EXPECT_REFUSED((c = compact, c.keep = nullptr, mor4j_cuda_compact(&c, nullptr)));
    EXPECT_REFUSED((c = compact, c.out_list = nullptr, mor4j_cuda_compact(&c, nullptr)));
    EXPECT_REFUSED((c = compact, c.out_count = nullptr, mor4j_cuda_compact(&c, nullptr)));
    const mor4j_cuda_keep_deeper_args deeper = {rows.get(), numbers.data(), keep.data(), 0, 0};
    mor4j_cuda_keep_deeper_args d = deeper;
    EXPECT_REFUSED(mor4j_cuda_keep_deeper(nullptr, nullptr));
    EXPECT_REFUSED((d.recursion = -1, mor4j_cuda_keep_deeper(&d, nullptr)));
    EXPECT_REFUSED((d = deeper, d.depths = nullptr, mor4j_cuda_keep_deeper(&d, nullptr)));
    EXPECT_REFUSED((d = deeper, d.keep = nullptr, mor4j_cuda_keep_deeper(&d, nullptr)));
    EXPECT_REFUSED((d = deeper, d.rows.list = nullptr, mor4j_cuda_keep_deeper(&d, nullptr)));
}

int main() { return run_cases({{"compact", compacts}, {"keep deeper", keeps_deeper}, {"refused arguments", refuses}}); }
