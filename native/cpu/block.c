/*
 * A pass of decoder layers (Llama) over `rows` rows of x [.., H]. The phases of a layer, each
 * shared out over the team:
 *
 *   norm | q k v, RoPE, store K V | attention | o + residual | norm | gate up silu | down + residual
 *
 * Source: the Llama architecture as in Hugging Face's LlamaDecoderLayer.
 */
#include <string.h>

#include "block.h"

#define ROWS_BESIDE 8 /* rows whose attention walks the cache together */

typedef struct block_run {
    const mor4j_kernels *kernels;
    const mor4j_block_pass *pass;
    const mor4j_shape *shape;
    float *h, *normed, *q, *k, *v, *attended, *softmax, *gate, *up; /* parts of the workspace */
    int64_t entries; /* of the cache: what each row sees, summed */
} block_run;

typedef struct layer_run {
    const block_run *block;
    const mor4j_layer *layer;
} layer_run;

static void gather_rows(const void *arg, mor4j_range rows)
{
    const block_run *run = arg;
    const int64_t h = run->shape->hidden;
    for (int64_t i = rows.first; i < rows.last; i++) {
        memcpy(run->h + i * h, run->pass->x + mor4j_row(run->pass->row_index, i) * h, (size_t)h * sizeof(float));
    }
}

typedef struct norm_run {
    const block_run *block;
    const mor4j_matrix *weight;
} norm_run;

static void norm_rows(const void *arg, mor4j_range rows)
{
    const norm_run *norm = arg;
    const block_run *run = norm->block;
    const int64_t h = run->shape->hidden;
    for (int64_t i = rows.first; i < rows.last; i++) {
        run->kernels->rmsnorm(run->h + i * h, norm->weight, run->shape->rms_eps, run->normed + i * h);
    }
}

static void norm(const block_run *run, const mor4j_team *team, const mor4j_matrix *weight)
{
    const norm_run norm = {run, weight};
    mor4j_team_for(team, run->pass->rows, 2 * mor4j_row_work(run->shape->hidden), true, norm_rows, &norm);
}

/* The place of a row's new key of KV head 0 in its page; the values follow after page_tokens * NKV keys. */
static float *key_place(const block_run *run, const mor4j_layer *layer, const mor4j_kv_row *row)
{
    const mor4j_shape *shape = run->shape;
    const bool overlay = layer->kv_mode == MOR4J_KV_OVERLAY;
    const int64_t part = (int64_t)shape->kv_heads * shape->page_tokens * shape->head_dim;
    const uint64_t page = (overlay ? row->overlay_pages : row->pages)[row->slot / shape->page_tokens];
    return (float *)(uintptr_t)page + 2 * part * (overlay ? layer->overlay_layer : layer->kv_layer) +
           row->slot % shape->page_tokens * shape->head_dim;
}

/* Rows by heads of q, k and v in that order: the product, RoPE, and keys and values into the cache. */
static void project_heads(const void *arg, mor4j_range rows, mor4j_range heads)
{
    const layer_run *lr = arg;
    const block_run *run = lr->block;
    const mor4j_layer *layer = lr->layer;
    const int64_t nh = run->shape->heads, nkv = run->shape->kv_heads, dh = run->shape->head_dim;
    const int64_t head_floats = dh * run->shape->page_tokens;
    const mor4j_range parts[3] = {{0, nh}, {nh, nh + nkv}, {nh + nkv, nh + 2 * nkv}};
    const mor4j_product products[3] = {{run->normed, &layer->q, run->q, nh * dh, false},
                                       {run->normed, &layer->k, run->k, nkv * dh, false},
                                       {run->normed, &layer->v, run->v, nkv * dh, false}};
    for (int p = 0; p < 3; p++) {
        const int64_t first = (heads.first > parts[p].first ? heads.first : parts[p].first) - parts[p].first;
        const int64_t last = (heads.last < parts[p].last ? heads.last : parts[p].last) - parts[p].first;
        if (first >= last) continue;
        run->kernels->matmul(&products[p], rows, (mor4j_range){first * dh, last * dh});
        for (int64_t i = rows.first; i < rows.last; i++) {
            float *y = products[p].y + i * products[p].y_stride;
            const float *rope = run->pass->rope + i * dh;
            float *keys = p > 0 ? key_place(run, layer, &run->pass->kv[i]) : NULL;
            for (int64_t head = first; head < last; head++) {
                if (p == 0) {
                    run->kernels->rope(y + head * dh, rope, (int32_t)dh, y + head * dh);
                } else if (p == 1) {
                    run->kernels->rope(y + head * dh, rope, (int32_t)dh, keys + head * head_floats);
                } else {
                    memcpy(keys + (nkv + head) * head_floats, y + head * dh, (size_t)dh * sizeof(float));
                }
            }
        }
    }
}

