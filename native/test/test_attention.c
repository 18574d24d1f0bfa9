/* The attention kernel against a two-pass softmax in double: every context around a block, odd heads and pages, NaN, inf. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define MAX_PAGES 128

static uint64_t seed = 42;

typedef struct cache {
    int32_t heads, kv_heads, head_dim, page_tokens, page_count;
    int64_t context;
    uint64_t pages[MAX_PAGES], overlay_pages[MAX_PAGES];
    int32_t *overlay_slots;
} cache;

static int64_t page_floats(const cache *c) { return 2 * 2 * (int64_t)c->kv_heads * c->page_tokens * c->head_dim; }

/* Two layers in a page; the test reads layer 1. Entries past the context stay NaN. */
static float *entry(const cache *c, const uint64_t *pages, int64_t e, int64_t kv_head, int value)
{
    float *page = (float *)(uintptr_t)pages[e / c->page_tokens];
    return page + (((2 + value) * (int64_t)c->kv_heads + kv_head) * c->page_tokens + e % c->page_tokens) * c->head_dim;
}

static cache make_cache(int32_t heads, int32_t kv_heads, int32_t head_dim, int32_t page_tokens, int64_t context)
{
    cache c = {heads, kv_heads, head_dim, page_tokens, (int32_t)((context + page_tokens - 1) / page_tokens), context, {0}, {0}, NULL};
    CHECK(c.page_count <= MAX_PAGES, "too many pages");
    c.overlay_slots = guarded((size_t)context * sizeof(int32_t));
    for (int32_t p = 0; p < c.page_count; p++) {
        c.pages[p] = (uintptr_t)guarded_floats(page_floats(&c));
        c.overlay_pages[p] = (uintptr_t)guarded_floats(page_floats(&c));
    }
    int32_t slot = 0;
    for (int64_t e = 0; e < context; e++) {
        c.overlay_slots[e] = random_below(&seed, 3) == 0 ? slot++ : -1;
        for (int64_t h = 0; h < kv_heads; h++) {
            for (int value = 0; value < 2; value++) {
                random_floats(&seed, entry(&c, c.pages, e, h, value), head_dim);
                random_floats(&seed, entry(&c, c.overlay_pages, e, h, value), head_dim);
            }
        }
    }
    return c;
}

static void free_cache(cache *c)
{
    guarded_free(c->overlay_slots, (size_t)c->context * sizeof(int32_t));
    for (int32_t p = 0; p < c->page_count; p++) {
        guarded_floats_free((float *)(uintptr_t)c->pages[p], page_floats(c));
        guarded_floats_free((float *)(uintptr_t)c->overlay_pages[p], page_floats(c));
    }
}

static const float *seen(const cache *c, bool overlay, int64_t e, int64_t kv_head, int value)
{
    if (overlay && c->overlay_slots[e] >= 0) return entry(c, c->overlay_pages, c->overlay_slots[e], kv_head, value);
    return entry(c, c->pages, e, kv_head, value);
}

static void twin(const cache *c, bool overlay, const float *q, int64_t head, int64_t context, double *out)
{
    const int64_t kv_head = head / (c->heads / c->kv_heads);
    double *scores = malloc((size_t)context * sizeof(double)), top = -INFINITY, sum = 0;
    for (int64_t e = 0; e < context; e++) {
        double dot = 0;
        for (int i = 0; i < c->head_dim; i++) dot += (double)q[i] * seen(c, overlay, e, kv_head, 0)[i];
        scores[e] = dot / sqrt(c->head_dim);
        if (isnan(scores[e]) || scores[e] > top) top = scores[e];
    }
    for (int64_t e = 0; e < context; e++) sum += scores[e] = exp(scores[e] - top);
    for (int i = 0; i < c->head_dim; i++) {
        out[i] = 0;
        for (int64_t e = 0; e < context; e++) out[i] += scores[e] / sum * seen(c, overlay, e, kv_head, 1)[i];
    }
    free(scores);
}

