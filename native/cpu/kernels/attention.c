/*
 * out [rows, NH, DH] = softmax(q k^T / sqrt(DH)) v over the cache entries [0, context) of each row (grouped-query).
 *
 * Online softmax (Milakov & Gimelshein 2018, as in FlashAttention) over blocks of BLOCK entries that start at entry 0, so
 * a row's bits depend on its query, its entries and its context only: not on pages, nor on the rows beside it. Blocks
 * stand outside and rows inside: rows of one sequence find the block's keys and values in the first cache.
 */
#include <float.h>
#include <math.h>

#include "isa/isa.h"
#include "kernels/kernels.h"

#define BLOCK 32   /* entries; a multiple of VF_WIDTH and of 4 */
#define CHUNK 4    /* vectors of the output held in registers  */

typedef struct entries {
    const float *k[BLOCK];
    const float *v[BLOCK];
    int count;
} entries;

/* Where the keys and values of the block's entries lie. Its pages need not be whole blocks; an overlay has its own. */
static void find_entries(const mor4j_attention *a, const mor4j_kv_row *row, int64_t first, int64_t kv_head, entries *block)
{
    const int64_t place_floats = a->head_dim;
    const int64_t head_floats = a->page_tokens * place_floats;
    const int64_t values = a->kv_heads * head_floats;
    const int64_t base = a->base_layer + kv_head * head_floats;
    const int64_t overlay = a->overlay_layer + kv_head * head_floats;
    int64_t page = first / a->page_tokens, place = first % a->page_tokens;
    block->count = (int)(row->context - first < BLOCK ? row->context - first : BLOCK);
    for (int e = 0; e < block->count; e++) {
        const float *k = (const float *)(uintptr_t)row->pages[page] + base + place * place_floats;
        const int32_t slot = a->overlay ? row->overlay_slots[first + e] : -1;
        if (slot >= 0) {
            k = (const float *)(uintptr_t)row->overlay_pages[slot / a->page_tokens] + overlay +
                (slot % a->page_tokens) * place_floats;
        }
        block->k[e] = k;
        block->v[e] = k + values;
        if (++place == a->page_tokens) {
            place = 0;
            page++;
        }
    }
    /* Scores come by fours: the last entry stands in for those that the block lacks, and their scores are dropped. */
    for (int e = block->count; e < BLOCK && e % 4 != 0; e++) block->k[e] = block->k[block->count - 1];
}

static void score(const float *q, const entries *block, int head_dim, float scale, float *scores)
{
    for (int e = 0; e < block->count; e += 4) {
        const float *const *k = block->k + e;
        vf a = vf_set(0.0f), b = a, c = a, d = a;
        int i = 0;
        for (; i + VF_WIDTH <= head_dim; i += VF_WIDTH) {
            const vf x = vf_load(q + i);
            a = vf_fma(x, vf_load(k[0] + i), a);
            b = vf_fma(x, vf_load(k[1] + i), b);
            c = vf_fma(x, vf_load(k[2] + i), c);
            d = vf_fma(x, vf_load(k[3] + i), d);
        }
        if (i < head_dim) {
            const int n = head_dim - i;
            const vf x = vf_load_n(q + i, n);
            a = vf_fma(x, vf_load_n(k[0] + i, n), a);
            b = vf_fma(x, vf_load_n(k[1] + i, n), b);
            c = vf_fma(x, vf_load_n(k[2] + i, n), c);
            d = vf_fma(x, vf_load_n(k[3] + i, n), d);
        }
        vf_reduce4(a, b, c, d, scores + e);
    }
    for (int e = 0; e < block->count; e++) scores[e] *= scale;
    for (int e = block->count; e < BLOCK; e++) scores[e] = -INFINITY;
}

/* scores become weights e^(score - maximum); *sum and the factor for what was summed before are brought up to date. */
static float weigh(float *scores, float *maximum, float *sum)
{
    vf top = vf_load(scores);
    for (int e = VF_WIDTH; e < BLOCK; e += VF_WIDTH) top = vf_max(top, vf_load(scores + e));
    float lanes[VF_WIDTH], old = *maximum, now = old;
    vf_store(lanes, top);
    for (int i = 0; i < VF_WIDTH; i++) now = lanes[i] > now ? lanes[i] : now;
    const vf m = vf_set(now);
    vf total = vf_set(0.0f);
    for (int e = 0; e < BLOCK; e += VF_WIDTH) {
        vf weight = vf_exp(vf_sub(vf_load(scores + e), m));
        vf_store(scores + e, weight);
        total = vf_add(total, weight);
    }
    /* The same exp as the weights': the first lane of a vector. */
    vf_store(lanes, vf_exp(vf_set(old - now)));
    *maximum = now;
    *sum = *sum * lanes[0] + vf_reduce(total);
    return lanes[0];
}

