/*
 * Attention and the entries it reads: against a two-pass softmax in double on the numbers as stored, and bit for bit
 * against itself, however rows, heads and segments are split.
 */
#include <stdio.h>

#include "attend.h"
#include "kv_cache.h"

#define MOST_ROWS 20

static uint64_t seed = 42;

/* Some rows' queries, outputs and scratch. */
typedef struct call {
    const cache *cache;
    int64_t rows, width;
    float *q, *out, *segments;
    mor4j_kv_row *kv;
    mor4j_attention attention;
} call;

static int64_t segment_floats(const call *c)
{
    return c->rows * c->cache->heads * MOR4J_MOST_SEGMENTS * (2 + c->cache->head_dim);
}

/* Queries in [-size, size); every row sees all that is stored until the test says otherwise. */
static void make_call(call *c, const cache *cache, bool overlay, int64_t rows, float size)
{
    *c = (call){.cache = cache, .rows = rows, .width = (int64_t)cache->heads * cache->head_dim};
    c->q = guarded_floats(rows * c->width);
    c->out = guarded_floats(rows * c->width);
    c->segments = guarded_floats(segment_floats(c));
    c->kv = guarded((size_t)rows * sizeof(mor4j_kv_row));
    for (int64_t i = 0; i < rows * c->width; i++) c->q[i] = size * random_float(&seed);
    for (int64_t i = 0; i < rows; i++) {
        c->kv[i] = (mor4j_kv_row){cache->base.table, NULL, NULL, -1, cache->stored};
        if (!overlay) continue;
        c->kv[i].overlay_pages = cache->overlay.table;
        c->kv[i].overlay_slots = cache->overlay_slots;
    }
    c->attention = (mor4j_attention){.q = c->q,
                                     .out = c->out,
                                     .segments = c->segments,
                                     .kv = c->kv,
                                     .base_layer = layer_bytes(cache),
                                     .overlay_layer = layer_bytes(cache),
                                     .heads = cache->heads,
                                     .kv_heads = cache->kv_heads,
                                     .head_dim = cache->head_dim,
                                     .page_tokens = cache->page_tokens,
                                     .kv_dtype = cache->kv_dtype,
                                     .overlay = overlay};
}

static void free_call(call *c)
{
    guarded_floats_free(c->q, c->rows * c->width);
    guarded_floats_free(c->out, c->rows * c->width);
    guarded_floats_free(c->segments, segment_floats(c));
    guarded_free(c->kv, (size_t)c->rows * sizeof(mor4j_kv_row));
}

/* All rows and all query heads, one KV head after the other. */
static void attend_together(const mor4j_kernels *k, const call *c)
{
    const int64_t group = c->cache->heads / c->cache->kv_heads;
    for (int64_t h = 0; h < c->cache->heads; h += group) {
        k->attention(&c->attention, (mor4j_range){0, c->rows}, (mor4j_range){h, h + group});
    }
}

static void check_twin(const mor4j_kernels *k, const call *c, float size)
{
    const cache *cache = c->cache;
    double *want = malloc((size_t)cache->head_dim * sizeof(double));
    for (int64_t i = 0; i < c->rows; i++) {
        for (int64_t h = 0; h < cache->heads; h++) {
            const int64_t at = i * c->width + h * cache->head_dim;
            attend_twin(cache, c->attention.overlay, c->q + at, h, c->kv[i].context, want);
            for (int d = 0; d < cache->head_dim; d++) {
                CHECK(is_close(c->out[at + d], want[d], 4e-6 * (1 + size)),
                      "%s attention %s NH=%d NKV=%d DH=%d pages of %d overlay %d context %ld head %ld [%d]: %g, not %g",
                      isa_name(k->isa), kv_names[cache->kv_dtype], cache->heads, cache->kv_heads, cache->head_dim,
                      cache->page_tokens, c->attention.overlay, (long)c->kv[i].context, (long)h, d, c->out[at + d],
                      want[d]);
            }
        }
    }
    free(want);
}