typedef struct attend_run {
    mor4j_attention attention;
    void (*kernel)(const mor4j_attention *attention, mor4j_range rows, mor4j_range heads);
    int64_t rows, beside;       /* how many; how many of them walk the cache together */
    int64_t head_groups, group; /* how many; heads of one                             */
} attend_run;

static void attend_groups(const void *arg, mor4j_range items)
{
    const attend_run *run = arg;
    const int64_t row_groups = (run->rows + run->beside - 1) / run->beside;
    for (int64_t i = items.first; i < items.last; i++) {
        /* The last rows of a prompt see most: deal them out first. */
        const int64_t row = (row_groups - 1 - i / run->head_groups) * run->beside, head = i % run->head_groups * run->group;
        const mor4j_range share = {row, row + run->beside < run->rows ? row + run->beside : run->rows};
        run->kernel(&run->attention, share, (mor4j_range){head, head + run->group});
    }
}

static void attend(const block_run *run, const mor4j_team *team, const mor4j_layer *layer)
{
    const mor4j_shape *shape = run->shape;
    const int64_t layer_floats = 2 * (int64_t)shape->kv_heads * shape->page_tokens * shape->head_dim;
    const mor4j_attention attention = {.q = run->q,
                                       .out = run->attended,
                                       .softmax = run->softmax,
                                       .kv = run->pass->kv,
                                       .base_layer = layer->kv_layer * layer_floats,
                                       .overlay_layer = layer->overlay_layer * layer_floats,
                                       .heads = shape->heads,
                                       .kv_heads = shape->kv_heads,
                                       .head_dim = shape->head_dim,
                                       .page_tokens = shape->page_tokens,
                                       .overlay = layer->kv_mode == MOR4J_KV_OVERLAY};
    /* By KV heads, whose query heads read the same keys; by query heads when there would not be enough for the team. */
    const int64_t rows = run->pass->rows;
    const int64_t beside = rows >= (int64_t)ROWS_BESIDE * team->size ? ROWS_BESIDE : 1;
    const int64_t row_groups = (rows + beside - 1) / beside;
    const bool by_kv_head = team->size == 1 || row_groups * shape->kv_heads >= 4 * (int64_t)team->size;
    const int64_t head_groups = by_kv_head ? shape->kv_heads : shape->heads;
    const int64_t group = shape->heads / head_groups;
    const attend_run groups = {attention, run->kernels->attention, rows, beside, head_groups, group};
    mor4j_team_for(team, row_groups * head_groups, run->entries / row_groups * 2 * group * shape->head_dim, false, attend_groups,
                   &groups);
}

static void gate_up(const void *arg, mor4j_range rows, mor4j_range outs)
{
    const layer_run *lr = arg;
    const block_run *run = lr->block;
    const int64_t f = run->shape->intermediate;
    const mor4j_product gate = {run->normed, &lr->layer->gate, run->gate, f, false};
    const mor4j_product up = {run->normed, &lr->layer->up, run->up, f, false};
    run->kernels->matmul(&gate, rows, outs);
    run->kernels->matmul(&up, rows, outs);
    for (int64_t i = rows.first; i < rows.last; i++) {
        const int64_t at = i * f + outs.first;
        run->kernels->silu_multiply(run->gate + at, run->up + at, outs.last - outs.first);
    }
}

