#include <string.h>

#include "support.h"

/*
 * Sentinels are as wide as the alignment of arrays, and read as NaN in every number type. An emulated device looks
 * after the end of an allocation itself, so that AddressSanitizer sees the first byte too many.
 */
static const size_t SENTINEL_BYTES = 256;
static unsigned char sentinel(size_t i) { return i % 2 ? 0xFF : 0xA5; }
static size_t sentinels_after() { return is_emulated() ? 0 : SENTINEL_BYTES; }

device_bytes::device_bytes(size_t n) : memory(nullptr), bytes(n)
{
    std::vector<unsigned char> content(SENTINEL_BYTES + bytes + sentinels_after());
    CHECK_CUDA(cudaMalloc(reinterpret_cast<void **>(&memory), content.size()));
    for (size_t i = 0; i < content.size(); i++) content[i] = sentinel(i);
    memset(content.data() + SENTINEL_BYTES, 0xFF, bytes);
    CHECK_CUDA(cudaMemcpy(memory, content.data(), content.size(), cudaMemcpyHostToDevice));
}

device_bytes::device_bytes(device_bytes &&other) noexcept : memory(other.memory), bytes(other.bytes)
{
    other.memory = nullptr;
}

device_bytes::~device_bytes()
{
    if (!memory) return;
    check_sentinels();
    CHECK_CUDA(cudaFree(memory));
}

void *device_bytes::data() const { return memory + SENTINEL_BYTES; }

void device_bytes::write(const void *from, size_t count)
{
    CHECK(count <= bytes);
    CHECK_CUDA(cudaMemcpy(data(), from, count, cudaMemcpyHostToDevice));
}

void device_bytes::read(void *to, size_t count) const
{
    CHECK(count <= bytes);
    CHECK_CUDA(cudaDeviceSynchronize());
    CHECK_CUDA(cudaMemcpy(to, data(), count, cudaMemcpyDeviceToHost));
    check_sentinels();
}

void device_bytes::check_sentinels() const
{
    std::vector<unsigned char> content(SENTINEL_BYTES + bytes + sentinels_after());
    CHECK_CUDA(cudaDeviceSynchronize());
    CHECK_CUDA(cudaMemcpy(content.data(), memory, content.size(), cudaMemcpyDeviceToHost));
    for (size_t i = 0; i < SENTINEL_BYTES; i++) {
        CHECK(content[i] == sentinel(i), "written %zu bytes before", SENTINEL_BYTES - i);
    }
    for (size_t i = SENTINEL_BYTES + bytes; i < content.size(); i++) {
        CHECK(content[i] == sentinel(i), "written %zu bytes after the end of %zu", i - bytes - SENTINEL_BYTES, bytes);
    }
}

void device_numbers::upload(const std::vector<float> &values)
{
    CHECK(values.size() == count);
    const std::vector<uint8_t> encoded = encode(values, type);
    bytes.write(encoded.data(), encoded.size());
}

std::vector<uint8_t> device_numbers::download_bytes() const
{
    std::vector<uint8_t> encoded(bytes.size());
    bytes.read(encoded.data(), encoded.size());
    return encoded;
}

std::vector<float> device_numbers::download() const { return decode(download_bytes(), type); }

static std::vector<int32_t> padded(const std::vector<int32_t> &list, int32_t bucket)
{
    CHECK(static_cast<int64_t>(list.size()) <= bucket);
    std::vector<int32_t> values(static_cast<size_t>(bucket), -1);
    for (size_t i = 0; i < list.size(); i++) values[i] = list[i];
    return values;
}

device_rows::device_rows(const std::vector<int32_t> &rows, int32_t bucket)
    : list(padded(rows, bucket)), count(std::vector<int32_t>{static_cast<int32_t>(rows.size())})
{}

mor4j_cuda_rows device_rows::get() const { return {list.data(), count.data(), static_cast<int32_t>(list.size()), 0}; }
