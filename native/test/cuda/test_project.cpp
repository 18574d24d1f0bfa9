/* Skinny products against sums in double: all shapes of rows, outputs and columns, number types and epilogues. */
#include <math.h>

#include "support.h"

struct product {
    int64_t outputs, cols; /* of the matrix: outputs, with SILU_MUL twice as many */
    int32_t weight_type, type, epilogue;
    bool norm, indexed;

    int64_t matrix_rows() const { return epilogue == MOR4J_CUDA_SILU_MUL ? 2 * outputs : outputs; }
    bool stores_floats() const { return epilogue == MOR4J_CUDA_STORE_F32 || epilogue == MOR4J_CUDA_ADD_F32; }
    int64_t stride() const { return outputs + 3; }
    int32_t out_type() const { return stores_floats() ? static_cast<int32_t>(MOR4J_CUDA_F32) : type; }
    int32_t input_type() const { return norm ? static_cast<int32_t>(MOR4J_CUDA_F32) : type; }
};

static const float EPS = 1e-5f;

/* Weights and inputs of a product for up to 16 rows; 20 states. */
struct project_case {
    product p;
    std::vector<float> weights, norm, x, before;
    std::vector<int32_t> list;
    int8_matrix quantized;
    device_bytes data;
    device_array<uint16_t> scales;
    device_array<float> norm_there;

    project_case(const product &of, uint64_t *random)
        : p(of), weights(random_floats(random, static_cast<size_t>(p.matrix_rows() * p.cols))),
          norm(random_floats(random, static_cast<size_t>(p.cols))),
          x(round_to(random_floats(random, static_cast<size_t>(20 * p.cols), 2.0f), p.input_type())),
          before(round_to(random_floats(random, static_cast<size_t>(16 * p.stride())), p.out_type())),
          list(random_rows(random, 16, 20)), quantized(quantize(weights, p.matrix_rows(), p.cols)),
          data(weights.size() * type_bytes(p.weight_type)), scales(quantized.scales), norm_there(norm)
    {
        if (p.weight_type == MOR4J_CUDA_INT8) {
            weights = quantized.values;
            data.write(quantized.data.data(), quantized.data.size());
        } else {
            weights = round_to(weights, p.weight_type);
            const std::vector<uint8_t> bytes = encode(weights, p.weight_type);
            data.write(bytes.data(), bytes.size());
        }
    }

    float *input(size_t row)
    {
        return &x[static_cast<size_t>((p.indexed ? list[row] : static_cast<int64_t>(row)) * p.cols)];
    }

    /* Rows first .. first + count - 1 in a bucket; inputs of rows that are not taken are NaN. */
    std::vector<float> run(size_t first, int32_t count, int32_t bucket)
    {
        const size_t columns = static_cast<size_t>(p.cols), stride = static_cast<size_t>(p.stride());
        std::vector<float> packed(static_cast<size_t>(p.indexed ? 20 : bucket) * columns, NAN);
        for (size_t i = 0; i < static_cast<size_t>(count); i++) {
            const size_t to = p.indexed ? static_cast<size_t>(list[first + i]) : i;
            std::copy(input(first + i), input(first + i) + p.cols, packed.begin() + static_cast<int64_t>(to * columns));
        }
        const device_numbers there(packed, p.input_type());
        std::vector<float> content(static_cast<size_t>(bucket) * stride, 7.0f);
        std::copy(before.begin() + static_cast<int64_t>(first * stride),
                  before.begin() + static_cast<int64_t>((first + static_cast<size_t>(count)) * stride),
                  content.begin());
        const device_numbers out(content, p.out_type());
        const device_rows rows(
            {list.begin() + static_cast<int64_t>(first), list.begin() + static_cast<int64_t>(first) + count}, bucket);
        const mor4j_cuda_matrix matrix = {data.data(),     p.weight_type == MOR4J_CUDA_INT8 ? scales.data() : nullptr,
                                          p.matrix_rows(), p.cols,
                                          p.weight_type,   0};
        const mor4j_cuda_project_args args = {
            rows.get(), matrix, there.data(), p.norm ? norm_there.data() : nullptr, out.data(), p.stride(), EPS,
            p.epilogue, p.type, p.indexed};
        CHECK_CUDA(mor4j_cuda_project(&args, nullptr));
        const std::vector<float> got = out.download();
        for (size_t i = 0; i < got.size(); i++) {
            const bool ours = i < static_cast<size_t>(count) * stride && i % stride < static_cast<size_t>(p.outputs);
            CHECK(ours || got[i] == content[i], "a number that is no output was touched: %zu", i);
        }
        return std::vector<float>(got.begin(), got.begin() + static_cast<int64_t>(static_cast<size_t>(count) * stride));
    }

