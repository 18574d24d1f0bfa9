#include "support.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <string>

/* Only the emulated library has these. */
extern "C" {
__attribute__((weak)) void mor4j_emulated_set_order(uint32_t order);
__attribute__((weak)) uint64_t mor4j_emulated_launches(void);
__attribute__((weak)) uint64_t mor4j_emulated_live_allocations(void);
__attribute__((weak)) const char *mor4j_emulated_failure(void);
__attribute__((weak)) const char *mor4j_emulated_unawaited(void);
}

static std::string running;
static std::string shape;

void test_fail(const char *file, int line, const char *condition, const char *format, ...)
{
    fprintf(stderr, "%s:%d: %s [%s] %s: ", file, line, running.c_str(), shape.c_str(), condition);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

void test_fail(const char *file, int line, const char *condition) { test_fail(file, line, condition, "%s", "failed"); }

const char *cuda_error_text(cudaError_t error)
{
    static std::string text;
    text = std::string(cudaGetErrorName(error)) + ": " + cudaGetErrorString(error);
    if (is_emulated()) text += std::string(" ") + mor4j_emulated_failure();
    return text.c_str();
}

void describe(const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    shape = text;
}

bool is_emulated() { return mor4j_cuda_is_emulated() != 0; }
void set_order(uint32_t order)
{
    if (is_emulated()) mor4j_emulated_set_order(order);
}
uint64_t launches() { return is_emulated() ? mor4j_emulated_launches() : 0; }
uint64_t live_allocations() { return is_emulated() ? mor4j_emulated_live_allocations() : 0; }

int run_cases(const std::vector<test_case> &cases)
{
    std::vector<uint32_t> orders = {0};
    if (is_emulated()) orders = {0, 1, 20241, 77003, 910501};
    if (getenv("MOR4J_QUICK_TESTS")) orders.resize(1); /* the same memory is touched in all of them */
    for (const test_case &c : cases) {
        for (uint32_t order : orders) {
            running = std::string(c.name) + ", order " + std::to_string(order);
            shape.clear();
            set_order(order);
            const uint64_t before = live_allocations();
            c.run();
            CHECK_CUDA(cudaDeviceSynchronize());
            CHECK(live_allocations() == before, "memory was not given back");
            if (is_emulated() && *mor4j_emulated_unawaited()) {
                test_fail(__FILE__, __LINE__, "await_previous_kernel()", "not by all threads of %s",
                          mor4j_emulated_unawaited());
            }
        }
        printf("%s: ok\n", c.name);
    }
    return 0;
}

uint64_t random_bits(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

int64_t random_below(uint64_t *state, int64_t n)
{
    return static_cast<int64_t>(random_bits(state) % static_cast<uint64_t>(n));
}

float random_float(uint64_t *state)
{
    return static_cast<float>(static_cast<int64_t>(random_bits(state) >> 40) - (1 << 23)) * 0x1p-23f;
}

std::vector<float> random_floats(uint64_t *state, size_t n, float size)
{
    std::vector<float> values(n);
    for (float &v : values) v = random_float(state) * size;
    return values;
}

std::vector<int32_t> random_rows(uint64_t *state, int32_t count, int32_t states)
{
    CHECK(count <= states);
    std::vector<int32_t> rows(static_cast<size_t>(states));
    for (int32_t i = 0; i < states; i++) rows[i] = i;
    for (int32_t i = 0; i < count; i++) std::swap(rows[i], rows[i + random_below(state, states - i)]);
    rows.resize(static_cast<size_t>(count));
    return rows;
}

const char *type_name(int32_t type)
{
    static const char *const NAMES[] = {"f32", "bf16", "f16", "int8"};
    return NAMES[type];
}

size_t type_bytes(int32_t type) { return type == MOR4J_CUDA_F32 ? 4 : type == MOR4J_CUDA_INT8 ? 1 : 2; }

double type_epsilon(int32_t type)
{
    return type == MOR4J_CUDA_F32 ? 0x1p-24 : type == MOR4J_CUDA_BF16 ? 0x1p-8 : 0x1p-11;
}

uint16_t bf16_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (isnan(value)) return 0x7FFF;
    return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

float bf16_value(uint16_t bits)
{
    const uint32_t wide = static_cast<uint32_t>(bits) << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

/* By arithmetic, so that it shares nothing with the conversion that is tested. */
uint16_t f16_bits(float value)
{
    const uint16_t sign = signbit(value) ? 0x8000 : 0;
    if (isnan(value)) return 0x7FFF;
    const double magnitude = fabs(static_cast<double>(value));
    if (magnitude >= 65520) return sign | 0x7C00;
    int exponent;
    frexp(magnitude, &exponent);
    if (exponent < -13 || magnitude == 0) exponent = -13; /* subnormal */
    const double steps = nearbyint(ldexp(magnitude, 11 - exponent));
    return static_cast<uint16_t>(sign + (exponent + 13) * 1024 + static_cast<int>(steps));
}

float f16_value(uint16_t bits)
{
    const float sign = bits & 0x8000 ? -1.0f : 1.0f;
    const int exponent = bits >> 10 & 31;
    const int fraction = bits & 1023;
    if (exponent == 31) return fraction ? NAN : sign * INFINITY;
    return sign * ldexpf(static_cast<float>(exponent ? fraction + 1024 : fraction), (exponent ? exponent : 1) - 25);
}

float round_to(float value, int32_t type)
{
    if (type == MOR4J_CUDA_BF16) return bf16_value(bf16_bits(value));
    return type == MOR4J_CUDA_F16 ? f16_value(f16_bits(value)) : value;
}

std::vector<float> round_to(const std::vector<float> &values, int32_t type)
{
    std::vector<float> rounded = values;
    for (float &v : rounded) v = round_to(v, type);
    return rounded;
}

std::vector<uint8_t> encode(const std::vector<float> &values, int32_t type)
{
    std::vector<uint8_t> bytes(values.size() * type_bytes(type));
    for (size_t i = 0; i < values.size(); i++) {
        const uint16_t half = type == MOR4J_CUDA_BF16 ? bf16_bits(values[i]) : f16_bits(values[i]);
        if (type == MOR4J_CUDA_F32) {
            memcpy(&bytes[4 * i], &values[i], 4);
        } else {
            memcpy(&bytes[2 * i], &half, 2);
        }
    }
    return bytes;
}

std::vector<float> decode(const std::vector<uint8_t> &bytes, int32_t type)
{
    std::vector<float> values(bytes.size() / type_bytes(type));
    for (size_t i = 0; i < values.size(); i++) {
        uint16_t half = 0;
        if (type == MOR4J_CUDA_F32) {
            memcpy(&values[i], &bytes[4 * i], 4);
        } else {
            memcpy(&half, &bytes[2 * i], 2);
            values[i] = type == MOR4J_CUDA_BF16 ? bf16_value(half) : f16_value(half);
        }
    }
    return values;
}

int8_matrix quantize(const std::vector<float> &values, int64_t rows, int64_t cols)
{
    const int64_t blocks = (cols + 31) / 32;
    int8_matrix m;
    m.data.resize(values.size());
    m.scales.resize(static_cast<size_t>(rows * blocks));
    m.values.resize(values.size());
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t block = 0; block < blocks; block++) {
            const int64_t end = block * 32 + 32 < cols ? block * 32 + 32 : cols;
            float largest = 0;
            for (int64_t col = block * 32; col < end; col++) largest = fmaxf(largest, fabsf(values[row * cols + col]));
            const uint16_t scale = bf16_bits(largest / 127.0f);
            m.scales[row * blocks + block] = scale;
            for (int64_t i = row * cols + block * 32; i < row * cols + end; i++) {
                const float q = bf16_value(scale) > 0 ? nearbyintf(values[i] / bf16_value(scale)) : 0;
                m.data[i] = static_cast<int8_t>(fmaxf(-127.0f, fminf(127.0f, q)));
                m.values[i] = bf16_value(scale) * m.data[i];
            }
        }
    }
    return m;
}

bool is_close(double got, double want, double tolerance)
{
    if (isnan(want)) return isnan(got);
    if (isinf(want)) return got == want;
    return fabs(got - want) <= tolerance;
}

void expect_close(const char *what, const std::vector<float> &got, const std::vector<double> &want, int64_t length,
                  int32_t type, double scale)
{
    CHECK(got.size() == want.size(), "%s: %zu numbers for %zu", what, got.size(), want.size());
    for (size_t i = 0; i < got.size(); i++) {
        const double size = scale > 0 ? scale : fmax(1.0, fabs(want[i]));
        const double tolerance = size * (sqrt(static_cast<double>(length)) * 4 * 0x1p-24 + 2 * type_epsilon(type));
        CHECK(is_close(got[i], want[i], tolerance), "%s[%zu] is %.9g for %.9g, tolerance %.3g", what, i, got[i],
              want[i], tolerance);
    }
}

void expect_equal(const char *what, const std::vector<float> &got, const std::vector<float> &want)
{
    CHECK(got.size() == want.size(), "%s: %zu numbers for %zu", what, got.size(), want.size());
    for (size_t i = 0; i < got.size(); i++) {
        CHECK(memcmp(&got[i], &want[i], sizeof(float)) == 0, "%s[%zu] is %.9g for %.9g", what, i, got[i], want[i]);
    }
}

template <typename T> static void expect_same(const char *what, const std::vector<T> &got, const std::vector<T> &want)
{
    CHECK(got.size() == want.size(), "%s: %zu numbers for %zu", what, got.size(), want.size());
    for (size_t i = 0; i < got.size(); i++) {
        CHECK(got[i] == want[i], "%s[%zu] is %d for %d", what, i, static_cast<int>(got[i]), static_cast<int>(want[i]));
    }
}

void expect_equal(const char *what, const std::vector<int32_t> &got, const std::vector<int32_t> &want)
{
    expect_same(what, got, want);
}
void expect_equal(const char *what, const std::vector<uint8_t> &got, const std::vector<uint8_t> &want)
{
    expect_same(what, got, want);
}
