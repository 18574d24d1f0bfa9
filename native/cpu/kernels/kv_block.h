/*
 * Where the keys and values of a block of 32 entries lie, and how products get at them: as they are stored, or
 * assembled where entries come from an overlay, or widened to float32 where many queries want them. Part of
 * attention.c.
 *
 * Dimensions go by SPAN, so that what is assembled or widened has a fixed size; a head is seldom wider than one.
 */
#ifndef MOR4J_KV_BLOCK_H
#define MOR4J_KV_BLOCK_H

#include "isa/kv.h"
#include "kernels.h"

#define ENTRIES MOR4J_KV_BLOCK
#define SPAN 256 /* dimensions */

typedef struct kv_scratch {
    _Alignas(64) char assembled[SPAN * ENTRIES * sizeof(float)];
    _Alignas(64) float widened[SPAN * ENTRIES];
    float key_scales[ENTRIES], value_scales[ENTRIES]; /* assembled */
} kv_scratch;

/* Some dimensions of a block's keys [dims][32] (bfloat16 [dims/2][32][2]) or values [32][stride]. */
typedef struct kv_span {
    const char *data;
    int64_t first, dims;
    int64_t stride; /* numbers from one entry's values to the next's */
    int32_t dtype;
    const char *ahead; /* the same numbers of the block that will be used next but one; a hint, and never read */
} kv_span;

typedef struct kv_block {
    const char *base, *ahead;     /* ahead: the block that will be used next but one, or base */
    const char *overlay[ENTRIES]; /* the block an entry is found in instead, or NULL; up to `count` and if `mixed` */
    int place[ENTRIES];           /* its place in there                                                           */
    int count;
    bool mixed;
    const float *key_scales, *value_scales; /* int8, else NULL */
} kv_block;

MOR4J_INLINE int64_t number_bytes(int32_t kv_dtype)
{
    return kv_dtype == MOR4J_KV_F32 ? 4 : kv_dtype == MOR4J_KV_BF16 ? 2 : 1;
}

/* The block that holds entry `e` of a page table. */
static const char *block_at(const mor4j_attention *a, const uint64_t *pages, int64_t layer, int64_t kv_head, int64_t e)
{
    const int64_t blocks = a->page_tokens / ENTRIES;
    const char *page = (const char *)(uintptr_t)pages[e / a->page_tokens];
    return page + layer +
           (kv_head * blocks + e % a->page_tokens / ENTRIES) * mor4j_kv_block_bytes(a->kv_dtype, a->head_dim);
}

/*
 * Blocks of a head lie far apart, where the hardware looks for nothing: the next but one is asked for while this one is
 * used, a line here and a line there, for a burst of requests would make the core wait as long as the memory does.
 * Inlined by force: compilers take a function of hints for one that does nothing, and leave its calls out.
 */
MOR4J_INLINE void ask_for(const char *data, int64_t bytes)
{
    for (int64_t line = 0; line < bytes; line += 64) {
        __builtin_prefetch((const void *)((uintptr_t)data + (uintptr_t)line), 0, 2);
    }
}

/* Values and scales begin at these bytes of a block. */
static int64_t values_at(const mor4j_attention *a) { return mor4j_kv_block_bytes(a->kv_dtype, a->head_dim) / 2; }

static const float *scales_at(const mor4j_attention *a, const char *block, bool values)
{
    return (const float *)(const void *)(block + (values ? values_at(a) : 0) + ENTRIES * a->head_dim);
}

/* The first `count` of the block that begins at entry `first`, as a row sees them. */
static void find_block(const mor4j_attention *a, const mor4j_kv_row *row, int64_t kv_head, int64_t first, int count,
                       kv_scratch *scratch, kv_block *block)
{
    block->base = block_at(a, row->pages, a->base_layer, kv_head, first);
    block->count = count;
    block->mixed = false;
    block->key_scales = block->value_scales = NULL;
    const bool overlay = a->overlay && row->overlay_slots != NULL;
    for (int e = 0; overlay && e < count; e++) block->mixed |= row->overlay_slots[first + e] >= 0;
    for (int e = 0; block->mixed && e < count; e++) {
        const int32_t slot = row->overlay_slots[first + e];
        block->overlay[e] = slot < 0 ? NULL : block_at(a, row->overlay_pages, a->overlay_layer, kv_head, slot);
        block->place[e] = slot % ENTRIES;
    }
    if (a->kv_dtype != MOR4J_KV_INT8) return;
    block->key_scales = scales_at(a, block->base, false);
    block->value_scales = scales_at(a, block->base, true);
    if (!block->mixed) return;
    memcpy(scratch->key_scales, block->key_scales, sizeof scratch->key_scales);
    memcpy(scratch->value_scales, block->value_scales, sizeof scratch->value_scales);
    for (int e = 0; e < count; e++) {
        if (block->overlay[e] == NULL) continue;
        scratch->key_scales[e] = scales_at(a, block->overlay[e], false)[block->place[e]];
        scratch->value_scales[e] = scales_at(a, block->overlay[e], true)[block->place[e]];
    }
    block->key_scales = scratch->key_scales;
    block->value_scales = scratch->value_scales;
}

/* Column `from` of [rows][32] units of `unit` bytes into column `to`. */
MOR4J_INLINE void copy_column(char *to, const char *from, int64_t rows, size_t unit)
{
    for (int64_t i = 0; i < rows; i++) {
        memcpy(to + i * ENTRIES * (int64_t)unit, from + i * ENTRIES * (int64_t)unit, unit);
    }
}

