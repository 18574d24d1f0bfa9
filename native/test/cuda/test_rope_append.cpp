/* Rotary embedding and the KV cache: queries in place, entries of all types at their places of base and overlay
   pages. */
#include <math.h>
#include <string.h>

#include "passes.h"

static const int32_t SEQUENCES = 3, BASE_PAGES = 3, OVERLAY_PAGES = 2, LAYERS = 3, OVERLAY_LAYERS = 2;
static const int32_t STATES = 40;

struct head_sizes {
    int32_t heads, kv_heads, head_dim;
};

static const head_sizes HEADS[] = {{1, 1, 2}, {3, 1, 6}, {4, 2, 10}, {15, 5, 64}, {2, 2, 80}, {9, 3, 128}, {2, 1, 256}};

static int64_t kv_bytes(int32_t kv_type)
{
    return kv_type == MOR4J_CUDA_KV_F32 ? 4 : kv_type == MOR4J_CUDA_KV_BF16 ? 2 : 1;
}

/* A block by the map of mor4j.h. */
struct block_map {
    int32_t kv_type;
    int64_t dh;

    int64_t half_bytes() const { return 32 * dh * kv_bytes(kv_type) + (kv_type == MOR4J_CUDA_KV_INT8 ? 128 : 0); }
    int64_t number_at(bool value, int64_t place, int64_t d) const
    {
        const int64_t key = kv_type == MOR4J_CUDA_KV_BF16 ? (d / 2 * 32 + place) * 2 + d % 2 : d * 32 + place;
        return (value ? half_bytes() : 0) + (value ? place * dh + d : key) * kv_bytes(kv_type);
    }
    int64_t scale_at(bool value, int64_t place) const { return (value ? half_bytes() : 0) + 32 * dh + 4 * place; }
};

static float float_at(const uint8_t *p)
{
    float v;
    memcpy(&v, p, sizeof v);
    return v;
}

static double stored(const uint8_t *p, int32_t kv_type)
{
    uint16_t half;
    memcpy(&half, p, sizeof half);
    if (kv_type == MOR4J_CUDA_KV_F32) return float_at(p);
    return kv_type == MOR4J_CUDA_KV_BF16 ? bf16_value(half) : static_cast<int8_t>(*p);
}

/* Pages of some sequences, full of noise, with tables that begin anywhere. */
struct cache_pages {
    block_map map;
    int32_t kv_heads;
    std::vector<device_bytes> pages; /* of each sequence: base, then overlay */
    std::vector<std::vector<uint8_t>> before;
    std::vector<uint64_t> table = {0, 0, 0};

    cache_pages(head_sizes sizes, int32_t kv_type, uint64_t *random)
        : map{kv_type, sizes.head_dim}, kv_heads(sizes.kv_heads)
    {
        for (int32_t i = 0; i < SEQUENCES * (BASE_PAGES + OVERLAY_PAGES); i++) {
            const bool overlay = i % (BASE_PAGES + OVERLAY_PAGES) >= BASE_PAGES;
            const int64_t bytes = (overlay ? OVERLAY_LAYERS : LAYERS) * kv_heads * 2 * map.half_bytes();
            before.emplace_back(bytes);
            for (uint8_t &b : before.back()) b = static_cast<uint8_t>(random_bits(random));
            pages.emplace_back(before.back().size());
            pages.back().write(before.back().data(), before.back().size());
            table.push_back(reinterpret_cast<uint64_t>(pages.back().data()));
        }
    }
    /* Index of the first page of a sequence; in `table` it is 3 on. */
    static int32_t first_page(int32_t sequence, bool overlay)
    {
        return sequence * (BASE_PAGES + OVERLAY_PAGES) + (overlay ? BASE_PAGES : 0);
    }
};

/* Rows of sequences in turn, at places all over their pages; the last sequence has no overlay, and some rows store
   nothing. */
static std::vector<mor4j_cuda_kv_row> place_rows(bool to_overlay)
{
    std::vector<mor4j_cuda_kv_row> rows;
    for (int32_t state = 0; state < STATES; state++) {
        const int32_t sequence = state % SEQUENCES, turn = state / SEQUENCES;
        const bool overlay = sequence + 1 < SEQUENCES;
        const int32_t entries = 32 * (to_overlay && overlay ? OVERLAY_PAGES : BASE_PAGES);
        const int32_t slot = state % 7 == 6 ? -1 : (31 + turn * 37) % entries;
        const int64_t base_pages = 3 + cache_pages::first_page(sequence, false);
        const int64_t overlay_pages = overlay ? 3 + cache_pages::first_page(sequence, true) : -1;
        rows.push_back({base_pages, overlay_pages, -1, slot, slot + 1});
    }
    return rows;
}