    double dot(const std::vector<double> &row, int64_t weight_row) const
    {
        double sum = 0;
        for (int64_t c = 0; c < p.cols; c++) {
            sum += static_cast<double>(weights[static_cast<size_t>(weight_row * p.cols + c)]) *
                   row[static_cast<size_t>(c)];
        }
        return sum;
    }

    /* The outputs of a row, without what lies between rows. */
    std::vector<double> want(size_t row)
    {
        std::vector<double> v(input(row), input(row) + p.cols), out;
        double squares = 0;
        for (double number : v) squares += number * number;
        for (size_t c = 0; c < v.size() && p.norm; c++) {
            v[c] = v[c] / sqrt(squares / static_cast<double>(p.cols) + static_cast<double>(EPS)) *
                   static_cast<double>(norm[c]);
        }
        for (int64_t o = 0; o < p.outputs; o++) {
            double product = dot(v, o);
            if (p.epilogue == MOR4J_CUDA_SILU_MUL) product = product / (1 + exp(-product)) * dot(v, p.outputs + o);
            if (p.epilogue == MOR4J_CUDA_ADD_F32) {
                product += static_cast<double>(before[row * static_cast<size_t>(p.stride()) + static_cast<size_t>(o)]);
            }
            out.push_back(product);
        }
        return out;
    }

    void check(const std::vector<float> &got, size_t first, int32_t count)
    {
        for (size_t i = 0; i < static_cast<size_t>(count); i++) {
            const auto at = got.begin() + static_cast<int64_t>(i) * p.stride();
            const std::vector<double> wanted = want(first + i);
            double size = sqrt(static_cast<double>(p.cols)) + 2;
            for (double number : wanted) size = isfinite(number) ? fmax(size, fabs(number)) : size;
            expect_close("product", std::vector<float>(at, at + p.outputs), wanted, p.cols, p.out_type(), size);
        }
    }
};

static void describe_case(const product &p, int32_t count, int32_t bucket)
{
    describe("%lld outputs, %lld columns of %s, rows of %s, %d of %d, epilogue %d, norm %d, indexed %d",
             static_cast<long long>(p.outputs), static_cast<long long>(p.cols), type_name(p.weight_type),
             type_name(p.type), count, bucket, p.epilogue, p.norm, p.indexed);
}

static const int64_t COLUMNS[] = {1, 3, 31, 32, 33, 64, 100, 257, 960};
static const int64_t OUTPUTS[] = {1, 2, 5, 7, 33, 130};

/* Every shape with every type of weights; row counts, types and epilogues by turns. */
static void multiplies()
{
    uint64_t random = 1;
    int32_t turn = 0;
    for (int64_t cols : COLUMNS) {
        for (int64_t outputs : OUTPUTS) {
            for (int32_t weight_type = MOR4J_CUDA_F32; weight_type <= MOR4J_CUDA_INT8; weight_type++, turn++) {
                const product p = {
                    outputs,           cols,        weight_type, NUMBER_TYPES[turn / 4 % 3], turn * 7 / 5 % 4,
                    turn / 3 % 2 == 0, turn % 5 < 2};
                const int32_t count = 1 + static_cast<int32_t>(random_below(&random, 16));
                const int32_t bucket = count + static_cast<int32_t>(random_below(&random, 17 - count));
                describe_case(p, count, bucket);
                project_case c(p, &random);
                c.check(c.run(0, count, bucket), 0, count);
            }
        }
    }
}

/* Rows 1 .. 16 for every type of weights and epilogue, of columns that are stored as whole pieces. */
static void multiplies_all_row_counts()
{
    uint64_t random = 2;
    for (int32_t count = 1; count <= 16; count++) {
        for (int32_t weight_type = MOR4J_CUDA_F32; weight_type <= MOR4J_CUDA_INT8; weight_type++) {
            for (int32_t epilogue = MOR4J_CUDA_STORE; epilogue <= MOR4J_CUDA_SILU_MUL; epilogue++) {
                const product p = {5,
                                   560,
                                   weight_type,
                                   NUMBER_TYPES[(count + epilogue) % 3],
                                   epilogue,
                                   (count + weight_type) % 2 == 0,
                                   count % 3 == 0};
                describe_case(p, count, count);
                project_case c(p, &random);
                c.check(c.run(0, count, count), 0, count);
            }
        }
    }
}

/* More columns than are staged at once. */
static void multiplies_long_rows()
{
    uint64_t random = 3;
    for (int32_t weight_type = MOR4J_CUDA_F32; weight_type <= MOR4J_CUDA_INT8; weight_type++) {
        for (int64_t cols : {int64_t(1040), int64_t(5008), int64_t(8200)}) {
            for (int32_t bucket : {1, 2, 4, 7, 16}) {
                const product p = {
                    3, cols, weight_type, NUMBER_TYPES[bucket % 3], MOR4J_CUDA_STORE_F32, cols != 5008, false};
                describe_case(p, bucket, bucket);
                project_case c(p, &random);
                c.check(c.run(0, bucket, bucket), 0, bucket);
            }
        }
    }
}

