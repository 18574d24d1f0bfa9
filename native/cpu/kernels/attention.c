/*
 * out [rows, NH, DH] = softmax(q k^T / sqrt(DH)) v over the cache entries [0, context) of each row (grouped-query).
 * Source: docs/forward-pass.md, section 3.
 *
 * A context is cut into segments by its length alone; each has an online softmax (Milakov & Gimelshein 2018, as in
 * FlashAttention) over blocks of 32 entries, and segments are merged in order. So a row's bits depend on its query, its
 * entries and its context only: not on pages, nor on the rows beside it, nor on who computes which segment.
 *
 *   kv_block.h         where a block's keys and values lie
 *   attention_tiles.h  queries by keys, weights by values
 *   attention.c        softmax, segments, and which queries walk the cache together: a batch
 */
#include <float.h>
#include <math.h>

#include "attention_tiles.h"

#define MOST_QUERIES 32     /* of a batch; a multiple of VF_WIDTH */
#define AHEAD (2 * ENTRIES) /* entries asked for before they are used */
#define OUT_FLOATS 8192     /* that a batch sums up at a time     */

/* Queries of a KV head whose rows have the same tables: all see the same blocks, up to their contexts, which ascend. */
typedef struct batch {
    const mor4j_attention *attention;
    const mor4j_kv_row *kv; /* [rows]                                                       */
    int64_t kv_head;
    int64_t segment;          /* entries of one                                               */
    int64_t first, dims;      /* of the values: as many as fit                                */
    int rows, heads, queries; /* queries = rows * heads, row by row                           */
    const float *q[MOST_QUERIES];
    float *out[MOST_QUERIES]; /* [dims] of the segment at hand                                */
    float maximum[MOST_QUERIES], factor[MOST_QUERIES];
    _Alignas(64) float sum[MOST_QUERIES][VF_WIDTH]; /* each lane of its own entries             */
    _Alignas(64) float scores[MOST_QUERIES][ENTRIES];
    kv_scratch scratch;
} batch;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t most_queries(int64_t head_dim)
{
    const int64_t fit = OUT_FLOATS / head_dim;
    return fit < 1 ? 1 : least(fit, MOST_QUERIES);
}

static bool share_tables(const mor4j_kv_row *a, const mor4j_kv_row *b, bool overlay)
{
    return a->pages == b->pages &&
           (!overlay || (a->overlay_pages == b->overlay_pages && a->overlay_slots == b->overlay_slots));
}

/* How many rows from `row` on, at most `most`, may walk the cache together. */
static int rows_beside(const mor4j_attention *a, int64_t row, int64_t last, int64_t most)
{
    const int64_t segment = mor4j_segment_entries(a->kv[row].context);
    int64_t next = row + 1;
    while (next < last && next - row < most && share_tables(&a->kv[next - 1], &a->kv[next], a->overlay) &&
           a->kv[next].context >= a->kv[next - 1].context && mor4j_segment_entries(a->kv[next].context) == segment) {
        next++;
    }
    return (int)(next - row);
}

static void make_batch(batch *b, const mor4j_attention *a, int64_t row, int rows, mor4j_range heads)
{
    b->attention = a;
    b->kv = a->kv + row;
    b->kv_head = heads.first / (a->heads / a->kv_heads);
    b->segment = mor4j_segment_entries(a->kv[row].context);
    b->rows = rows;
    b->heads = (int)(heads.last - heads.first);
    b->queries = rows * b->heads;
    for (int i = 0; i < b->queries; i++) {
        b->q[i] = a->q + ((row + i / b->heads) * a->heads + heads.first + i % b->heads) * a->head_dim;
    }
}

/* Of row `row` in the block that begins at entry `first`. */
static int seen_entries(const batch *b, int row, int64_t first)
{
    return (int)least(ENTRIES, b->kv[row].context - first);
}

/* The scores of query i as they count, and the largest so far; what a row does not see is -inf. */
static float scale_scores(batch *b, int i, const kv_block *block, int seen, vf scale)
{
    float *scores = b->scores[i];
    for (int e = 0; e < ENTRIES; e += VF_WIDTH) {
        vf score = vf_load(scores + e);
        if (block->key_scales != NULL) score = vf_mul(score, vf_load(block->key_scales + e));
        vf_store(scores + e, vf_mul(score, scale));
    }
    for (int e = seen; e < ENTRIES; e++) scores[e] = -INFINITY;
    vf top = vf_load(scores);
    for (int e = VF_WIDTH; e < ENTRIES; e += VF_WIDTH) top = vf_max(top, vf_load(scores + e));
    const float greatest = vf_greatest(top);
    return greatest > b->maximum[i] ? greatest : b->maximum[i]; /* never NaN: the weights carry it */
}

