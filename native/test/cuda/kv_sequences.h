/*
 * Random caches of several sequences for the tests of attention: pages scattered in one array, entries written by the
 * map of mor4j.h and not by the kernels; whatever is not an entry stays NaN. Where an entry is overlaid, its place
 * among the base pages stays NaN.
 */
#ifndef MOR4J_CUDA_TEST_KV_SEQUENCES_H
#define MOR4J_CUDA_TEST_KV_SEQUENCES_H

#include <math.h>
#include <memory>
#include <string.h>

#include "support.h"

struct attention_shape {
    int32_t heads, kv_heads, head_dim, kv_type, type;

    int64_t group() const { return heads / kv_heads; }
    int64_t qkv_width() const { return (heads + 2 * static_cast<int64_t>(kv_heads)) * head_dim; }
    int64_t width() const { return static_cast<int64_t>(heads) * head_dim; }
};

/* Where a sequence's tables are, and its numbers as stored. */
struct test_sequence {
    int64_t pages, overlay_pages, overlay_slots;
    int32_t length;
    std::vector<double> numbers; /* [length][NKV][2][DH], keys then values */
};

class kv_sequences {
  public:
    /* Room for so many pages, of 2 layers: the second of them is used, in an overlay the first. */
    kv_sequences(const attention_shape &s, int32_t page_count, uint64_t *random_state)
        : shape(s), random(random_state), free_pages(random_rows(random_state, page_count, page_count)),
          bytes(static_cast<size_t>(page_count * page_bytes()), 0xFF), pool(bytes.size())
    {}

    /* An overlaid one has about half of its entries in the overlay. */
    test_sequence &add(int32_t length, bool overlaid);
    /* One with the same tables of pages as an overlaid one, in which nothing is overlaid. */
    test_sequence &add_beneath(const test_sequence &overlaid);
    /* Replaces all numbers of the key (0) or value (1) of an entry: by an infinity in no int8 cache. */
    void replace(test_sequence &sequence, int32_t entry, int value, float number);
    mor4j_cuda_kv_row row(const test_sequence &sequence, int32_t context) const
    {
        return {sequence.pages, sequence.overlay_pages, sequence.overlay_slots, -1, context};
    }
    /* One whose row stores its entry, the last one of its context, if the overlay has it or there is none. */
    mor4j_cuda_kv_row storing_row(const test_sequence &sequence, int32_t context)
    {
        mor4j_cuda_kv_row row = this->row(sequence, context);
        row.slot = context - 1;
        if (sequence.overlay_slots >= 0) memcpy(&row.slot, slot_at(sequence, context - 1), 4);
        return row;
    }
    /* The pages as they are on the device. */
    std::vector<uint8_t> stored() const
    {
        std::vector<uint8_t> there(pool.size());
        pool.read(there.data(), there.size());
        return there;
    }
    /* Everything so far on the device; `kv` are the rows' [states]. Valid until the next call. */
    mor4j_cuda_cache upload(const std::vector<mor4j_cuda_kv_row> &kv);
    /* Attention of one query head in double. */
    std::vector<double> attend(const test_sequence &sequence, int32_t context, const float *query,
                               int64_t kv_head) const;

  private:
    int64_t half_bytes() const
    {
        const int64_t number = shape.kv_type == MOR4J_CUDA_KV_F32 ? 4 : shape.kv_type == MOR4J_CUDA_KV_BF16 ? 2 : 1;
        return 32 * shape.head_dim * number + (number == 1 ? 128 : 0);
    }
    int64_t page_bytes() const { return (2 * shape.kv_heads * 2 * half_bytes() + 63) / 64 * 64; }
    double *numbers_of(test_sequence &s, int64_t entry, int64_t head, int value) const
    {
        return &s.numbers[static_cast<size_t>(((entry * shape.kv_heads + head) * 2 + value) * shape.head_dim)];
    }
    int64_t add_table(int32_t length);
    /* Where in the tables an overlaid sequence has the slot of an entry. */
    void *slot_at(const test_sequence &s, int64_t entry)
    {
        return reinterpret_cast<int32_t *>(tables.data()) + s.overlay_slots + entry;
    }
    void write_random(test_sequence &s, int32_t entry);
    unsigned char *half_of(const test_sequence &s, int32_t entry, int64_t head, int value, int32_t *place);
    void write(test_sequence &s, int32_t entry, int64_t head, int value, const std::vector<float> &numbers);

