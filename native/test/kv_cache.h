/*
 * A random cache of one sequence against unmapped pages, base and overlay, and what its numbers are as stored: read
 * back by the map of mor4j.h, not by the kernels. Entries are stored one by one; all others stay NaN bytes.
 */
#ifndef MOR4J_TEST_KV_CACHE_H
#define MOR4J_TEST_KV_CACHE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define CACHE_LAYERS 2 /* in a page; the tests use layer 1 */

typedef struct pages {
    uint64_t *table;
    double *numbers; /* as stored: [entries][NKV][2][DH], keys then values */
} pages;

typedef struct cache {
    int32_t heads, kv_heads, head_dim, page_tokens, kv_dtype;
    int64_t page_count, stored;
    pages base, overlay;
    int32_t *overlay_slots; /* [page_count * page_tokens] */
    int32_t overlaid;       /* slots in use               */
} cache;

static const char *const kv_names[] = {"float32", "bfloat16", "int8"};

static inline int64_t layer_bytes(const cache *c)
{
    return c->kv_heads * (c->page_tokens / 32) * mor4j_kv_block_bytes(c->kv_dtype, c->head_dim);
}

static inline char *block_of(const cache *c, const pages *p, int64_t entry, int64_t kv_head)
{
    return (char *)(uintptr_t)p->table[entry / c->page_tokens] + layer_bytes(c) +
           (kv_head * (c->page_tokens / 32) + entry % c->page_tokens / 32) *
               mor4j_kv_block_bytes(c->kv_dtype, c->head_dim);
}

/* Number d of the key or value at `place` of a block, by the map of mor4j.h. */
static inline double stored_number(const char *block, int32_t kv_dtype, int64_t dh, int64_t place, int value, int64_t d)
{
    const char *half = block + value * mor4j_kv_block_bytes(kv_dtype, dh) / 2;
    if (kv_dtype == MOR4J_KV_BF16) {
        const int64_t at = value ? place * dh + d : (d / 2 * 32 + place) * 2 + d % 2;
        const uint32_t bits = (uint32_t)((const uint16_t *)(const void *)half)[at] << 16;
        float x;
        memcpy(&x, &bits, sizeof x);
        return x;
    }
    const int64_t at = value ? place * dh + d : d * 32 + place;
    if (kv_dtype == MOR4J_KV_F32) return ((const float *)(const void *)half)[at];
    return (double)((const int8_t *)half)[at] * ((const float *)(const void *)(half + 32 * dh))[place];
}

static inline double *numbers_of(const cache *c, const pages *p, int64_t entry, int64_t kv_head, int value)
{
    return p->numbers + ((entry * c->kv_heads + kv_head) * 2 + value) * c->head_dim;
}

static inline void make_pages(const cache *c, pages *p)
{
    p->table = malloc((size_t)c->page_count * sizeof(uint64_t));
    p->numbers = malloc((size_t)(c->page_count * c->page_tokens * c->kv_heads * 2 * c->head_dim) * sizeof(double));
    for (int64_t i = 0; i < c->page_count; i++) {
        p->table[i] = (uintptr_t)guarded((size_t)(CACHE_LAYERS * layer_bytes(c)));
    }
}

static inline void free_pages(const cache *c, pages *p)
{
    for (int64_t i = 0; i < c->page_count; i++) {
        guarded_free((void *)(uintptr_t)p->table[i], (size_t)(CACHE_LAYERS * layer_bytes(c)));
    }
    free(p->table);
    free(p->numbers);
}

static inline cache make_cache(const int32_t heads[3], int32_t page_tokens, int32_t kv_dtype, int64_t entries)
{
    cache c = {.heads = heads[0],
               .kv_heads = heads[1],
               .head_dim = heads[2],
               .page_tokens = page_tokens,
               .kv_dtype = kv_dtype};
    c.page_count = (entries + page_tokens - 1) / page_tokens;
    make_pages(&c, &c.base);
    make_pages(&c, &c.overlay);
    c.overlay_slots = guarded((size_t)(c.page_count * page_tokens) * sizeof(int32_t));
    return c;
}

static inline void free_cache(cache *c)
{
    guarded_free(c->overlay_slots, (size_t)(c->page_count * c->page_tokens) * sizeof(int32_t));
    free_pages(c, &c->base);
    free_pages(c, &c->overlay);
}

static inline void store_at(const mor4j_kernels *k, const cache *c, pages *p, int64_t entry, int64_t kv_head,
                            const float *key, const float *value)
{
    char *block = block_of(c, p, entry, kv_head);
    k->store_kv(key, value, c->head_dim, c->kv_dtype, (int32_t)(entry % 32), block);
    for (int v = 0; v < 2; v++) {
        double *numbers = numbers_of(c, p, entry, kv_head, v);
        for (int64_t d = 0; d < c->head_dim; d++) {
            numbers[d] = stored_number(block, c->kv_dtype, c->head_dim, entry % 32, v, d);
        }
    }
}

/* One more random entry. Of every 128, 32 are not overlaid and 32 all are; the others by chance, at scattered slots. */
static inline void store_next(const mor4j_kernels *k, cache *c, uint64_t *seed)
{
    const int64_t e = c->stored++, n = c->head_dim;
    const bool overlaid = e / 32 % 4 != 1 && (e / 32 % 4 == 3 || random_below(seed, 3) == 0);
    const int64_t slot = (int64_t)c->overlaid * 7 % (c->page_count * c->page_tokens);
    float *key = guarded_floats(n), *value = guarded_floats(n);
    c->overlay_slots[e] = overlaid ? (int32_t)slot : -1;
    c->overlaid += overlaid;
    for (int64_t h = 0; h < c->kv_heads; h++) {
        for (int p = 0; p <= overlaid; p++) {
            random_floats(seed, key, n);
            random_floats(seed, value, n);
            store_at(k, c, p ? &c->overlay : &c->base, p ? slot : e, h, key, value);
        }
    }
    guarded_floats_free(key, n);
    guarded_floats_free(value, n);
}

/* What a row finds at an entry. */
static inline const double *seen_numbers(const cache *c, bool overlay, int64_t entry, int64_t kv_head, int value)
{
    const int32_t slot = overlay ? c->overlay_slots[entry] : -1;
    return slot >= 0 ? numbers_of(c, &c->overlay, slot, kv_head, value)
                     : numbers_of(c, &c->base, entry, kv_head, value);
}

/* Attention of one query head in double: a softmax in two passes. */
static inline void attend_twin(const cache *c, bool overlay, const float *q, int64_t head, int64_t context, double *out)
{
    const int64_t kv_head = head / (c->heads / c->kv_heads);
    double *scores = malloc((size_t)context * sizeof(double)), top = -INFINITY, sum = 0;
    for (int64_t e = 0; e < context; e++) {
        const double *key = seen_numbers(c, overlay, e, kv_head, 0);
        double dot = 0;
        for (int d = 0; d < c->head_dim; d++) dot += (double)q[d] * key[d];
        scores[e] = dot / sqrt(c->head_dim);
        if (isnan(scores[e]) || scores[e] > top) top = scores[e];
    }
    for (int64_t e = 0; e < context; e++) sum += scores[e] = exp(scores[e] - top);
    for (int d = 0; d < c->head_dim; d++) out[d] = 0;
    for (int64_t e = 0; e < context; e++) {
        const double *value = seen_numbers(c, overlay, e, kv_head, 1);
        for (int d = 0; d < c->head_dim; d++) out[d] += scores[e] / sum * value[d];
    }
    free(scores);
}

#endif