/* Scores of the queries from `from` on become weights e^(score - maximum), times the scales of int8 values; maxima,
   sums and the factors for what was summed up before are brought up to date. */
static void weigh(batch *b, int from, const kv_block *block, int64_t first)
{
    const vf scale = vf_set(1.0f / sqrtf((float)b->attention->head_dim));
    float now[MOST_QUERIES] = {0};
    for (int i = from; i < b->queries; i++) {
        now[i] = scale_scores(b, i, block, seen_entries(b, i / b->heads, first), scale);
    }
    for (int i = from / VF_WIDTH * VF_WIDTH; i < b->queries; i += VF_WIDTH) {
        vf_store(b->factor + i, vf_exp(vf_sub(vf_load(b->maximum + i), vf_load(now + i))));
    }
    for (int i = from; i < b->queries; i++) {
        float *scores = b->scores[i];
        vf total = vf_set(0.0f);
        for (int e = 0; e < ENTRIES; e += VF_WIDTH) {
            vf weight = vf_exp(vf_sub(vf_load(scores + e), vf_set(now[i])));
            total = vf_add(total, weight);
            if (block->value_scales != NULL) weight = vf_mul(weight, vf_load(block->value_scales + e));
            vf_store(scores + e, weight);
        }
        vf_store(b->sum[i], vf_fma(vf_load(b->sum[i]), vf_set(b->factor[i]), total));
        b->maximum[i] = now[i];
    }
}

/* The values, for the rows from `from` on: whole rows at once, those that see a part of the block one by one. */
static void sum_values(batch *b, int from, const kv_block *block, int64_t first, bool widen)
{
    int whole = from;
    while (whole < b->rows && seen_entries(b, whole, first) < ENTRIES) whole++;
    for (int64_t d = 0; d < b->dims; d += SPAN) {
        const kv_span values =
            values_of(b->attention, block, b->first + d, least(SPAN, b->dims - d), widen, &b->scratch);
        float *out[MOST_QUERIES];
        for (int i = from * b->heads; i < b->queries; i++) out[i] = b->out[i] + d;
        for (int row = from, i = from * b->heads; row < whole; row++, i += b->heads) {
            add_values(b->heads, values, seen_entries(b, row, first), b->scores + i, b->factor + i, out + i);
        }
        const int i = whole * b->heads;
        add_values(b->queries - i, values, ENTRIES, b->scores + i, b->factor + i, out + i);
    }
}

/* The block that begins at entry `first`, for the rows from `from` on. */
static void add_block(batch *b, int from, int64_t first)
{
    const mor4j_attention *a = b->attention;
    const int i = from * b->heads, n = b->queries - i;
    const bool widen = n > TILE_QUERIES; /* else once in registers is enough */
    kv_block block;
    find_block(a, b->kv, b->kv_head, first, seen_entries(b, b->rows - 1, first), &b->scratch, &block);
    const bool more = first + AHEAD < b->kv[b->rows - 1].context;
    block.ahead = more ? block_at(a, b->kv->pages, a->base_layer, b->kv_head, first + AHEAD) : block.base;
    for (int64_t d = 0; d < a->head_dim; d += SPAN) {
        add_scores(n, keys_of(a, &block, d, least(SPAN, a->head_dim - d), widen, &b->scratch), b->q + i, b->scores + i);
    }
    weigh(b, i, &block, first);
    sum_values(b, from, &block, first, widen);
}

/* The segment that begins at entry `first`, for the rows that see of it; the first of those. */
static int add_segment(batch *b, int64_t first)
{
    const int64_t last = least(first + b->segment, b->kv[b->rows - 1].context);
    int from = 0;
    while (b->kv[from].context <= first) from++;
    for (int i = from * b->heads; i < b->queries; i++) {
        /* Not -inf: a first block of scores of -inf must leave 0, not e^(inf - inf). */
        b->maximum[i] = -FLT_MAX;
        vf_store(b->sum[i], vf_set(0.0f));
        memset(b->out[i], 0, (size_t)b->dims * sizeof(float));
    }
    for (int row = from; first < last; first += ENTRIES) {
        while (b->kv[row].context <= first) row++;
        add_block(b, row, first);
    }
    return from;
}

typedef struct softmax {
    float maximum, sum;
} softmax;