static void run_layer(const block_run *run, const mor4j_team *team, const mor4j_layer *layer)
{
    const mor4j_shape *shape = run->shape;
    const int64_t rows = run->pass->rows;
    const layer_run lr = {run, layer};
    const int64_t kv_heads = layer->kv_mode == MOR4J_KV_READ ? 0 : shape->kv_heads;
    const int64_t head_work = (int64_t)shape->hidden * shape->head_dim;
    norm(run, team, &layer->input_norm);
    mor4j_team_split(team, rows, shape->heads + 2 * kv_heads, 1, 1, head_work, project_heads, &lr);
    attend(run, team, layer);
    const mor4j_product o = {run->attended, &layer->o, run->h, shape->hidden, true};
    mor4j_team_matmul(team, run->kernels, &o, rows);
    norm(run, team, &layer->post_norm);
    mor4j_team_split(team, rows, shape->intermediate, 24, 48, 2 * (int64_t)shape->hidden, gate_up, &lr);
    const mor4j_product down = {run->gate, &layer->down, run->h, shape->hidden, true};
    mor4j_team_matmul(team, run->kernels, &down, rows);
}

static void combine_rows(const void *arg, mor4j_range rows)
{
    const block_run *run = arg;
    const mor4j_block_pass *pass = run->pass;
    const int64_t h = run->shape->hidden;
    for (int64_t i = rows.first; i < rows.last; i++) {
        float *x = pass->x + mor4j_row(pass->row_index, i) * h;
        const float gate = pass->gates == NULL ? 1.0f : pass->gates[i];
        if (pass->combine == MOR4J_REPLACE) {
            memcpy(x, run->h + i * h, (size_t)h * sizeof(float));
        } else if (gate != 0.0f) {
            run->kernels->add_scaled(x, run->h + i * h, gate, h);
        }
    }
}

static void run_block(const void *arg, const mor4j_team *team)
{
    const block_run *run = arg;
    const int64_t row_work = mor4j_row_work(run->shape->hidden);
    mor4j_team_for(team, run->pass->rows, row_work, true, gather_rows, run);
    for (int32_t i = 0; i < run->pass->layer_count; i++) run_layer(run, team, &run->pass->layers[i]);
    mor4j_team_for(team, run->pass->rows, row_work, true, combine_rows, run);
}

int32_t mor4j_run_block(mor4j_context *context, const mor4j_block_pass *pass)
{
    if (context == NULL || pass == NULL || pass->shape == NULL || pass->rows < 0 || !mor4j_shape_is_valid(pass->shape)) {
        return MOR4J_INVALID_ARGUMENT;
    }
    if (pass->rows == 0) return MOR4J_OK;
    const int32_t status = mor4j_check_block(pass);
    if (status != MOR4J_OK) return status;
    const mor4j_shape *shape = pass->shape;
    const mor4j_block_plan plan = mor4j_plan_block(shape, pass->rows);
    float *w = pass->workspace;
    int64_t entries = 0;
    for (int32_t i = 0; i < pass->rows; i++) entries += pass->kv[i].context;
    const block_run run = {.kernels = context->kernels,
                           .pass = pass,
                           .shape = shape,
                           .h = w + plan.h,
                           .normed = w + plan.normed,
                           .q = w + plan.q,
                           .k = w + plan.k,
                           .v = w + plan.v,
                           .attended = w + plan.attended,
                           .softmax = w + plan.softmax,
                           .gate = w + plan.gate,
                           .up = w + plan.up,
                           .entries = entries};
    /* The largest phase of a layer, for one row. */
    const int64_t phase = 2 * (int64_t)shape->hidden * shape->intermediate;
    mor4j_pool_run(&context->pool, run_block, &run, phase >= MOR4J_SPLIT_WORK ? phase : phase * pass->rows);
    return MOR4J_OK;
}