/* What a head is after turning, and the size of what that was computed from. */
struct turned {
    std::vector<double> numbers;
    std::vector<double> sizes;
};

static turned turn(const float *x, int64_t dh, const std::vector<float> &inverse_frequencies, int32_t position)
{
    turned t = {std::vector<double>(dh), std::vector<double>(dh)};
    const size_t half = dh / 2;
    for (size_t d = 0; d < half; d++) {
        const float angle = static_cast<float>(position) * inverse_frequencies[d];
        const double turn = angle;
        const double a = x[d], b = x[d + half];
        const double c = cos(turn), s = sin(turn);
        t.numbers[d] = a * c - b * s;
        t.numbers[d + half] = b * c + a * s;
        t.sizes[d] = t.sizes[d + half] = fabs(a) + fabs(b);
    }
    return t;
}

static turned as_it_is(const float *x, int64_t dh)
{
    return {std::vector<double>(x, x + dh), std::vector<double>(dh, 0.0)};
}

/* int8: one scale for all numbers, NaN where one of them is none. */
static void check_int8(const block_map &map, const uint8_t *block, bool value, int64_t place, const turned &want)
{
    double largest = 0, size = 0;
    for (double v : want.numbers) largest = isfinite(v) && isfinite(largest) ? fmax(largest, fabs(v)) : NAN;
    for (double v : want.sizes) size = fmax(size, v);
    const double scale = float_at(block + map.scale_at(value, place));
    const bool ordinary = largest >= 1e-30;
    const double expected = ordinary ? largest / 127.0 : isfinite(largest) ? 0.0 : NAN;
    CHECK(is_close(scale, expected, 1e-6 * (expected + size)), "scale %g, not %g", scale, expected);
    for (int d = 0; d < map.dh; d++) {
        const double q = stored(block + map.number_at(value, place, d), map.kv_type);
        if (!ordinary) {
            CHECK(q == 0.0, "%d: %g", d, q);
            continue;
        }
        const double v = want.numbers[d];
        CHECK(fabs(q) <= 127 && is_close(q * scale, v, 0.5001 * scale + 2e-6 * size), "%d: %g, not %g", d, q * scale,
              v);
        if (!value) continue;
        const float steps = 127.0f / static_cast<float>(largest);
        CHECK(q == rintf(static_cast<float>(v) * steps), "%d: %g steps", d, q);
    }
}

static void check_entry(const block_map &map, const uint8_t *block, bool value, int64_t place, const turned &want)
{
    if (map.kv_type == MOR4J_CUDA_KV_INT8) return check_int8(map, block, value, place, want);
    for (int d = 0; d < map.dh; d++) {
        const double got = stored(block + map.number_at(value, place, d), map.kv_type);
        const double v = want.numbers[d];
        double tolerance = 1e-6 * want.sizes[d];
        if (map.kv_type == MOR4J_CUDA_KV_BF16) tolerance += 1.01 * 0x1p-8 * fabs(v);
        CHECK(is_close(got, v, tolerance), "%s %d is %g, not %g", value ? "value" : "key", d, got, v);
    }
}

/* Takes an entry over from what was stored to what was expected, once it has been checked. */
static void take_over(const block_map &map, const uint8_t *got, uint8_t *want, bool value, int64_t place)
{
    for (int d = 0; d < map.dh; d++) {
        const int64_t at = map.number_at(value, place, d);
        memcpy(want + at, got + at, kv_bytes(map.kv_type));
    }
    if (map.kv_type == MOR4J_CUDA_KV_INT8) {
        memcpy(want + map.scale_at(value, place), got + map.scale_at(value, place), 4);
    }
}

/* A launch: some of the states' rows, with heads that are not numbers, all zero or tiny among them. */
struct launch {
    head_sizes sizes;
    int32_t type, kv_mode;
    int32_t layer, overlay_layer;
    std::vector<int32_t> list, positions;
    std::vector<mor4j_cuda_kv_row> kv;
    std::vector<float> qkv, inverse_frequencies;

