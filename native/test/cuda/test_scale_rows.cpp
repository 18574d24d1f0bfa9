/* mor4j_cuda_scale_rows against products in double; NaN and infinity go through, rows that are left out stay. */
#include <math.h>

#include "passes.h"

static void scales()
{
    for_passes(5, [](const test_pass &pass, uint64_t *random) {
        const size_t n = pass.length;
        std::vector<float> before = random_floats(random, pass.of_states());
        std::vector<float> factors = random_floats(random, pass.size.states, 3.0f);
        for (float &factor : factors) {
            const int64_t kind = random_below(random, 8);
            if (kind < 3) factor = kind == 0 ? 0.0f : kind == 1 ? INFINITY : NAN;
        }
        before[random_below(random, before.size())] = NAN;
        before[random_below(random, before.size())] = -INFINITY;
        const device_array<float> x(before), factors_there(factors);
        const mor4j_cuda_scale_rows_args args = {pass.rows.get(), x.data(), factors_there.data(), pass.length};
        CHECK_CUDA(mor4j_cuda_scale_rows(&args, nullptr));
        std::vector<float> got = x.download(), untouched = before;
        for (int32_t row : pass.list) {
            for (size_t at = row * n; at < (row + 1) * n; at++) {
                const double want = static_cast<double>(before[at]) * static_cast<double>(factors[row]);
                CHECK(is_close(got[at], want, 4 * 0x1p-24), "%g, not %g", got[at], want);
                got[at] = untouched[at] = 0.0f;
            }
        }
        expect_equal("rows that are left alone", got, untouched);
    });
}

static void refuses()
{
    const device_rows rows({0}, 1);
    const device_array<float> x(8);
    const mor4j_cuda_scale_rows_args right = {rows.get(), x.data(), x.data(), 4};
    mor4j_cuda_scale_rows_args a = right;
    EXPECT_REFUSED(mor4j_cuda_scale_rows(nullptr, nullptr));
    EXPECT_REFUSED((a.hidden = 0, mor4j_cuda_scale_rows(&a, nullptr)));
    EXPECT_REFUSED((a = right, a.x = nullptr, mor4j_cuda_scale_rows(&a, nullptr)));
    EXPECT_REFUSED((a = right, a.factors = nullptr, mor4j_cuda_scale_rows(&a, nullptr)));
    EXPECT_REFUSED((a = right, a.rows.bucket = 0, mor4j_cuda_scale_rows(&a, nullptr)));
}

int main() { return run_cases({{"scales", scales}, {"refuses", refuses}}); }