/* Rows alone, heads alone, and segments alone give the bits that all gave together. */
static void check_splits(const mor4j_kernels *k, const call *c)
{
    const int64_t group = c->cache->heads / c->cache->kv_heads;
    float *out = guarded_floats(c->rows * c->width);
    mor4j_attention a = c->attention;
    a.out = out;
    a.segments = NULL;
    for (int64_t i = c->rows - 1; i >= 0; i--) {
        for (int64_t h = 0; h < c->cache->heads; h++) {
            k->attention(&a, (mor4j_range){i, i + 1}, (mor4j_range){h, h + 1});
        }
    }
    CHECK(same_bits(out, c->out, c->rows * c->width), "%s attention: a row's bits depend on its company",
          isa_name(k->isa));
    memset(out, 0xFF, (size_t)(c->rows * c->width) * sizeof(float));
    a.segments = c->segments;
    for (int64_t i = 0; i < c->rows; i++) {
        const int64_t context = c->kv[i].context, entries = mor4j_segment_entries(context);
        for (int64_t s = (context - 1) / entries; s >= 0; s--) {
            for (int64_t h = 0; h < c->cache->heads; h += group) {
                k->attention_segment(&a, i, (mor4j_range){h, h + group}, s);
            }
        }
        for (int64_t h = 0; h < c->cache->heads; h += group) k->attention_merge(&a, i, (mor4j_range){h, h + group});
    }
    CHECK(same_bits(out, c->out, c->rows * c->width), "%s attention: merged segments differ", isa_name(k->isa));
    guarded_floats_free(out, c->rows * c->width);
}

/* Rows of mixed contexts, the first of which sees all that is stored. */
static void check(const mor4j_kernels *k, const cache *cache, bool overlay, int64_t rows, float size)
{
    call c;
    make_call(&c, cache, overlay, rows, size);
    for (int64_t i = 1; i < rows; i++) {
        const bool near = random_below(&seed, 2) == 0 && cache->stored > i;
        c.kv[i].context = near ? cache->stored - i : 1 + random_below(&seed, cache->stored);
    }
    /* Mostly in order of position, as they come. */
    if (random_below(&seed, 3) > 0) {
        for (int64_t i = 1; i < rows; i++) {
            c.kv[i].context = c.kv[i].context < c.kv[i - 1].context && i > 1 ? c.kv[i - 1].context : c.kv[i].context;
        }
        c.kv[0].context = c.kv[rows - 1].context;
        c.kv[rows - 1].context = cache->stored;
    }
    attend_together(k, &c);
    check_twin(k, &c, size);
    check_splits(k, &c);
    free_call(&c);
}

/* Fills a cache entry by entry and looks at it at some lengths: what is not yet stored is NaN. */
static void check_lengths(const mor4j_kernels *k, const int32_t heads[3], int32_t page_tokens, int32_t kv_dtype,
                          const int64_t *lengths, int count)
{
    cache c = make_cache(heads, page_tokens, kv_dtype, lengths[count - 1]);
    for (int i = 0; i < count; i++) {
        while (c.stored < lengths[i]) store_next(k, &c, &seed);
        check(k, &c, false, 1 + random_below(&seed, 5), 1.0f);
        check(k, &c, true, 1 + random_below(&seed, 3), 30.0f);
    }
    free_cache(&c);
}