    size_t stride() const { return (sizes.heads + 2 * sizes.kv_heads) * sizes.head_dim; }
    /* of the row's queries, then keys, then values */
    size_t head_at(size_t row, int32_t head) const { return row * stride() + head * sizes.head_dim; }
    int32_t key(int32_t head) const { return sizes.heads + head; }
    int32_t value(int32_t head) const { return sizes.heads + sizes.kv_heads + head; }
};

static void make_odd(launch &l)
{
    if (l.list.size() < 7) return;
    const size_t n = l.sizes.head_dim;
    l.qkv[l.head_at(0, 0)] = NAN;
    l.qkv[l.head_at(1, l.key(0)) + 1] = NAN;
    l.qkv[l.head_at(1, l.value(l.sizes.kv_heads - 1))] = INFINITY;
    for (size_t d = 0; d < n; d++) l.qkv[l.head_at(2, l.key(0)) + d] = 0.0f;
    for (size_t d = 0; d < n; d++) l.qkv[l.head_at(2, l.value(0)) + d] = 1e-35f;
    l.qkv[l.head_at(3, l.value(0))] = NAN;
    for (size_t d = 0; d < n; d++) l.qkv[l.head_at(4, l.value(0)) + d] *= 1e-25f;
}

static launch random_launch(head_sizes sizes, int32_t type, int32_t kv_mode, int32_t count, int32_t bucket,
                            uint64_t *random)
{
    launch l = {sizes, type, kv_mode, 2, 1, random_rows(random, count, STATES), {}, {}, {}, {}};
    l.kv = place_rows(kv_mode == MOR4J_CUDA_KV_OVERLAY);
    for (int32_t state = 0; state < STATES; state++) {
        l.positions.push_back(random_below(random, state % 2 ? 131072 : 3));
    }
    l.qkv = random_floats(random, l.stride() * bucket, 2.0f);
    for (int32_t d = 0; d < sizes.head_dim / 2; d++) {
        l.inverse_frequencies.push_back(powf(10000.0f, -2.0f * d / sizes.head_dim));
    }
    make_odd(l);
    l.qkv = round_to(l.qkv, type);
    return l;
}

static void check_queries(const launch &l, const device_numbers &qkv)
{
    std::vector<float> got = qkv.download(), untouched = l.qkv;
    for (size_t i = 0; i < l.list.size(); i++) {
        for (int32_t head = 0; head < l.sizes.heads; head++) {
            const size_t at = l.head_at(i, head);
            const turned want = turn(&l.qkv[at], l.sizes.head_dim, l.inverse_frequencies, l.positions[l.list[i]]);
            for (size_t d = 0; d < want.numbers.size(); d++) {
                const double v = want.numbers[d],
                             tolerance = 1.01 * type_epsilon(l.type) * fabs(v) + 1e-6 * want.sizes[d];
                CHECK(is_close(got[at + d], v, tolerance), "query %d, %zu is %g, not %g", head, d, got[at + d], v);
                got[at + d] = untouched[at + d] = 0.0f;
            }
        }
    }
    expect_equal("keys, values and other rows", encode(got, l.type), encode(untouched, l.type));
}

static void check_caches(const launch &l, cache_pages &cache)
{
    std::vector<std::vector<uint8_t>> got = cache.before;
    for (size_t i = 0; i < got.size(); i++) cache.pages[i].read(got[i].data(), got[i].size());
    const block_map &map = cache.map;
    for (size_t i = 0; i < l.list.size(); i++) {
        const size_t state = l.list[i];
        const mor4j_cuda_kv_row &row = l.kv[state];
        if (l.kv_mode == MOR4J_CUDA_KV_READ || row.slot < 0) continue;
        const bool overlay = l.kv_mode == MOR4J_CUDA_KV_OVERLAY && row.overlay_pages >= 0;
        const size_t page = cache_pages::first_page(l.list[i] % SEQUENCES, overlay) + row.slot / 32;
        const int64_t place = row.slot % 32;
        for (int32_t head = 0; head < l.sizes.kv_heads; head++) {
            const int64_t block =
                ((overlay ? l.overlay_layer : l.layer) * cache.kv_heads + head) * 2 * map.half_bytes();
            const turned key =
                turn(&l.qkv[l.head_at(i, l.key(head))], map.dh, l.inverse_frequencies, l.positions[state]);
            check_entry(map, got[page].data() + block, false, place, key);
            check_entry(map, got[page].data() + block, true, place,
                        as_it_is(&l.qkv[l.head_at(i, l.value(head))], map.dh));
            take_over(map, got[page].data() + block, cache.before[page].data() + block, false, place);
            take_over(map, got[page].data() + block, cache.before[page].data() + block, true, place);
        }
    }
    for (size_t i = 0; i < got.size(); i++) expect_equal("what else is in the pages", got[i], cache.before[i]);
}

