/* Weights read as numbers: rows of an embedding table in all its types, and INT8 matrices widened for GEMM. */
#include <string.h>

#include "passes.h"

/* A table [V, H] on the device and its numbers as they are there. */
struct table {
    std::vector<float> numbers;
    device_bytes data, scales;
    mor4j_cuda_matrix matrix;

    table(const std::vector<float> &values, int64_t rows, int64_t cols, int32_t type)
        : table(encode_rows(values, rows, cols, type), rows, cols, type)
    {}

  private:
    struct encoded {
        std::vector<float> numbers;
        std::vector<uint8_t> data;
        std::vector<uint16_t> scales;
    };

    static encoded encode_rows(const std::vector<float> &values, int64_t rows, int64_t cols, int32_t type)
    {
        if (type != MOR4J_CUDA_INT8) return {round_to(values, type), encode(values, type), {}};
        const int8_matrix q = quantize(values, rows, cols);
        std::vector<uint8_t> bytes(q.data.size());
        memcpy(bytes.data(), q.data.data(), bytes.size());
        return {q.values, bytes, q.scales};
    }

    table(const encoded &e, int64_t rows, int64_t cols, int32_t type)
        : numbers(e.numbers), data(e.data.size()), scales(e.scales.empty() ? 1 : 2 * e.scales.size()),
          matrix{data.data(), e.scales.empty() ? nullptr : static_cast<const uint16_t *>(scales.data()),
                 rows,        cols,
                 type,        0}
    {
        data.write(e.data.data(), e.data.size());
        if (!e.scales.empty()) scales.write(e.scales.data(), 2 * e.scales.size());
    }
};

static const int32_t WEIGHT_TYPES[] = {MOR4J_CUDA_F32, MOR4J_CUDA_BF16, MOR4J_CUDA_F16, MOR4J_CUDA_INT8};

static void embeds()
{
    static const int64_t vocabulary = 5;
    for_passes(5, [](const test_pass &pass, uint64_t *random) {
        std::vector<int32_t> ids(pass.size.states);
        for (int32_t &id : ids) id = static_cast<int32_t>(random_below(random, vocabulary));
        const device_array<int32_t> ids_there(ids);
        for (int32_t type : WEIGHT_TYPES) {
            const size_t n = pass.length;
            const table weights(random_floats(random, vocabulary * n), vocabulary, pass.length, type);
            std::vector<float> want = random_floats(random, pass.of_states());
            const device_array<float> x(want);
            const mor4j_cuda_embed_args args = {pass.rows.get(), weights.matrix, ids_there.data(), x.data()};
            CHECK_CUDA(mor4j_cuda_embed(&args, nullptr));
            for (int32_t row : pass.list) {
                const float *from = &weights.numbers[ids[row] * n];
                memcpy(&want[row * n], from, n * sizeof(float));
            }
            expect_equal("embedded", x.download(), want);
        }
    });
}

static void dequantizes()
{
    uint64_t random = 6;
    for (int64_t rows : {1, 2, 7, 33}) {
        for (int64_t cols : {1, 3, 6, 31, 32, 64, 72, 100, 257, 960}) {

            const size_t n = rows * cols;
            const table weights(random_floats(&random, n), rows, cols, MOR4J_CUDA_INT8);
            for (int32_t type : NUMBER_TYPES) {
                describe("[%lld, %lld] %s", static_cast<long long>(rows), static_cast<long long>(cols),
                         type_name(type));
                const device_numbers out(n, type);
                const mor4j_cuda_dequantize_args args = {weights.matrix, out.data(), type, 0};
                CHECK_CUDA(mor4j_cuda_dequantize(&args, nullptr));
                expect_equal("numbers", out.download(), round_to(weights.numbers, type));
            }
        }
    }
}

static void refuses_tables()
{
    uint64_t random = 7;
    const device_rows rows({0}, 1);
    const device_array<int32_t> ids(std::vector<int32_t>{0});
    const device_array<float> x(32);
    const table plain(random_floats(&random, 64), 2, 32, MOR4J_CUDA_F32);
    const table int8(random_floats(&random, 64), 2, 32, MOR4J_CUDA_INT8);
    const mor4j_cuda_embed_args embed = {rows.get(), plain.matrix, ids.data(), x.data()};
    mor4j_cuda_embed_args e = embed;
    EXPECT_REFUSED(mor4j_cuda_embed(nullptr, nullptr));
    EXPECT_REFUSED((e.ids = nullptr, mor4j_cuda_embed(&e, nullptr)));
    EXPECT_REFUSED((e = embed, e.x = nullptr, mor4j_cuda_embed(&e, nullptr)));
    EXPECT_REFUSED((e = embed, e.rows.bucket = 0, mor4j_cuda_embed(&e, nullptr)));
    EXPECT_REFUSED((e = embed, e.table.data = nullptr, mor4j_cuda_embed(&e, nullptr)));
    EXPECT_REFUSED((e = embed, e.table.rows = 0, mor4j_cuda_embed(&e, nullptr)));
    EXPECT_REFUSED((e = embed, e.table.cols = 0, mor4j_cuda_embed(&e, nullptr)));
    EXPECT_REFUSED((e = embed, e.table.type = 4, mor4j_cuda_embed(&e, nullptr)));
    EXPECT_REFUSED((e = embed, e.table.type = MOR4J_CUDA_INT8, mor4j_cuda_embed(&e, nullptr)));
    EXPECT_REFUSED((e = embed, e.table.scales = int8.matrix.scales, mor4j_cuda_embed(&e, nullptr)));
    const mor4j_cuda_dequantize_args dequantize = {int8.matrix, x.data(), MOR4J_CUDA_BF16, 0};
    mor4j_cuda_dequantize_args d = dequantize;
    EXPECT_REFUSED(mor4j_cuda_dequantize(nullptr, nullptr));
    EXPECT_REFUSED((d.out = nullptr, mor4j_cuda_dequantize(&d, nullptr)));
    EXPECT_REFUSED((d = dequantize, d.type = MOR4J_CUDA_INT8, mor4j_cuda_dequantize(&d, nullptr)));
    EXPECT_REFUSED((d = dequantize, d.matrix = plain.matrix, mor4j_cuda_dequantize(&d, nullptr)));
    EXPECT_REFUSED((d = dequantize, d.matrix.scales = nullptr, mor4j_cuda_dequantize(&d, nullptr)));
    EXPECT_REFUSED((d = dequantize, d.matrix.rows = INT64_MAX / 2, mor4j_cuda_dequantize(&d, nullptr)));
}

int main()
{
    return run_cases({{"embed", embeds}, {"dequantize", dequantizes}, {"refused arguments", refuses_tables}});
}