static void test_shapes(const mor4j_kernels *k, int32_t kv_dtype)
{
    static const int32_t heads[][3] = {{1, 1, 2},  {3, 1, 6},   {4, 4, 10}, {10, 2, 64},
                                       {9, 3, 64}, {2, 1, 130}, {5, 5, 16}, {4, 2, 128}};
    static const int64_t around_blocks[] = {1, 2, 7, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 95, 96, 97, 100};
    static const int64_t around_segments[] = {255, 256, 257, 511, 513, 1000}, growing[] = {8191, 8192, 8193};
    static const int64_t some[] = {1, 37, 129};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        check_lengths(k, heads[i], i % 2 ? 64 : 32, kv_dtype, around_blocks, 17);
    }
    int64_t every[100];
    for (int i = 0; i < 100; i++) every[i] = i + 1;
    check_lengths(k, (const int32_t[]){3, 1, 18}, 64, kv_dtype, every, 100);
    check_lengths(k, (const int32_t[]){6, 2, 20}, 32, kv_dtype, around_segments, 6);
    check_lengths(k, (const int32_t[]){3, 1, 64}, 96, kv_dtype, around_segments, 6);
    check_lengths(k, (const int32_t[]){2, 1, 2}, 64, kv_dtype, growing, 3);
    for (int32_t dh = 2; dh <= 70; dh += 2) {
        check_lengths(k, (const int32_t[]){2 + dh % 3, 1, dh}, 32, kv_dtype, some, 3);
    }
    static const int32_t wide[] = {256, 258, 300, 514};
    for (int i = 0; i < 4; i++) check_lengths(k, (const int32_t[]){3, 1, wide[i]}, 32, kv_dtype, some, 3);
    /* Beyond what one walk of the cache can hold: queries of a group, dimensions of a head. */
    check_lengths(k, (const int32_t[]){37, 1, 4}, 32, kv_dtype, some, 2);
    check_lengths(k, (const int32_t[]){1, 1, 8194}, 32, kv_dtype, some, 2);
    /* Enough rows for batches of several kinds. */
    cache c = make_cache((const int32_t[]){6, 2, 24}, 64, kv_dtype, 300);
    while (c.stored < 300) store_next(k, &c, &seed);
    for (int i = 0; i < 4; i++) check(k, &c, i % 2, MOST_ROWS, 2.0f);
    free_cache(&c);
}

static void replace_key(const mor4j_kernels *k, cache *c, int64_t entry, float first)
{
    const float key[2] = {first, 0.5f}, value[2] = {0.25f, -0.5f};
    store_at(k, c, &c->base, entry, 0, key, value);
}

/* What softmax makes of NaN and infinities, and of scores that are -inf in whole blocks and segments. An int8 cache
   holds no infinity: it turns the entry into NaN. */
static void test_special(const mor4j_kernels *k, int32_t kv_dtype)
{
    cache c = make_cache((const int32_t[]){2, 1, 2}, 32, kv_dtype, 600);
    while (c.stored < 600) store_next(k, &c, &seed);
    call a;
    make_call(&a, &c, false, 1, 1.0f);
    memcpy(a.q, (const float[]){1, 0, 0.5f, 1}, 4 * sizeof(float));
    static const int64_t infinite[] = {40, 300, 599};
    int64_t e = 0;
    for (int i = 0; i < 3 && kv_dtype != MOR4J_KV_INT8; i++) {
        for (; e < infinite[i]; e++) replace_key(k, &c, e, -INFINITY);
        attend_together(k, &a);
        check_twin(k, &a, 1.0f);
        check_splits(k, &a);
    }
    replace_key(k, &c, 599, -INFINITY);
    for (e = 0; e < 599 && kv_dtype != MOR4J_KV_INT8; e++) replace_key(k, &c, e, -INFINITY);
    attend_together(k, &a);
    for (int i = 0; i < 4; i++) CHECK(isnan(a.out[i]), "%s %s: only -inf scores", isa_name(k->isa), kv_names[kv_dtype]);
    static const float values[] = {NAN, INFINITY};
    static const int64_t places[] = {0, 33, 256, 599};
    for (e = 0; e < 600; e++) replace_key(k, &c, e, random_float(&seed));
    for (int v = 0; v < 2; v++) {
        for (int p = 0; p < 4; p++) {
            replace_key(k, &c, places[p], values[v]);
            attend_together(k, &a);
            for (int i = 0; i < 4; i++) {
                CHECK(isnan(a.out[i]), "%s %s: a score of %g at %ld vanished", isa_name(k->isa), kv_names[kv_dtype],
                      values[v], (long)places[p]);
            }
            replace_key(k, &c, places[p], 0.5f);
        }
    }
    /* One query head's NaN is its own; so is one dimension of a value, where each has its own number. */
    a.q[1] = NAN;
    attend_together(k, &a);
    CHECK(isnan(a.out[0]) && isnan(a.out[1]) && isfinite(a.out[2]) && isfinite(a.out[3]), "%s: NaN query",
          isa_name(k->isa));
    a.q[1] = 0;
    store_at(k, &c, &c.base, 300, 0, (const float[]){0.5f, 0.5f}, (const float[]){0.5f, NAN});
    attend_together(k, &a);
    CHECK(isnan(a.out[0]) == (kv_dtype == MOR4J_KV_INT8) && isnan(a.out[1]), "%s %s: NaN value", isa_name(k->isa),
          kv_names[kv_dtype]);
    free_call(&a);
    free_cache(&c);
}