/* A row alone has the bits that it has in any bucket, among any others. */
static void does_not_depend_on_company()
{
    uint64_t random = 4;
    for (int32_t weight_type = MOR4J_CUDA_F32; weight_type <= MOR4J_CUDA_INT8; weight_type++) {
        for (int64_t cols : {int64_t(100), int64_t(960), int64_t(4160)}) {
            for (int32_t epilogue : {MOR4J_CUDA_STORE_F32, MOR4J_CUDA_SILU_MUL}) {
                const product p = {9, cols, weight_type, MOR4J_CUDA_F32, epilogue, true, true};
                project_case c(p, &random);
                const std::vector<float> all = c.run(0, 16, 16);
                const auto expect_rows = [&](size_t first, int32_t count, int32_t bucket) {
                    describe_case(p, count, bucket);
                    const auto at = all.begin() + static_cast<int64_t>(first) * p.stride();
                    expect_equal("rows", c.run(first, count, bucket), std::vector<float>(at, at + count * p.stride()));
                };
                for (int32_t bucket : {1, 2, 3, 5, 8, 9, 16}) expect_rows(static_cast<size_t>(16 - bucket), 1, bucket);
                expect_rows(3, 2, 2);
                expect_rows(5, 3, 16);
                expect_rows(1, 7, 8);
                expect_rows(0, 16, 16);
            }
        }
    }
}

static void keeps_what_is_no_number()
{
    uint64_t random = 5;
    for (int64_t cols : {int64_t(33), int64_t(64)}) {
        for (bool norm : {false, true}) {
            const product p = {6, cols, MOR4J_CUDA_BF16, MOR4J_CUDA_F32, MOR4J_CUDA_STORE, norm, false};
            describe_case(p, 6, 8);
            project_case c(p, &random);
            c.input(1)[cols - 1] = NAN;
            c.input(4)[0] = INFINITY;
            const std::vector<float> got = c.run(0, 6, 8);
            c.check(got, 0, 6);
            const size_t stride = static_cast<size_t>(p.stride());
            CHECK(isfinite(got[0]) && isnan(got[stride]) && isfinite(got[2 * stride]) && !isfinite(got[4 * stride]) &&
                  isfinite(got[5 * stride]));
        }
    }
}

static void is_nothing_for_no_rows()
{
    uint64_t random = 6;
    project_case c({5, 64, MOR4J_CUDA_INT8, MOR4J_CUDA_F16, MOR4J_CUDA_STORE, false, false}, &random);
    for (int32_t bucket : {1, 2, 4, 8, 16}) c.run(0, 0, bucket);
}

static void refuses_sizes_out_of_range()
{
    const device_array<float> numbers(64);
    const device_array<int32_t> rows(std::vector<int32_t>{0});
    const mor4j_cuda_matrix matrix = {numbers.data(), nullptr, 4, 4, MOR4J_CUDA_F32, 0};
    const mor4j_cuda_project_args good = {
        {rows.data(), rows.data(), 1, 0}, matrix, numbers.data(), nullptr, numbers.data(), 4, EPS, 0, 0, 0};
    CHECK_CUDA(mor4j_cuda_project(&good, nullptr));
    std::vector<mor4j_cuda_project_args> bad(9, good);
    bad[0].rows.bucket = 17;
    bad[1].rows.bucket = 0;
    bad[2].stride = 3;
    bad[3].matrix.type = MOR4J_CUDA_INT8; /* without scales */
    bad[4].matrix.rows = 3;
    bad[4].epilogue = MOR4J_CUDA_SILU_MUL;
    bad[5].epilogue = 4;
    bad[6].type = MOR4J_CUDA_INT8;
    bad[7].matrix.cols = 0;
    bad[8].input = nullptr;
    for (const mor4j_cuda_project_args &args : bad) CHECK(mor4j_cuda_project(&args, nullptr) == cudaErrorInvalidValue);
    CHECK(mor4j_cuda_project(nullptr, nullptr) == cudaErrorInvalidValue);
}

int main()
{
    return run_cases({{"multiplies", multiplies},
                      {"multiplies_all_row_counts", multiplies_all_row_counts},
                      {"multiplies_long_rows", multiplies_long_rows},
                      {"does_not_depend_on_company", does_not_depend_on_company},
                      {"keeps_what_is_no_number", keeps_what_is_no_number},
                      {"is_nothing_for_no_rows", is_nothing_for_no_rows},
                      {"refuses_sizes_out_of_range", refuses_sizes_out_of_range}});
}