    attention_shape shape;
    uint64_t *random;
    std::vector<int32_t> free_pages;
    std::vector<uint8_t> bytes;
    device_bytes pool;
    std::vector<uint64_t> tables;
    std::vector<std::unique_ptr<test_sequence>> sequences;
    std::unique_ptr<device_array<uint64_t>> device_tables;
    std::unique_ptr<device_array<mor4j_cuda_kv_row>> device_kv;
};

/* A table of scattered pages for `length` entries. */
inline int64_t kv_sequences::add_table(int32_t length)
{
    const int64_t at = static_cast<int64_t>(tables.size());
    for (int32_t page = 0; page < (length + 31) / 32; page++) {
        CHECK(!free_pages.empty());
        tables.push_back(reinterpret_cast<uint64_t>(pool.data()) +
                         static_cast<uint64_t>(free_pages.back() * page_bytes()));
        free_pages.pop_back();
    }
    return at;
}

inline unsigned char *kv_sequences::half_of(const test_sequence &s, int32_t entry, int64_t head, int value,
                                            int32_t *place)
{
    int32_t slot = -1;
    if (s.overlay_slots >= 0) memcpy(&slot, slot_at(s, entry), 4);
    const int64_t at = slot >= 0 ? slot : entry;
    const uint64_t page = tables[static_cast<size_t>((slot >= 0 ? s.overlay_pages : s.pages) + at / 32)];
    const int64_t block = (slot >= 0 ? 0 : 1) * shape.kv_heads + head;
    *place = static_cast<int32_t>(at % 32);
    return &bytes[page - reinterpret_cast<uint64_t>(pool.data()) +
                  static_cast<uint64_t>((2 * block + value) * half_bytes())];
}

inline void kv_sequences::write(test_sequence &s, int32_t entry, int64_t head, int value,
                                const std::vector<float> &numbers)
{
    int32_t place;
    const int64_t dh = shape.head_dim;
    unsigned char *half = half_of(s, entry, head, value, &place);
    float scale = 0;
    for (float v : numbers) scale = isfinite(v) ? fmaxf(scale, fabsf(v) / 127.0f) : NAN;
    for (int64_t d = 0; d < dh; d++) {
        double stored = numbers[static_cast<size_t>(d)];
        const int64_t inner = value ? place * dh + d : d * 32 + place;
        if (shape.kv_type == MOR4J_CUDA_KV_F32) {
            memcpy(half + 4 * inner, &numbers[static_cast<size_t>(d)], 4);
        } else if (shape.kv_type == MOR4J_CUDA_KV_BF16) {
            const uint16_t bits = bf16_bits(numbers[static_cast<size_t>(d)]);
            memcpy(half + 2 * (value ? inner : (d / 2 * 32 + place) * 2 + d % 2), &bits, 2);
            stored = bf16_value(bits);
        } else {
            const float q = scale > 0 ? nearbyintf(numbers[static_cast<size_t>(d)] / scale) : 0.0f;
            const int8_t number = static_cast<int8_t>(q);
            memcpy(half + inner, &number, 1);
            memcpy(half + 32 * dh + 4 * place, &scale, 4);
            stored = static_cast<double>(scale) * number;
        }
        numbers_of(s, entry, head, value)[d] = stored;
    }
}