static void check(const mor4j_kernels *k, const cache *c, bool overlay, int64_t rows, float size)
{
    const int64_t width = (int64_t)c->heads * c->head_dim, group = c->heads / c->kv_heads;
    float *q = guarded_floats(rows * width), *out = guarded_floats(rows * width), *softmax = guarded_floats(rows * c->heads * 2);
    float *alone = guarded_floats(rows * width);
    mor4j_kv_row *kv = guarded((size_t)rows * sizeof(mor4j_kv_row));
    double *want = malloc((size_t)c->head_dim * sizeof(double));
    random_floats(&seed, q, rows * width);
    for (int64_t i = 0; i < rows * width; i++) q[i] *= size;
    for (int64_t i = 0; i < rows; i++) {
        const int64_t context = i == 0 ? c->context : 1 + random_below(&seed, c->context);
        kv[i] = (mor4j_kv_row){c->pages, c->overlay_pages, c->overlay_slots, -1, context};
    }
    const int64_t layer = 2 * (int64_t)c->kv_heads * c->page_tokens * c->head_dim;
    mor4j_attention a = {q, out, softmax, kv, layer, layer, c->heads, c->kv_heads, c->head_dim, c->page_tokens, overlay};
    for (int64_t h = 0; h < c->kv_heads; h++) k->attention(&a, (mor4j_range){0, rows}, (mor4j_range){h * group, (h + 1) * group});
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t h = 0; h < c->heads; h++) {
            const float *got = out + i * width + h * c->head_dim;
            twin(c, overlay, q + i * width + h * c->head_dim, h, kv[i].context, want);
            for (int d = 0; d < c->head_dim; d++) {
                CHECK(is_close(got[d], want[d], 4e-6 * (1 + size)), "%s attention NH=%d NKV=%d DH=%d pages of %d context %ld [%d]: %g, not %g",
                      isa_name(k->isa), c->heads, c->kv_heads, c->head_dim, c->page_tokens, (long)kv[i].context, d, got[d], want[d]);
            }
        }
    }
    a.out = alone;
    for (int64_t i = rows - 1; i >= 0; i--) {
        for (int64_t h = 0; h < c->heads; h++) k->attention(&a, (mor4j_range){i, i + 1}, (mor4j_range){h, h + 1});
    }
    CHECK(same_bits(alone, out, rows * width), "%s attention: a row's bits depend on its company", isa_name(k->isa));
    free(want);
    guarded_free(kv, (size_t)rows * sizeof(mor4j_kv_row));
    guarded_floats_free(q, rows * width);
    guarded_floats_free(out, rows * width);
    guarded_floats_free(alone, rows * width);
    guarded_floats_free(softmax, rows * c->heads * 2);
}

/* What softmax makes of NaN and infinities, and of scores that are -inf in a whole first block. */
static void test_special(const mor4j_kernels *k)
{
    float q[2] = {1, 0}, out[2], softmax[2];
    cache c = make_cache(1, 1, 2, 16, 70);
    const int64_t layer = 2 * 16 * 2;
    const mor4j_kv_row row = {c.pages, NULL, NULL, -1, 70};
    const mor4j_attention a = {q, out, softmax, &row, layer, 0, 1, 1, 2, 16, false};
    for (int64_t e = 0; e < 40; e++) entry(&c, c.pages, e, 0, 0)[0] = -INFINITY;
    double want[2];
    twin(&c, false, q, 0, 70, want);
    k->attention(&a, (mor4j_range){0, 1}, (mor4j_range){0, 1});
    CHECK(is_close(out[0], want[0], 1e-5) && is_close(out[1], want[1], 1e-5), "%s: -inf scores", isa_name(k->isa));
    const float values[] = {NAN, INFINITY};
    const int64_t places[] = {0, 33, 69};
    for (int v = 0; v < 2; v++) {
        for (int p = 0; p < 3; p++) {
            float *key = entry(&c, c.pages, places[p], 0, 0), old = key[0];
            key[0] = values[v];
            k->attention(&a, (mor4j_range){0, 1}, (mor4j_range){0, 1});
            CHECK(isnan(out[0]) && isnan(out[1]), "%s: a score of %g at %ld vanished", isa_name(k->isa), values[v], (long)places[p]);
            key[0] = old;
        }
    }
    for (int64_t e = 0; e < 70; e++) entry(&c, c.pages, e, 0, 0)[0] = -INFINITY;
    k->attention(&a, (mor4j_range){0, 1}, (mor4j_range){0, 1});
    CHECK(isnan(out[0]) && isnan(out[1]), "%s: only -inf scores", isa_name(k->isa));
    free_cache(&c);
}

int main(void)
{
    static const int32_t heads[][3] = {{1, 1, 2}, {3, 1, 6}, {4, 4, 10}, {6, 2, 80}, {9, 3, 64}, {2, 1, 130}, {5, 5, 16}};
    for (const mor4j_kernels *const *k = runnable_kernels(); *k != NULL; k++) {
        for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
            static const int32_t page_tokens[] = {1, 3, 16, 32, 50};
            for (int p = 0; p < 5; p++) {
                for (int64_t context = 1; context <= 100; context += context < 5 || context > 30 ? 7 : 9) {
                    cache c = make_cache(heads[i][0], heads[i][1], heads[i][2], page_tokens[p], context);
                    check(*k, &c, false, 1 + random_below(&seed, 4), 1.0f);
                    check(*k, &c, true, 2, 30.0f);
                    free_cache(&c);
                }
            }
        }
        for (int32_t dh = 2; dh <= 134; dh += 2) {
            cache c = make_cache(2, 1, dh, 7, 37);
            check(*k, &c, dh % 4 == 0, 2, 2.0f);
            free_cache(&c);
        }
        test_special(*k);
        printf("%s: attention agrees with its twin\n", isa_name((*k)->isa));
    }
    return 0;
}
