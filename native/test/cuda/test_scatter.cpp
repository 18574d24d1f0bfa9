/* What a pass made of its rows goes back to the states: replaced, or added by gates; a gate of 0 keeps even NaN out. */
#include <math.h>

#include "passes.h"

/* Gates with zeros of either sign, and one that is no number. */
static std::vector<float> random_gates(uint64_t *random, int32_t states)
{
    std::vector<float> gates = random_floats(random, states);
    for (float &gate : gates) {
        const int64_t kind = random_below(random, 8);
        if (kind < 3) gate = kind == 0 ? 0.0f : kind == 1 ? -0.0f : NAN;
    }
    return gates;
}

/* Numbers of which whole rows now and then have a NaN or an infinity somewhere. */
static std::vector<float> random_numbers(uint64_t *random, size_t rows, int64_t length)
{
    std::vector<float> values = random_floats(random, rows * length, 2.0f);
    for (size_t row = 0; row < rows; row++) {
        const int64_t kind = random_below(random, 6);
        if (kind < 2) values[row * length + (random_below(random, length))] = kind ? NAN : INFINITY;
    }
    return values;
}

static void expect_number(float got, double want, double size)
{
    CHECK(is_close(got, want, size * 0x1p-22), "%g, not %g", got, want);
}

struct scatter_kind {
    bool residual, gates;
    int32_t add;
};

static void check_scatter(const test_pass &pass, scatter_kind kind, int32_t type, uint64_t *random)
{
    const size_t n = pass.length;
    const std::vector<float> y = random_numbers(random, pass.size.bucket, pass.length);
    const std::vector<float> residual = round_to(random_floats(random, pass.of_bucket()), type);
    const std::vector<float> gates = random_gates(random, pass.size.states),
                             before = random_floats(random, pass.of_states());
    const device_array<float> y_there(y), gates_there(gates), x(before);
    const device_numbers residual_there(residual, type);
    const mor4j_cuda_scatter_args args = {pass.rows.get(),
                                          y_there.data(),
                                          kind.residual ? residual_there.data() : nullptr,
                                          kind.gates ? gates_there.data() : nullptr,
                                          x.data(),
                                          pass.length,
                                          kind.add,
                                          type};
    CHECK_CUDA(mor4j_cuda_scatter(&args, nullptr));
    std::vector<float> got = x.download(), untouched = before;
    for (size_t i = 0; i < pass.list.size(); i++) {
        const size_t row = pass.list[i];
        const double gate = kind.add && kind.gates ? static_cast<double>(gates[row]) : 1.0;
        for (size_t col = 0; col < n && gate != 0.0; col++) {
            const double v = y[i * n + col] + (kind.residual ? static_cast<double>(residual[i * n + col]) : 0.0);
            const double old = before[row * n + col];
            expect_number(got[row * n + col], kind.add ? old + gate * v : v, 4.0);
            got[row * n + col] = untouched[row * n + col] = 0.0f;
        }
    }
    expect_equal("rows that are left alone", got, untouched);
}

static void scatters()
{
    static const scatter_kind kinds[] = {
        {false, false, 0}, {true, true, 0}, {true, false, 1}, {false, true, 1}, {true, true, 1}};
    int64_t turn = 0;
    for_passes(3, [&](const test_pass &pass, uint64_t *random) {
        for (const scatter_kind &kind : kinds) check_scatter(pass, kind, NUMBER_TYPES[turn++ % 3], random);
    });
}

static void adds_gated()
{
    for_passes(4, [](const test_pass &pass, uint64_t *random) {
        const size_t n = pass.length;
        const std::vector<float> y = random_numbers(random, pass.size.states, pass.length);
        const std::vector<float> gates = random_gates(random, pass.size.states);
        const std::vector<float> before = random_floats(random, pass.of_states());
        const device_array<float> y_there(y), gates_there(gates), x(before);
        const mor4j_cuda_add_gated_args args = {pass.rows.get(), x.data(), y_there.data(), gates_there.data(),
                                                pass.length};
        CHECK_CUDA(mor4j_cuda_add_gated(&args, nullptr));
        std::vector<float> got = x.download(), untouched = before;
        for (int32_t row : pass.list) {
            const double gate = gates[row];
            for (size_t at = row * n; at < (row + 1) * n && gate != 0.0; at++) {
                expect_number(got[at], static_cast<double>(before[at]) + gate * static_cast<double>(y[at]), 4.0);
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
    const mor4j_cuda_scatter_args scatter = {rows.get(), x.data(), nullptr, nullptr, x.data(), 4, 0, MOR4J_CUDA_F16};
    mor4j_cuda_scatter_args s = scatter;
    EXPECT_REFUSED(mor4j_cuda_scatter(nullptr, nullptr));
    EXPECT_REFUSED((s.hidden = 0, mor4j_cuda_scatter(&s, nullptr)));
    EXPECT_REFUSED((s = scatter, s.type = MOR4J_CUDA_INT8, mor4j_cuda_scatter(&s, nullptr)));
    EXPECT_REFUSED((s = scatter, s.type = -1, mor4j_cuda_scatter(&s, nullptr)));
    EXPECT_REFUSED((s = scatter, s.x = nullptr, mor4j_cuda_scatter(&s, nullptr)));
    EXPECT_REFUSED((s = scatter, s.y = nullptr, mor4j_cuda_scatter(&s, nullptr)));
    EXPECT_REFUSED((s = scatter, s.rows.bucket = 0, mor4j_cuda_scatter(&s, nullptr)));
    const mor4j_cuda_add_gated_args add = {rows.get(), x.data(), x.data(), x.data(), 4};
    mor4j_cuda_add_gated_args a = add;
    EXPECT_REFUSED(mor4j_cuda_add_gated(nullptr, nullptr));
    EXPECT_REFUSED((a.hidden = 0, mor4j_cuda_add_gated(&a, nullptr)));
    EXPECT_REFUSED((a = add, a.x = nullptr, mor4j_cuda_add_gated(&a, nullptr)));
    EXPECT_REFUSED((a = add, a.y = nullptr, mor4j_cuda_add_gated(&a, nullptr)));
    EXPECT_REFUSED((a = add, a.gates = nullptr, mor4j_cuda_add_gated(&a, nullptr)));
    EXPECT_REFUSED((a = add, a.rows.list = nullptr, mor4j_cuda_add_gated(&a, nullptr)));
}

int main() { return run_cases({{"scatter", scatters}, {"add gated", adds_gated}, {"refused arguments", refuses}}); }