/* out = out * factor + sum of weight[e] v[e], e in order. */
static void add_values(float *out, const entries *block, const float *weights, float factor, int head_dim)
{
    int i = 0;
    const vf f = vf_set(factor);
    for (; i + CHUNK * VF_WIDTH <= head_dim; i += CHUNK * VF_WIDTH) {
        vf acc[CHUNK];
#pragma GCC unroll 4
        for (int c = 0; c < CHUNK; c++) acc[c] = vf_mul(vf_load(out + i + c * VF_WIDTH), f);
        for (int e = 0; e < block->count; e++) {
            const vf weight = vf_set(weights[e]);
            const float *v = block->v[e] + i;
#pragma GCC unroll 4
            for (int c = 0; c < CHUNK; c++) acc[c] = vf_fma(weight, vf_load(v + c * VF_WIDTH), acc[c]);
        }
#pragma GCC unroll 4
        for (int c = 0; c < CHUNK; c++) vf_store(out + i + c * VF_WIDTH, acc[c]);
    }
    for (; i + VF_WIDTH <= head_dim; i += VF_WIDTH) {
        vf acc = vf_mul(vf_load(out + i), f);
        for (int e = 0; e < block->count; e++) acc = vf_fma(vf_set(weights[e]), vf_load(block->v[e] + i), acc);
        vf_store(out + i, acc);
    }
    if (i < head_dim) {
        const int n = head_dim - i;
        vf acc = vf_mul(vf_load_n(out + i, n), f);
        for (int e = 0; e < block->count; e++) acc = vf_fma(vf_set(weights[e]), vf_load_n(block->v[e] + i, n), acc);
        vf_store_n(out + i, acc, n);
    }
}

static void begin(const mor4j_attention *a, int64_t row, mor4j_range heads)
{
    for (int64_t h = row * a->heads + heads.first; h < row * a->heads + heads.last; h++) {
        /* Not -inf: a first block of scores of -inf must leave 0, not e^(inf - inf). */
        a->softmax[2 * h] = -FLT_MAX;
        a->softmax[2 * h + 1] = 0.0f;
        memset(a->out + h * a->head_dim, 0, (size_t)a->head_dim * sizeof(float));
    }
}

static void finish(const mor4j_attention *a, int64_t row, mor4j_range heads)
{
    for (int64_t h = row * a->heads + heads.first; h < row * a->heads + heads.last; h++) {
        float *out = a->out + h * a->head_dim;
        const float sum = a->softmax[2 * h + 1];
        for (int i = 0; i < a->head_dim; i++) out[i] /= sum;
    }
}

void MOR4J_KERNEL(attention)(const mor4j_attention *a, mor4j_range rows, mor4j_range heads)
{
    const int64_t kv_head = heads.first / (a->heads / a->kv_heads);
    const float scale = 1.0f / sqrtf((float)a->head_dim);
    int64_t longest = 0;
    for (int64_t row = rows.first; row < rows.last; row++) {
        begin(a, row, heads);
        longest = a->kv[row].context > longest ? a->kv[row].context : longest;
    }
    entries block;
    float scores[BLOCK];
    for (int64_t first = 0; first < longest; first += BLOCK) {
        for (int64_t row = rows.first; row < rows.last; row++) {
            if (a->kv[row].context <= first) continue;
            find_entries(a, &a->kv[row], first, kv_head, &block);
            for (int64_t h = row * a->heads + heads.first; h < row * a->heads + heads.last; h++) {
                score(a->q + h * a->head_dim, &block, a->head_dim, scale, scores);
                const float factor = weigh(scores, &a->softmax[2 * h], &a->softmax[2 * h + 1]);
                add_values(a->out + h * a->head_dim, &block, scores, factor, a->head_dim);
            }
        }
    }
    for (int64_t row = rows.first; row < rows.last; row++) finish(a, row, heads);
}