typedef struct team_call {
    const mor4j_kernels *kernels;
    const call *call;
    float *scratch;
} team_call;

static void attend_with_team(const void *arg, const mor4j_team *team)
{
    const team_call *t = arg;
    mor4j_attention a = t->call->attention;
    int64_t entries = 0;
    for (int64_t i = 0; i < t->call->rows; i++) entries += t->call->kv[i].context;
    a.segments = t->scratch;
    mor4j_attend(team, t->kernels, &a, t->call->rows, entries);
}

/* Any number of threads and rows gives the bits of one thread. */
static void test_team(const mor4j_kernels *k, int32_t threads)
{
    mor4j_pool pool;
    CHECK(mor4j_pool_start(&pool, threads, 100) == MOR4J_OK, "%d threads", threads);
    static const int64_t contexts[] = {20, 700, 1500};
    cache c = make_cache((const int32_t[]){6, 2, 32}, 32, MOR4J_KV_BF16, 1500);
    const mor4j_shape shape = {.heads = 6, .kv_heads = 2, .head_dim = 32};
    for (int i = 0; i < 3; i++) {
        while (c.stored < contexts[i]) store_next(k, &c, &seed);
        for (int64_t rows = 1; rows <= MOST_ROWS; rows += rows < 3 ? 1 : 5) {
            call a;
            make_call(&a, &c, rows % 2, rows, 1.0f);
            for (int64_t r = 0; r < rows; r++) a.kv[r].context = r == 1 ? 1 : contexts[i] - (rows - 1 - r);
            attend_together(k, &a);
            const int64_t n = rows * a.width, floats = mor4j_attention_scratch(&shape, rows);
            float *want = malloc((size_t)n * sizeof(float)), *scratch = floats > 0 ? guarded_floats(floats) : NULL;
            memcpy(want, a.out, (size_t)n * sizeof(float));
            memset(a.out, 0xFF, (size_t)n * sizeof(float));
            const team_call t = {k, &a, scratch};
            mor4j_team_run(&pool, attend_with_team, &t, INT64_C(1) << 30);
            CHECK(same_bits(a.out, want, n), "%s: %ld rows of context %ld by %d threads", isa_name(k->isa), (long)rows,
                  (long)contexts[i], threads);
            if (scratch != NULL) guarded_floats_free(scratch, floats);
            free(want);
            free_call(&a);
        }
    }
    free_cache(&c);
    mor4j_pool_stop(&pool);
}

/* What a cache of this type should hold for x, one of n numbers whose largest magnitude is `largest`. */
static double want_number(float x, double largest, int32_t kv_dtype)
{
    if (kv_dtype == MOR4J_KV_F32) return x;
    if (kv_dtype == MOR4J_KV_INT8) {
        if (!isfinite(largest)) return NAN;
        return largest < 1e-30 ? 0.0 : nearbyint(x * (127.0 / largest)) * (double)((float)largest / 127.0f);
    }
    if (!isfinite(x)) return x;
    int exponent;
    const double fraction = frexp(x, &exponent);
    return ldexp(nearbyint(ldexp(fraction, 8)), exponent - 8);
}

static double largest_of(const float *x, int64_t n)
{
    double largest = 0;
    for (int64_t i = 0; i < n; i++) largest = isnan(x[i]) || isnan(largest) ? NAN : fmax(largest, fabs(x[i]));
    return largest;
}