inline void kv_sequences::write_random(test_sequence &s, int32_t entry)
{
    for (int64_t head = 0; head < shape.kv_heads; head++) {
        for (int value = 0; value < 2; value++) {
            write(s, entry, head, value, random_floats(random, static_cast<size_t>(shape.head_dim), 2.0f));
        }
    }
}

inline test_sequence &kv_sequences::add(int32_t length, bool overlaid)
{
    sequences.push_back(std::make_unique<test_sequence>(test_sequence{add_table(length), -1, -1, length, {}}));
    test_sequence &s = *sequences.back();
    s.numbers.resize(static_cast<size_t>(2LL * length * shape.kv_heads * shape.head_dim));
    if (overlaid) {
        s.overlay_pages = add_table(length);
        s.overlay_slots = static_cast<int64_t>(tables.size()) * 2;
        const std::vector<int32_t> slots = random_rows(random, length, length);
        tables.resize(tables.size() + static_cast<size_t>(length + 1) / 2);
        for (int32_t e = 0; e < length; e++) {
            const int32_t slot = random_below(random, 2) ? slots[static_cast<size_t>(e)] : -1;
            memcpy(slot_at(s, e), &slot, 4);
        }
    }
    for (int32_t e = 0; e < length; e++) write_random(s, e);
    return s;
}

inline test_sequence &kv_sequences::add_beneath(const test_sequence &overlaid)
{
    sequences.push_back(std::make_unique<test_sequence>(overlaid));
    test_sequence &s = *sequences.back();
    s.overlay_slots = static_cast<int64_t>(tables.size()) * 2;
    tables.resize(tables.size() + static_cast<size_t>(s.length + 1) / 2, UINT64_MAX); /* -1 */
    for (int32_t e = 0; e < s.length; e++) {
        int32_t slot;
        memcpy(&slot, slot_at(overlaid, e), 4);
        if (slot >= 0) write_random(s, e);
    }
    return s;
}

inline void kv_sequences::replace(test_sequence &s, int32_t entry, int value, float number)
{
    const std::vector<float> numbers(static_cast<size_t>(shape.head_dim), number);
    for (int64_t head = 0; head < shape.kv_heads; head++) write(s, entry, head, value, numbers);
}

inline mor4j_cuda_cache kv_sequences::upload(const std::vector<mor4j_cuda_kv_row> &kv)
{
    pool.write(bytes.data(), bytes.size());
    device_tables = std::make_unique<device_array<uint64_t>>(tables);
    device_kv = std::make_unique<device_array<mor4j_cuda_kv_row>>(kv);
    return {device_kv->data(), device_tables->data(), 1, 0, MOR4J_CUDA_KV_OVERLAY, shape.kv_type, shape.heads,
            shape.kv_heads,    shape.head_dim,        32};
}

inline std::vector<double> kv_sequences::attend(const test_sequence &s, int32_t context, const float *query,
                                                int64_t kv_head) const
{
    test_sequence &sequence = const_cast<test_sequence &>(s);
    std::vector<double> scores(static_cast<size_t>(context)), out(static_cast<size_t>(shape.head_dim), 0.0);
    double largest = -INFINITY, sum = 0;
    for (int32_t e = 0; e < context; e++) {
        const double *key = numbers_of(sequence, e, kv_head, 0);
        double dot = 0;
        for (int32_t d = 0; d < shape.head_dim; d++) dot += static_cast<double>(query[d]) * key[d];
        scores[static_cast<size_t>(e)] = dot / sqrt(shape.head_dim);
        if (isnan(dot) || scores[static_cast<size_t>(e)] > largest) largest = scores[static_cast<size_t>(e)];
    }
    for (double &score : scores) sum += score = exp(score - largest);
    for (int32_t e = 0; e < context; e++) {
        const double *value = numbers_of(sequence, e, kv_head, 1), weight = scores[static_cast<size_t>(e)] / sum;
        for (int32_t d = 0; d < shape.head_dim; d++) out[static_cast<size_t>(d)] += weight * value[d];
    }
    return out;
}

#endif