/* Brings a segment's sums onto those of the segments before it. */
static void merge(softmax *merged, float *out, softmax segment, const float *part, int64_t dims)
{
    const float top = segment.maximum > merged->maximum ? segment.maximum : merged->maximum;
    float before[VF_WIDTH], now[VF_WIDTH];
    vf_store(before, vf_exp(vf_set(merged->maximum - top)));
    vf_store(now, vf_exp(vf_set(segment.maximum - top)));
    *merged = (softmax){top, merged->sum * before[0] + segment.sum * now[0]};
    for (int64_t d = 0; d < dims; d++) out[d] = out[d] * before[0] + part[d] * now[0];
}

static void divide(float *out, float sum, int64_t dims)
{
    for (int64_t d = 0; d < dims; d++) out[d] /= sum;
}

/* All segments of a batch from row `row` and head `head` on, into out. */
static void attend(batch *b, int64_t row, int64_t head)
{
    const mor4j_attention *a = b->attention;
    float parts[OUT_FLOATS], *out[MOST_QUERIES];
    softmax merged[MOST_QUERIES];
    for (int i = 0; i < b->queries; i++) {
        b->out[i] = parts + i * b->dims;
        out[i] = a->out + ((row + i / b->heads) * a->heads + head + i % b->heads) * a->head_dim + b->first;
    }
    for (int64_t first = 0; first < b->kv[b->rows - 1].context; first += b->segment) {
        for (int i = add_segment(b, first) * b->heads; i < b->queries; i++) {
            const softmax segment = {b->maximum[i], vf_reduce(vf_load(b->sum[i]))};
            if (first == 0) {
                merged[i] = segment;
                memcpy(out[i], b->out[i], (size_t)b->dims * sizeof(float));
            } else {
                merge(&merged[i], out[i], segment, b->out[i], b->dims);
            }
        }
    }
    for (int i = 0; i < b->queries; i++) divide(out[i], merged[i].sum, b->dims);
}

void MOR4J_KERNEL(attention)(const mor4j_attention *a, mor4j_range rows, mor4j_range heads)
{
    const int64_t most = most_queries(a->head_dim);
    batch b;
    for (int64_t head = heads.first; head < heads.last; head += most) {
        const mor4j_range some = {head, least(head + most, heads.last)};
        for (int64_t row = rows.first; row < rows.last; row += b.rows) {
            make_batch(&b, a, row, rows_beside(a, row, rows.last, most / (some.last - some.first)), some);
            for (b.first = 0; b.first < a->head_dim; b.first += b.dims) {
                b.dims = least(OUT_FLOATS, a->head_dim - b.first);
                attend(&b, row, head);
            }
        }
    }
}

/* Of one segment: maximum, sum, out [DH] not yet divided by the sum. */
static float *segment_at(const mor4j_attention *a, int64_t row, int64_t head, int64_t segment)
{
    return a->segments + ((row * a->heads + head) * MOR4J_MOST_SEGMENTS + segment) * (2 + (int64_t)a->head_dim);
}

void MOR4J_KERNEL(attention_segment)(const mor4j_attention *a, int64_t row, mor4j_range heads, int64_t segment)
{
    const int64_t most = most_queries(a->head_dim);
    batch b;
    for (int64_t head = heads.first; head < heads.last; head += most) {
        make_batch(&b, a, row, 1, (mor4j_range){head, least(head + most, heads.last)});
        for (b.first = 0; b.first < a->head_dim; b.first += b.dims) {
            b.dims = least(OUT_FLOATS, a->head_dim - b.first);
            for (int i = 0; i < b.queries; i++) b.out[i] = segment_at(a, row, head + i, segment) + 2 + b.first;
            add_segment(&b, segment * b.segment);
        }
        for (int i = 0; i < b.queries; i++) {
            float *part = segment_at(a, row, head + i, segment);
            part[0] = b.maximum[i];
            part[1] = vf_reduce(vf_load(b.sum[i]));
        }
    }
}

void MOR4J_KERNEL(attention_merge)(const mor4j_attention *a, int64_t row, mor4j_range heads)
{
    const int64_t entries = mor4j_segment_entries(a->kv[row].context), dims = a->head_dim;
    const int64_t segments = (a->kv[row].context + entries - 1) / entries;
    for (int64_t head = heads.first; head < heads.last; head++) {
        float *out = a->out + (row * a->heads + head) * dims;
        const float *part = segment_at(a, row, head, 0);
        softmax merged = {part[0], part[1]};
        memcpy(out, part + 2, (size_t)dims * sizeof(float));
        for (int64_t i = 1; i < segments; i++) {
            part = segment_at(a, row, head, i);
            merge(&merged, out, (softmax){part[0], part[1]}, part + 2, dims);
        }
        divide(out, merged.sum, dims);
    }
}