/* One entry of a block: the numbers as the map has them, and every other byte as it was. */
static void check_store(const mor4j_kernels *k, int32_t kv_dtype, int64_t dh, int32_t place, const float *key,
                        const float *value)
{
    const size_t bytes = (size_t)mor4j_kv_block_bytes(kv_dtype, dh);
    char *block = guarded(bytes), *twice = guarded(bytes);
    const float *x[2] = {key, value};
    memset(twice, 0x11, bytes);
    k->store_kv(key, value, (int32_t)dh, kv_dtype, place, block);
    k->store_kv(key, value, (int32_t)dh, kv_dtype, place, twice);
    for (int v = 0; v < 2; v++) {
        const double largest = largest_of(x[v], dh);
        for (int64_t d = 0; d < dh; d++) {
            const double want = want_number(x[v][d], largest, kv_dtype);
            const double got = stored_number(block, kv_dtype, dh, place, v, d);
            /* The quotient 127 / largest is rounded: a number near a half may go either way. */
            const bool half = kv_dtype == MOR4J_KV_INT8 && isfinite(largest) &&
                              fabs(fabs(remainder(x[v][d] * (127.0 / largest), 1.0)) - 0.5) < 1e-4;
            CHECK((isnan(want) && isnan(got)) || got == want || (half && fabs(got - want) < 1.01 * largest / 127),
                  "%s store %s DH=%ld place %d %s [%ld] = %g: %g, not %g", isa_name(k->isa), kv_names[kv_dtype],
                  (long)dh, place, v ? "value" : "key", (long)d, x[v][d], got, want);
        }
    }
    /* Bytes that differ before and after are those of the entry: as many as it has, equal in both blocks. */
    size_t untouched = 0;
    for (size_t i = 0; i < bytes; i++) {
        const bool same = block[i] == twice[i], kept = (unsigned char)block[i] == 0xFF && twice[i] == 0x11;
        CHECK(same || kept, "%s store %s: byte %zu", isa_name(k->isa), kv_names[kv_dtype], i);
        untouched += kept;
    }
    CHECK(untouched == bytes / 32 * 31, "%s store %s DH=%ld: %zu of %zu bytes are untouched", isa_name(k->isa),
          kv_names[kv_dtype], (long)dh, untouched, bytes);
    guarded_free(block, bytes);
    guarded_free(twice, bytes);
}

static void test_store(const mor4j_kernels *k, int32_t kv_dtype)
{
    static const float special[] = {NAN, INFINITY, -INFINITY, 1e-31f, 0.0f, -3e38f, 1.00390625f, 1.01171875f};
    for (int64_t dh = 2; dh <= 300; dh += dh < 70 ? 2 : 58) {
        float *key = guarded_floats(dh), *value = guarded_floats(dh);
        for (int i = 0; i < 12; i++) {
            random_floats(&seed, key, dh);
            random_floats(&seed, value, dh);
            const float size = (float)ldexp(1.0, (int)random_below(&seed, 40) - 20);
            for (int64_t d = 0; d < dh; d++) value[d] *= size;
            if (i < 8) (i % 2 ? value : key)[random_below(&seed, dh)] = special[i];
            if (i == 8) {
                for (int64_t d = 0; d < dh; d++) key[d] *= 1e-31f;
            }
            check_store(k, kv_dtype, dh, (int32_t)random_below(&seed, 32), key, value);
        }
        guarded_floats_free(key, dh);
        guarded_floats_free(value, dh);
    }
}

int main(void)
{
    const mor4j_kernels *before = NULL;
    for (const mor4j_kernels *const *k = runnable_kernels(); *k != NULL; before = *k++) {
        /* Instruction sets that add nothing for attention share it. */
        if (before != NULL && before->attention == (*k)->attention && before->store_kv == (*k)->store_kv) continue;
        for (int32_t kv_dtype = MOR4J_KV_F32; kv_dtype <= MOR4J_KV_INT8; kv_dtype++) {
            test_store(*k, kv_dtype);
            test_shapes(*k, kv_dtype);
            test_special(*k, kv_dtype);
        }
        for (int32_t threads = 1; threads <= 5; threads += threads < 3 ? 1 : 2) test_team(*k, threads);
        printf("%s: attention agrees with its twin\n", isa_name((*k)->isa));
    }
    return 0;
}
