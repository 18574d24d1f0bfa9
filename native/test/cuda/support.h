/*
 * Support of the kernels' tests: device arrays with sentinels around them, seeded random numbers, conversions of number
 * types on the host, comparisons against doubles, and a runner that repeats each case under several orders of threads
 * where the device is emulated. A failed check prints the case and ends the process with 1.
 *
 *     static void gathers(const char *) { .. CHECK(..); expect_close(..); }
 *     int main() { return run_cases({{"gathers", gathers}, ..}); }
 */
#ifndef MOR4J_CUDA_TEST_SUPPORT_H
#define MOR4J_CUDA_TEST_SUPPORT_H

#include <cuda_runtime_api.h>
#include <stddef.h>
#include <stdint.h>
#include <vector>

#include "mor4j_cuda.h"

#define CHECK(condition, ...)                                                       \
    do {                                                                            \
        if (!(condition)) test_fail(__FILE__, __LINE__, #condition, ##__VA_ARGS__); \
    } while (0)

/* A call that returns a cudaError_t, also as an int32_t. */
#define CHECK_CUDA(call)                                                                                \
    do {                                                                                                \
        const cudaError_t error_ = static_cast<cudaError_t>(call);                                      \
        if (error_ != cudaSuccess) test_fail(__FILE__, __LINE__, #call, "%s", cuda_error_text(error_)); \
    } while (0)

[[noreturn]] __attribute__((format(printf, 4, 5))) void test_fail(const char *file, int line, const char *condition,
                                                                  const char *format, ...);
[[noreturn]] void test_fail(const char *file, int line, const char *condition);
/* The error's name and text, of an emulated launch also what went wrong. */
const char *cuda_error_text(cudaError_t error);

/* What failures print beside the check: the shape at hand. */
__attribute__((format(printf, 1, 2))) void describe(const char *format, ...);

struct test_case {
    const char *name;
    void (*run)();
};

/* Runs every case, emulated ones forward, backward and in three random orders, or with MOR4J_QUICK_TESTS in the
   environment forward only. 0 when all is well. */
int run_cases(const std::vector<test_case> &cases);

bool is_emulated();
/* The controls of emulated.h; on a device they do nothing, and counts are 0. */
void set_order(uint32_t order);
uint64_t launches();
uint64_t live_allocations();

/* splitmix64: the same numbers everywhere. */
uint64_t random_bits(uint64_t *state);
int64_t random_below(uint64_t *state, int64_t n);
float random_float(uint64_t *state); /* in [-1, 1) */
std::vector<float> random_floats(uint64_t *state, size_t n, float size = 1.0f);

/* Number types of mor4j_cuda_type; what is stored is 4 or 2 bytes each. */
static const int32_t NUMBER_TYPES[] = {MOR4J_CUDA_F32, MOR4J_CUDA_BF16, MOR4J_CUDA_F16};
const char *type_name(int32_t type);
size_t type_bytes(int32_t type);
/* Half a unit in the last place, relative: 2^-24, 2^-8, 2^-11. */
double type_epsilon(int32_t type);
float round_to(float value, int32_t type);
std::vector<float> round_to(const std::vector<float> &values, int32_t type);
std::vector<uint8_t> encode(const std::vector<float> &values, int32_t type);
std::vector<float> decode(const std::vector<uint8_t> &bytes, int32_t type);

uint16_t bf16_bits(float value);
uint16_t f16_bits(float value);
float bf16_value(uint16_t bits);
float f16_value(uint16_t bits);

/* An INT8 matrix [rows][cols] of mor4j_cuda.h from numbers, and what its numbers are after that. */
struct int8_matrix {
    std::vector<int8_t> data;
    std::vector<uint16_t> scales;
    std::vector<float> values;
};
int8_matrix quantize(const std::vector<float> &values, int64_t rows, int64_t cols);

/* NaN wants NaN, an infinity the same one, a number one within tolerance. */
bool is_close(double got, double want, double tolerance);
/*
 * Sums of `length` products, stored as `type`: |got - want| <= scale * (sqrt(length) * 4 * 2^-24 + 2 * type_epsilon)
 * for each, where scale is the size of what was summed (by default the wanted number's, at least 1).
 */
void expect_close(const char *what, const std::vector<float> &got, const std::vector<double> &want, int64_t length,
                  int32_t type, double scale = 0);
/* The same bits. */
void expect_equal(const char *what, const std::vector<float> &got, const std::vector<float> &want);
void expect_equal(const char *what, const std::vector<int32_t> &got, const std::vector<int32_t> &want);
void expect_equal(const char *what, const std::vector<uint8_t> &got, const std::vector<uint8_t> &want);

/* Bytes of device memory between sentinels; new memory reads as NaN. */
class device_bytes {
  public:
    explicit device_bytes(size_t bytes);
    ~device_bytes();
    device_bytes(const device_bytes &) = delete;
    device_bytes &operator=(const device_bytes &) = delete;
    device_bytes(device_bytes &&other) noexcept;

    void *data() const;
    size_t size() const { return bytes; }
    void write(const void *from, size_t count);
    /* Waits for the device, then checks the sentinels, too. */
    void read(void *to, size_t count) const;
    void check_sentinels() const;

  private:
    unsigned char *memory;
    size_t bytes;
};

/* n numbers of a C type. */
template <typename T> class device_array {
  public:
    explicit device_array(size_t n) : bytes(n * sizeof(T)), count(n) {}
    explicit device_array(const std::vector<T> &values) : device_array(values.size()) { upload(values); }

    T *data() const { return static_cast<T *>(bytes.data()); }
    size_t size() const { return count; }
    void upload(const std::vector<T> &values)
    {
        CHECK(values.size() == count);
        bytes.write(values.data(), values.size() * sizeof(T));
    }
    std::vector<T> download() const
    {
        std::vector<T> values(count);
        bytes.read(values.data(), count * sizeof(T));
        return values;
    }
    void check_sentinels() const { bytes.check_sentinels(); }

  private:
    device_bytes bytes;
    size_t count;
};

/* n numbers of a type chosen at run time, floats on the host. */
class device_numbers {
  public:
    device_numbers(size_t n, int32_t type) : bytes(n * type_bytes(type)), count(n), type(type) {}
    device_numbers(const std::vector<float> &values, int32_t type) : device_numbers(values.size(), type)
    {
        upload(values);
    }

    void *data() const { return bytes.data(); }
    size_t size() const { return count; }
    void upload(const std::vector<float> &values);
    std::vector<float> download() const;
    std::vector<uint8_t> download_bytes() const;
    void check_sentinels() const { bytes.check_sentinels(); }

  private:
    device_bytes bytes;
    size_t count;
    int32_t type;
};

/* The rows of a pass: `list` on the device with room for `bucket` rows (what is beyond is -1), and their count. */
class device_rows {
  public:
    device_rows(const std::vector<int32_t> &list, int32_t bucket);
    mor4j_cuda_rows get() const;
    std::vector<int32_t> download_list() const { return list.download(); }
    int32_t download_count() const { return count.download()[0]; }

  private:
    device_array<int32_t> list;
    device_array<int32_t> count;
};

/* `count` distinct state rows below `states`, in a random order. */
std::vector<int32_t> random_rows(uint64_t *state, int32_t count, int32_t states);

#endif
