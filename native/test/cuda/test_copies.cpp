/* Rows that move without arithmetic: bit for bit, NaN and infinities too, and no others. */
#include <math.h>
#include <string.h>

#include "passes.h"

/* Numbers of which some are none. */
static std::vector<float> odd_floats(uint64_t *random, size_t n)
{
    std::vector<float> values = random_floats(random, n, 3.0f);
    for (float &v : values) {
        const int64_t kind = random_below(random, 20);
        if (kind < 3) v = kind == 0 ? NAN : kind == 1 ? -INFINITY : -0.0f;
    }
    return values;
}

static void copy_row(std::vector<float> &to, int64_t to_row, const std::vector<float> &from, int64_t from_row,
                     int64_t n)
{
    memcpy(&to[to_row * n], &from[from_row * n], n * sizeof(float));
}

static void gathers()
{
    for_passes(1, [](const test_pass &pass, uint64_t *random) {
        const std::vector<float> x = odd_floats(random, pass.of_states()),
                                 before = odd_floats(random, pass.of_bucket());
        const device_array<float> from(x), to(before);
        const mor4j_cuda_gather_args args = {pass.rows.get(), from.data(), to.data(), pass.length};
        CHECK_CUDA(mor4j_cuda_gather(&args, nullptr));
        std::vector<float> want = before;
        for (int64_t i = 0; i < pass.size.count; i++) copy_row(want, i, x, pass.list[i], pass.length);
        expect_equal("gathered", to.download(), want);
        expect_equal("states", from.download(), x);
    });
}

static void copies()
{
    for_passes(2, [](const test_pass &pass, uint64_t *random) {
        const std::vector<float> x = odd_floats(random, pass.of_states()),
                                 before = odd_floats(random, pass.of_states());
        const device_array<float> from(x), to(before);
        const mor4j_cuda_copy_rows_args args = {pass.rows.get(), from.data(), to.data(), pass.length};
        CHECK_CUDA(mor4j_cuda_copy_rows(&args, nullptr));
        std::vector<float> want = before;
        for (int32_t row : pass.list) copy_row(want, row, x, row, pass.length);
        expect_equal("copied", to.download(), want);
    });
}

static void refuses()
{
    const device_rows rows({0}, 1);
    const device_array<float> x(8);
    const mor4j_cuda_gather_args gather = {rows.get(), x.data(), x.data(), 4};
    const mor4j_cuda_copy_rows_args copy = {rows.get(), x.data(), x.data(), 4};
    mor4j_cuda_gather_args g = gather;
    EXPECT_REFUSED(mor4j_cuda_gather(nullptr, nullptr));
    EXPECT_REFUSED((g.hidden = 0, mor4j_cuda_gather(&g, nullptr)));
    EXPECT_REFUSED((g = gather, g.x = nullptr, mor4j_cuda_gather(&g, nullptr)));
    EXPECT_REFUSED((g = gather, g.y = nullptr, mor4j_cuda_gather(&g, nullptr)));
    EXPECT_REFUSED((g = gather, g.rows.bucket = 0, mor4j_cuda_gather(&g, nullptr)));
    EXPECT_REFUSED((g = gather, g.rows.list = nullptr, mor4j_cuda_gather(&g, nullptr)));
    EXPECT_REFUSED((g = gather, g.rows.count = nullptr, mor4j_cuda_gather(&g, nullptr)));
    mor4j_cuda_copy_rows_args c = copy;
    EXPECT_REFUSED(mor4j_cuda_copy_rows(nullptr, nullptr));
    EXPECT_REFUSED((c.hidden = -1, mor4j_cuda_copy_rows(&c, nullptr)));
    EXPECT_REFUSED((c = copy, c.from = nullptr, mor4j_cuda_copy_rows(&c, nullptr)));
    EXPECT_REFUSED((c = copy, c.to = nullptr, mor4j_cuda_copy_rows(&c, nullptr)));
    EXPECT_REFUSED((c = copy, c.rows.bucket = -1, mor4j_cuda_copy_rows(&c, nullptr)));
}

int main() { return run_cases({{"gather", gathers}, {"copy rows", copies}, {"refused arguments", refuses}}); }