static void check(head_sizes sizes, int32_t type, int32_t kv_type, int32_t kv_mode, pass_size pass, uint64_t *random)
{
    describe("%d heads, %d KV, of %d, %s, KV type %d, mode %d, %d of %d rows", sizes.heads, sizes.kv_heads,
             sizes.head_dim, type_name(type), kv_type, kv_mode, pass.count, pass.bucket);
    const launch l = random_launch(sizes, type, kv_mode, pass.count, pass.bucket, random);
    cache_pages cache(sizes, kv_type, random);
    const device_rows rows(l.list, pass.bucket);
    const device_array<mor4j_cuda_kv_row> kv(l.kv);
    const device_array<uint64_t> tables(cache.table);
    const device_array<int32_t> positions(l.positions);
    const device_array<float> frequencies(l.inverse_frequencies);
    const device_numbers qkv(l.qkv, type);
    const mor4j_cuda_cache there = {kv.data(), tables.data(), l.layer,        l.overlay_layer, kv_mode,
                                    kv_type,   sizes.heads,   sizes.kv_heads, sizes.head_dim,  32};
    const mor4j_cuda_rope_append_args args = {rows.get(),         there, qkv.data(), positions.data(),
                                              frequencies.data(), type,  0};
    CHECK_CUDA(mor4j_cuda_rope_append(&args, nullptr));
    check_queries(l, qkv);
    check_caches(l, cache);
}

static void appends()
{
    uint64_t random = 13;
    int64_t turn = 0;
    for (const head_sizes &sizes : HEADS) {
        for (int32_t kv_type = MOR4J_CUDA_KV_F32; kv_type <= MOR4J_CUDA_KV_INT8; kv_type++) {
            for (int32_t mode = MOR4J_CUDA_KV_APPEND; mode <= MOR4J_CUDA_KV_OVERLAY; mode++) {
                check(sizes, NUMBER_TYPES[turn++ % 3], kv_type, mode, {7, 9, STATES}, &random);
            }
            turn++;
        }
    }
}

static void appends_passes()
{
    uint64_t random = 14;
    for (const pass_size &size : PASS_SIZES) {
        for (int32_t type : NUMBER_TYPES) {
            check({4, 2, 64}, type, size.bucket % 3, MOR4J_CUDA_KV_OVERLAY, size, &random);
        }
    }
}

static void refuses()
{
    const device_rows rows({0}, 1);
    const device_array<mor4j_cuda_kv_row> kv(1);
    const device_array<uint64_t> tables(1);
    const device_array<float> numbers(64);
    const device_array<int32_t> positions(1);
    const mor4j_cuda_rope_append_args good = {rows.get(),
                                              {kv.data(), tables.data(), 0, 0, 0, 0, 2, 1, 8, 32},
                                              numbers.data(),
                                              positions.data(),
                                              numbers.data(),
                                              MOR4J_CUDA_F32,
                                              0};
    const auto refused = [&](void (*spoil)(mor4j_cuda_rope_append_args &)) {
        mor4j_cuda_rope_append_args args = good;
        spoil(args);
        return static_cast<cudaError_t>(mor4j_cuda_rope_append(&args, nullptr)) == cudaErrorInvalidValue;
    };
    EXPECT_REFUSED(mor4j_cuda_rope_append(nullptr, nullptr));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.qkv = nullptr; }));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.positions = nullptr; }));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.inverse_frequencies = nullptr; }));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.type = MOR4J_CUDA_INT8; }));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.rows.bucket = 0; }));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.cache.kv = nullptr; }));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.cache.tables = nullptr; }));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.cache.layer = -1; }));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.cache.overlay_layer = -1; }));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.cache.kv_mode = 3; }));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.cache.kv_type = 3; }));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.cache.kv_heads = 0; }));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.cache.heads = 3, a.cache.kv_heads = 2; }));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.cache.heads = 1000000; }));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.cache.head_dim = 7; }));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.cache.head_dim = 0; }));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.cache.head_dim = 258; }));
    CHECK(refused([](mor4j_cuda_rope_append_args &a) { a.cache.page_tokens = 64; }));
}

int main()
{
    return run_cases({{"sizes and types", appends}, {"passes", appends_passes}, {"refused arguments", refuses}});
}