static const char *assemble_keys(const kv_block *block, int32_t dtype, int64_t first, int64_t dims, char *to)
{
    const int64_t row = ENTRIES * number_bytes(dtype);
    memcpy(to, block->base + first * row, (size_t)(dims * row));
    for (int e = 0; e < block->count; e++) {
        if (block->overlay[e] == NULL) continue;
        const char *from = block->overlay[e] + first * row;
        if (dtype == MOR4J_KV_INT8) {
            copy_column(to + e, from + block->place[e], dims, 1);
        } else {
            copy_column(to + 4 * e, from + 4 * block->place[e], dtype == MOR4J_KV_F32 ? dims : dims / 2, 4);
        }
    }
    return to;
}

static const char *assemble_values(const mor4j_attention *a, const kv_block *block, int64_t first, int64_t dims,
                                   char *to)
{
    const int64_t bytes = number_bytes(a->kv_dtype), row = a->head_dim * bytes, values = values_at(a) + first * bytes;
    for (int e = 0; e < block->count; e++) {
        const char *from =
            block->overlay[e] == NULL ? block->base + e * row : block->overlay[e] + block->place[e] * row;
        memcpy(to + e * dims * bytes, from + values, (size_t)(dims * bytes));
    }
    return to;
}

MOR4J_INLINE vf load_numbers(const char *data, int64_t i, int32_t dtype)
{
    if (dtype == MOR4J_KV_F32) return vf_load((const float *)(const void *)data + i);
    return dtype == MOR4J_KV_BF16 ? vf_load_bf16(data + 2 * i) : vf_load_int8(data + i);
}

MOR4J_INLINE vf load_numbers_n(const char *data, int64_t i, int n, int32_t dtype)
{
    if (dtype == MOR4J_KV_F32) return vf_load_n((const float *)(const void *)data + i, n);
    return dtype == MOR4J_KV_BF16 ? vf_load_bf16_n(data + 2 * i, n) : vf_load_int8_n(data + i, n);
}

static void widen_keys(const char *keys, int32_t dtype, int64_t dims, float *to)
{
    if (dtype == MOR4J_KV_INT8) {
        for (int64_t i = 0; i < dims * ENTRIES; i += VF_WIDTH) vf_store(to + i, vf_load_int8(keys + i));
        return;
    }
    for (int64_t d = 0; d < dims; d += 2) {
        for (int e = 0; e < ENTRIES; e += VF_WIDTH) {
            const char *pairs = keys + 2 * (d * ENTRIES + 2 * e);
            vf_store(to + d * ENTRIES + e, vf_load_even(pairs));
            vf_store(to + (d + 1) * ENTRIES + e, vf_load_odd(pairs));
        }
    }
}

MOR4J_INLINE void widen_values_of(const char *values, int64_t stride, int count, int64_t dims, float *to, int32_t dtype)
{
    for (int64_t e = 0; e < count; e++) {
        int64_t d = 0;
        for (; d + VF_WIDTH <= dims; d += VF_WIDTH) {
            vf_store(to + e * dims + d, load_numbers(values, e * stride + d, dtype));
        }
        const int n = (int)(dims - d);
        if (n > 0) vf_store_n(to + e * dims + d, load_numbers_n(values, e * stride + d, n, dtype), n);
    }
}

/* The keys of dimensions first .. first + dims; dims at most SPAN, both even. */
static kv_span keys_of(const mor4j_attention *a, const kv_block *block, int64_t first, int64_t dims, bool widen,
                       kv_scratch *scratch)
{
    const int64_t at = first * ENTRIES * number_bytes(a->kv_dtype);
    kv_span keys = {block->base + at, first, dims, 0, a->kv_dtype, block->ahead + at};
    if (block->mixed) keys.data = assemble_keys(block, a->kv_dtype, first, dims, scratch->assembled);
    if (!widen || keys.dtype == MOR4J_KV_F32) return keys;
    widen_keys(keys.data, keys.dtype, dims, scratch->widened);
    ask_for(keys.ahead, dims * ENTRIES * number_bytes(a->kv_dtype));
    const char *widened = (const char *)scratch->widened;
    return (kv_span){widened, first, dims, 0, MOR4J_KV_F32, widened};
}

/* The values of dimensions first .. first + dims. */
static kv_span values_of(const mor4j_attention *a, const kv_block *block, int64_t first, int64_t dims, bool widen,
                         kv_scratch *scratch)
{
    const int64_t at = values_at(a) + first * number_bytes(a->kv_dtype);
    kv_span values = {block->base + at, first, dims, a->head_dim, a->kv_dtype, block->ahead + at};
    if (block->mixed) {
        values.data = assemble_values(a, block, first, dims, scratch->assembled);
        values.stride = dims;
    }
    if (!widen || values.dtype == MOR4J_KV_F32) return values;
    if (values.dtype == MOR4J_KV_BF16) {
        widen_values_of(values.data, values.stride, block->count, dims, scratch->widened, MOR4J_KV_BF16);
    } else {
        widen_values_of(values.data, values.stride, block->count, dims, scratch->widened, MOR4J_KV_INT8);
    }
    ask_for(values.ahead, ENTRIES * a->head_dim * number_bytes(a->kv_dtype));
    const char *widened = (const char *)scratch->widened;
    return (kv_span){widened, first, dims, dims, MOR4J_KV_F32, widened};
}

#endif
