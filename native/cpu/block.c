/*
 * A pass of decoder layers (Llama) over `rows` rows of x [.., H]. The phases of a layer, each
 * shared out over the team:
 *
 *   norm | q k v | RoPE, store K V | attention | o + residual | norm | gate up silu | down + residual
 *
 * With panels a row is encoded for its product in the phase of its norm, or in one of its own before o and down.
 *
 * Source: docs/forward-pass.md, section 3; the Llama architecture as in Hugging Face's LlamaDecoderLayer.
 */
#include <string.h>

#include "attend.h"
#include "block.h"

typedef struct block_run {
    const mor4j_kernels *kernels;
    const mor4j_block_pass *pass;
    const mor4j_shape *shape;
    float *h, *normed, *encoded, *q, *k, *v, *attended, *segments, *gate, *up; /* parts of the workspace */
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

/* What products with `w` read: floats as they are for row-major weights, else what encode made of them. */
static mor4j_product product_of(const block_run *run, const float *x, const mor4j_matrix *w, float *y, bool add)
{
    const bool panels = mor4j_is_panels(w->dtype);
    return (mor4j_product){.x = panels ? run->encoded : x,
                           .x_stride =
                               panels ? mor4j_encoded_bytes(w->dtype, w->cols) : w->cols * (int64_t)sizeof(float),
                           .w = w,
                           .y = y,
                           .y_stride = w->rows,
                           .add = add};
}

/* Row i of x as products with `w` read it. */
static void encode_row(const block_run *run, const float *x, const mor4j_matrix *w, int64_t i)
{
    if (!mor4j_is_panels(w->dtype)) return;
    char *row = (char *)run->encoded + i * mor4j_encoded_bytes(w->dtype, w->cols);
    run->kernels->encode(x + i * w->cols, w->cols, w->dtype, row);
}

typedef struct encode_run {
    const block_run *block;
    const mor4j_matrix *norm; /* NULL: x is encoded as it is */
    const float *x;
    const mor4j_matrix *w;
} encode_run;

static void encode_rows(const void *arg, mor4j_range rows)
{
    const encode_run *encode = arg;
    const block_run *run = encode->block;
    const int64_t h = run->shape->hidden;
    for (int64_t i = rows.first; i < rows.last; i++) {
        if (encode->norm != NULL) {
            run->kernels->rmsnorm(run->h + i * h, encode->norm, run->shape->rms_eps, run->normed + i * h);
        }
        encode_row(run, encode->x, encode->w, i);
    }
}

/* One phase: the norm of h, for products with `w`. */
static void norm(const block_run *run, const mor4j_team *team, const mor4j_matrix *weight, const mor4j_matrix *w)
{
    const encode_run encode = {run, weight, run->normed, w};
    mor4j_team_for(team, run->pass->rows, 2 * mor4j_row_work(run->shape->hidden), true, encode_rows, &encode);
}

/* One phase or two: y (+)= w x. */
static void multiply(const block_run *run, const mor4j_team *team, const float *x, const mor4j_matrix *w, float *y,
                     bool add)
{
    if (mor4j_is_panels(w->dtype)) {
        const encode_run encode = {run, NULL, x, w};
        mor4j_team_for(team, run->pass->rows, mor4j_row_work(w->cols), true, encode_rows, &encode);
    }
    const mor4j_product product = product_of(run, x, w, y, add);
    mor4j_team_products(team, run->kernels, &product, 1, run->pass->rows);
}

/* Where a row's new key and value of KV head `head` go. */
static char *block_of(const block_run *run, const mor4j_layer *layer, const mor4j_kv_row *row, int64_t head)
{
    const mor4j_shape *shape = run->shape;
    const bool overlay = layer->kv_mode == MOR4J_KV_OVERLAY && row->overlay_pages != NULL;
    const int64_t blocks = shape->page_tokens / MOR4J_KV_BLOCK, in_page = row->slot % shape->page_tokens;
    const uint64_t page = (overlay ? row->overlay_pages : row->pages)[row->slot / shape->page_tokens];
    return (char *)(uintptr_t)page +
           mor4j_page_layer_bytes(shape) * (overlay ? layer->overlay_layer : layer->kv_layer) +
           (head * blocks + in_page / MOR4J_KV_BLOCK) * mor4j_kv_block_bytes(shape->kv_dtype, shape->head_dim);
}

/* Turns queries and keys, and stores keys and values. */
static void place_rows(const void *arg, mor4j_range rows)
{
    const layer_run *lr = arg;
    const block_run *run = lr->block;
    const mor4j_layer *layer = lr->layer;
    const mor4j_shape *shape = run->shape;
    const int64_t nh = shape->heads, nkv = layer->kv_mode == MOR4J_KV_READ ? 0 : shape->kv_heads, dh = shape->head_dim;
    for (int64_t i = rows.first; i < rows.last; i++) {
        const float *rope = run->pass->rope + i * dh;
        const mor4j_kv_row *row = &run->pass->kv[i];
        float *q = run->q + i * nh * dh, *k = run->k + i * nkv * dh, *v = run->v + i * nkv * dh;
        for (int64_t head = 0; head < nh; head++) run->kernels->rope(q + head * dh, rope, (int32_t)dh, q + head * dh);
        for (int64_t head = 0; head < nkv && row->slot >= 0; head++) {
            run->kernels->rope(k + head * dh, rope, (int32_t)dh, k + head * dh);
            run->kernels->store_kv(k + head * dh, v + head * dh, (int32_t)dh, shape->kv_dtype,
                                   (int32_t)(row->slot % MOR4J_KV_BLOCK), block_of(run, layer, row, head));
        }
    }
}

/* Two phases: queries, keys and values; keys and values into the cache. */
static void project(const block_run *run, const mor4j_team *team, const mor4j_layer *layer)
{
    const mor4j_shape *shape = run->shape;
    const layer_run lr = {run, layer};
    const mor4j_product products[3] = {product_of(run, run->normed, &layer->q, run->q, false),
                                       product_of(run, run->normed, &layer->k, run->k, false),
                                       product_of(run, run->normed, &layer->v, run->v, false)};
    mor4j_team_products(team, run->kernels, products, layer->kv_mode == MOR4J_KV_READ ? 1 : 3, run->pass->rows);
    const int64_t numbers = (int64_t)(shape->heads + 2 * shape->kv_heads) * shape->head_dim;
    mor4j_team_for(team, run->pass->rows, 2 * mor4j_row_work(numbers), true, place_rows, &lr);
}

static void attend(const block_run *run, const mor4j_team *team, const mor4j_layer *layer)
{
    const mor4j_shape *shape = run->shape;
    const int64_t layer_bytes = mor4j_page_layer_bytes(shape);
    const mor4j_attention attention = {.q = run->q,
                                       .out = run->attended,
                                       .segments = run->segments,
                                       .kv = run->pass->kv,
                                       .base_layer = layer->kv_layer * layer_bytes,
                                       .overlay_layer = layer->overlay_layer * layer_bytes,
                                       .heads = shape->heads,
                                       .kv_heads = shape->kv_heads,
                                       .head_dim = shape->head_dim,
                                       .page_tokens = shape->page_tokens,
                                       .kv_dtype = shape->kv_dtype,
                                       .overlay = layer->kv_mode == MOR4J_KV_OVERLAY};
    mor4j_attend(team, run->kernels, &attention, run->pass->rows, run->entries);
}

static void gate_up(const void *arg, mor4j_range rows, mor4j_range outs)
{
    const layer_run *lr = arg;
    const block_run *run = lr->block;
    const int64_t f = run->shape->intermediate;
    const mor4j_product gate = product_of(run, run->normed, &lr->layer->gate, run->gate, false);
    const mor4j_product up = product_of(run, run->normed, &lr->layer->up, run->up, false);
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
    const layer_run lr = {run, layer};
    const int32_t dtype = layer->gate.dtype;
    norm(run, team, &layer->input_norm, &layer->q);
    project(run, team, layer);
    attend(run, team, layer);
    multiply(run, team, run->attended, &layer->o, run->h, true);
    norm(run, team, &layer->post_norm, &layer->gate);
    mor4j_team_split(team, run->pass->rows, shape->intermediate, mor4j_split_unit(dtype), mor4j_split_block(dtype),
                     2 * (int64_t)shape->hidden, gate_up, &lr);
    multiply(run, team, run->gate, &layer->down, run->h, true);
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
    if (context == NULL || pass == NULL || pass->shape == NULL || pass->rows < 0 ||
        !mor4j_shape_is_valid(pass->shape)) {
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
                           .encoded = w + plan.encoded,
                           .q = w + plan.q,
                           .k = w + plan.k,
                           .v = w + plan.v,
                           .attended = w + plan.attended,
                           .segments = w + plan.segments,
                           .gate = w + plan.gate,
                           .up = w + plan.up,
                           .entries = entries};
    /* The largest phase of a layer, for one row. */
    const int64_t phase = 2 * (int64_t)shape->hidden * shape->intermediate;
    mor4j_team_run(&context->pool, run_block, &run, phase >= MOR4J_SPLIT_WORK ? phase : phase * pass->rows);
    return MOR4J_OK;
}
